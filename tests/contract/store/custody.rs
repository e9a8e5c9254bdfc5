//! What the sweep stands on: the environment's binding, identifiers that were on record, the book of reapings.

use weir::store::{Binding, Reaping, Store, StoreError};
use weir_core::ids::NodeId;
use weir_core::units::UtcMs;

use super::fixtures;

fn binding(account: &str) -> Binding {
    Binding {
        store: "here".to_owned(),
        account: account.to_owned(),
    }
}

fn reaping(instance: &str, ordered_at: u64) -> Reaping {
    Reaping {
        node: NodeId::from(format!("node-{instance}")),
        instance: instance.into(),
        region: "ap-northeast-1".into(),
        zone: "ap-northeast-1c".into(),
        by: "manager one".to_owned(),
        why: "ümläute 'and' quotes".to_owned(),
        found_at: UtcMs(1),
        ordered_at: UtcMs(ordered_at),
        accepted_at: None,
    }
}

pub async fn binding_is_replaced_by_who_knows_it(store: &dyn Store) {
    assert_eq!(store.binding().await.unwrap(), None);
    let (first, second) = (binding("first"), binding("second"));
    store.bind(&first, None, &[]).await.unwrap();
    assert_eq!(store.binding().await.unwrap().as_ref(), Some(&first));
    for outdated in [None, Some(&second)] {
        let refused = store.bind(&second, outdated, &["node-x".into()]).await;
        assert!(
            matches!(refused, Err(StoreError::Conflict { .. })),
            "{refused:?}"
        );
    }
    assert_eq!(store.binding().await.unwrap().as_ref(), Some(&first));
    let known = store.once_on_record(&["node-x".into()]).await.unwrap();
    assert!(known.is_empty(), "a refused binding changes nothing");
    store.bind(&second, Some(&first), &[]).await.unwrap();
    assert_eq!(store.binding().await.unwrap(), Some(second));
}

pub async fn removed_node_is_remembered_by_its_identifier(store: &dyn Store) {
    let (group, fence) = fixtures::with_group(store).await;
    let (one, two) = (fixtures::node(1, "node-a-1"), fixtures::node(2, "node-a-2"));
    let plan = fixtures::nodes(&[&one, &two]);
    store.save_plan(group.id, fence, &plan).await.unwrap();
    let asked: Vec<NodeId> = ["node-a-1", "node-a-2", "node-a-11", "node-a-"]
        .map(NodeId::from)
        .into();
    assert!(store.once_on_record(&asked).await.unwrap().is_empty());
    for _ in 0..2 {
        let plan = fixtures::gone(&one.id);
        store.save_plan(group.id, fence, &plan).await.unwrap();
    }
    let known = store.once_on_record(&asked).await.unwrap();
    assert_eq!(known, [one.id].into());
}

pub async fn identifiers_taken_for_ours_count_as_on_record_once(store: &dyn Store) {
    let ours: Vec<NodeId> = vec!["node-a-1".into(), "node-a-2".into()];
    store.bind(&binding("a"), None, &ours).await.unwrap();
    store
        .bind(&binding("b"), Some(&binding("a")), &ours)
        .await
        .unwrap();
    let known = store.once_on_record(&ours).await.unwrap();
    assert_eq!(known, ours.into_iter().collect());
}

pub async fn reapings_are_read_newest_first_and_replaced_by_instance(store: &dyn Store) {
    let (first, second) = (reaping("i-1", 10), reaping("i-2", 20));
    for reaping in [&first, &second] {
        store.record_reaping(reaping).await.unwrap();
    }
    let done = Reaping {
        accepted_at: Some(UtcMs(30)),
        ..first
    };
    store.record_reaping(&done).await.unwrap();
    let all = store.reapings(10).await.unwrap();
    assert_eq!(all, [second.clone(), done]);
    assert_eq!(store.reapings(1).await.unwrap(), [second]);
}

pub async fn place_is_the_same_each_time(store: &dyn Store) {
    let place = store.place().await.unwrap();
    assert!(!place.is_empty());
    fixtures::with_group(store).await;
    assert_eq!(store.place().await.unwrap(), place);
}
