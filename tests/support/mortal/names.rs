//! Names of steps: what is written or asked, in words that are the same in every run.

use weir::store::GroupWrite;
use weir_core::node::Node;

/// A node by its role and number.
pub(super) fn node(node: &Node) -> String {
    format!("{} {}", node.role, node.no.0)
}

/// A plan by the nodes and the group in it; one that has none by what else it holds.
pub(super) fn plan(write: &GroupWrite<'_>) -> String {
    let mut parts = Vec::new();
    if let Some(group) = write.group {
        parts.push(format!("group {:?}", group.state));
    }
    for changed in &write.nodes {
        let leaves = if changed.drain.is_some() {
            " draining"
        } else {
            ""
        };
        let state = changed.state.as_str();
        parts.push(format!("{} {state}{leaves}", node(changed)));
    }
    if !write.gone.is_empty() {
        parts.push(format!("{} gone", write.gone.len()));
    }
    if parts.is_empty() {
        parts.push("only a decision".to_owned());
    }
    parts.join(", ")
}
