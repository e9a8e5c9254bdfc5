//! Groups: their numbers, their documents, their end.

use weir::store::{DocumentKind, Fence, Store, StoreError};
use weir_core::ids::{GroupId, NodeId};

use super::fixtures::{gone, group, node, nodes, stored, with_group};

pub async fn group_gets_a_number_that_is_never_used_again(store: &dyn Store) {
    let (first, fence) = with_group(store).await;
    assert_eq!((first.id, first.version), (GroupId(1), 1));
    let twin = store.create_group(&group("group-one")).await;
    assert!(matches!(twin, Err(StoreError::Exists { name, .. }) if name == "group-one"));
    store.delete_group(first.id, fence).await.unwrap();
    assert!(store.groups().await.unwrap().is_empty());
    let next = store.create_group(&group("group-one")).await.unwrap();
    assert!(next.id > first.id);
    assert_eq!(stored(store, next.id).await.group, next);
}

pub async fn group_without_its_documents_is_refused(store: &dyn Store) {
    let (_, _) = with_group(store).await;
    let mut no_limits = group("group-two");
    no_limits.limits = "absent".into();
    let mut no_launch = group("group-two");
    no_launch.launch_config = "absent".into();
    for orphan in [no_limits, no_launch] {
        let refused = store.create_group(&orphan).await;
        assert!(matches!(refused, Err(StoreError::Conflict { .. })));
    }
    assert_eq!(store.groups().await.unwrap().len(), 1);
    assert_eq!(
        store.document_names(DocumentKind::Limits).await.unwrap(),
        ["scale1"]
    );
}

pub async fn group_with_a_node_cannot_be_deleted(store: &dyn Store) {
    let (group, fence) = with_group(store).await;
    let node = node(1, "node-1");
    store
        .save_plan(group.id, fence, &nodes(&[&node]))
        .await
        .unwrap();
    let refused = store.delete_group(group.id, fence).await;
    assert!(matches!(refused, Err(StoreError::Conflict { .. })));
    let id = NodeId::from("node-1");
    store.save_plan(group.id, fence, &gone(&id)).await.unwrap();
    store.delete_group(group.id, fence).await.unwrap();
    let again = store.delete_group(group.id, fence).await;
    assert!(matches!(again, Err(StoreError::Conflict { .. })));
}

pub async fn deleting_needs_the_newest_fence(store: &dyn Store) {
    let (group, old) = with_group(store).await;
    let new = store.take_group(group.id, "other").await.unwrap();
    assert!(new > old);
    for stale in [old, Fence(new.0 + 1)] {
        let refused = store.delete_group(group.id, stale).await;
        assert!(matches!(refused, Err(StoreError::Conflict { .. })));
    }
    store.delete_group(group.id, new).await.unwrap();
    let absent = store.take_group(group.id, "other").await;
    assert!(matches!(absent, Err(StoreError::Conflict { .. })));
}

pub async fn environment_is_the_same_each_time(store: &dyn Store) {
    store.ping().await.unwrap();
    let id = store.environment().await.unwrap();
    assert!(id.len() >= 32, "{id} is long enough to be unique");
    assert_eq!(store.environment().await.unwrap(), id);
}
