//! What is shipped was built from what is written.

use weir_policy_build::manifest::disagreements;
use weir_policy_build::workspace;

#[test]
fn the_shipped_components_belong_to_the_sources() {
    let found = disagreements(&workspace()).expect("policies/dist can be read");
    assert!(found.is_empty(), "{}", found.join("\n"));
}
