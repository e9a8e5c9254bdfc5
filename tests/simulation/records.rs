//! As little as a store needs to keep decisions: a group with its two documents, and the right to write it.

#![expect(clippy::unwrap_used, reason = "a failed step is a failed test")]

use weir::store::{Document, Fence, Store};
use weir_core::group::{
    Group, GroupState, LaunchDocument, LimitsDocument, OwnBindings, StatedBindings,
};
use weir_core::ids::GroupId;
use weir_core::units::UtcMs;

const NAME: &str = "replayed";

/// Stores them.
pub async fn group_in(store: &dyn Store) -> (Group, Fence) {
    let text = String::new;
    let limits = LimitsDocument {
        name: NAME.to_owned(),
        description: text(),
        kind: text(),
        version: text(),
        flat: false,
        regions: Vec::new(),
        bindings: StatedBindings::default(),
    };
    let launch = LaunchDocument {
        name: NAME.to_owned(),
        description: text(),
        image: text(),
        version: text(),
        targets: Vec::new(),
        properties: Vec::new(),
        tags: Vec::new(),
    };
    let group = Group {
        id: GroupId(0),
        name: NAME.into(),
        regions: vec!["region-1".into()],
        launch_config: NAME.to_owned(),
        limits: NAME.to_owned(),
        state: GroupState::Active,
        created_at: UtcMs(0),
        bindings: OwnBindings::default(),
        next_no: 1,
        version: 0,
    };
    for document in [Document::Limits(limits), Document::Launch(launch)] {
        store.create_document(&document).await.unwrap();
    }
    let group = store.create_group(&group).await.unwrap();
    let fence = store.take_group(group.id, "test").await.unwrap();
    (group, fence)
}
