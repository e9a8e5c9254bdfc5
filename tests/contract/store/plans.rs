//! Plans: whole or not at all, by the holder of the group only.

use futures_util::future::join_all;
use weir::store::{DecisionFilter, GroupWrite, PolicyState, Store, StoreError, StoredDecision};
use weir_core::group::GroupState;
use weir_core::ids::{GroupId, NodeId};
use weir_core::node::NodeState;

use super::fixtures::{decision, gone, group, node, nodes, stored, with_group};

fn is_conflict(done: &Result<(), StoreError>) -> bool {
    matches!(done, Err(StoreError::Conflict { .. }))
}

pub async fn plan_is_read_back_whole(store: &dyn Store) {
    let (mut group, fence) = with_group(store).await;
    let (second, mut first) = (node(2, "node-2"), node(1, "node-1"));
    let plan = nodes(&[&second, &first]);
    store.save_plan(group.id, fence, &plan).await.unwrap();

    group.state = GroupState::Active;
    group.next_no = 3;
    group.version = 2;
    first.state = NodeState::InService;
    first.version = 2;
    let third = node(3, "node-3");
    let state = PolicyState {
        policy: "threshold".into(),
        blob: vec![0, 255, 10, 0],
    };
    let decision = decision(7);
    let plan = GroupWrite {
        group: Some(&group),
        nodes: vec![&first, &third],
        gone: vec![&second.id],
        policy_state: Some(&state),
        decision: Some(&decision),
    };
    store.save_plan(group.id, fence, &plan).await.unwrap();

    let read = stored(store, group.id).await;
    assert_eq!(read.group, group);
    assert_eq!(read.nodes, [first, third]);
    assert_eq!(read.policy_state, state);
    let decisions = decisions_of(store, group.id).await;
    assert_eq!(decisions.len(), 1);
    assert_eq!(decisions[0].document, decision.document);
    assert_eq!(decisions[0].at, decision.at);
}

async fn decisions_of(store: &dyn Store, group: GroupId) -> Vec<StoredDecision> {
    let filter = DecisionFilter {
        group: Some(group),
        limit: 10,
        ..DecisionFilter::default()
    };
    store.decisions(&filter).await.unwrap()
}

pub async fn older_fence_is_refused_and_changes_nothing(store: &dyn Store) {
    let (mut group, old) = with_group(store).await;
    let new = store.take_group(group.id, "other").await.unwrap();
    let before = stored(store, group.id).await;
    group.version = 2;
    let (node, decision) = (node(1, "node-1"), decision(1));
    let plan = GroupWrite {
        group: Some(&group),
        nodes: vec![&node],
        decision: Some(&decision),
        ..GroupWrite::default()
    };
    assert!(is_conflict(&store.save_plan(group.id, old, &plan).await));
    // Each part by itself is fenced, not only the group's record.
    for part in [
        nodes(&[&node]),
        GroupWrite {
            decision: Some(&decision),
            ..GroupWrite::default()
        },
    ] {
        assert!(is_conflict(&store.save_plan(group.id, old, &part).await));
    }
    assert_eq!(stored(store, group.id).await, before);
    assert!(decisions_of(store, group.id).await.is_empty());
    store.save_plan(group.id, new, &plan).await.unwrap();
}

pub async fn misfitting_version_undoes_the_whole_plan(store: &dyn Store) {
    let (group, fence) = with_group(store).await;
    let known = node(1, "node-1");
    store
        .save_plan(group.id, fence, &nodes(&[&known]))
        .await
        .unwrap();
    let before = stored(store, group.id).await;

    let new = node(2, "node-2");
    let mut skipped = known.clone();
    skipped.version = 3;
    let mut unknown = node(3, "node-3");
    unknown.version = 2;
    let mut renamed = node(1, "node-other");
    renamed.version = 2;
    for (what, bad) in [
        ("a version is skipped", &skipped),
        ("the same version again", &known),
        ("a change of a node that is not stored", &unknown),
        ("a number that is another node's", &renamed),
    ] {
        let done = store.save_plan(group.id, fence, &nodes(&[&new, bad])).await;
        assert!(is_conflict(&done), "{what}");
        assert_eq!(stored(store, group.id).await, before, "{what}");
    }

    let mut skipped = group.clone();
    skipped.version = 3;
    let plan = GroupWrite {
        group: Some(&skipped),
        nodes: vec![&new],
        ..GroupWrite::default()
    };
    assert!(is_conflict(&store.save_plan(group.id, fence, &plan).await));
    assert_eq!(stored(store, group.id).await, before);
}

pub async fn node_identifier_is_unique_over_all_groups(store: &dyn Store) {
    let (one, fence) = with_group(store).await;
    let two = store.create_group(&group("group-two")).await.unwrap();
    let other_fence = store.take_group(two.id, "test").await.unwrap();
    let node = node(1, "node-1");
    let plan = nodes(&[&node]);
    store.save_plan(one.id, fence, &plan).await.unwrap();
    let twin = store.save_plan(two.id, other_fence, &plan).await;
    assert!(is_conflict(&twin));
}

pub async fn removing_an_absent_node_is_no_error(store: &dyn Store) {
    let (group, fence) = with_group(store).await;
    let id = NodeId::from("node-never-stored");
    store.save_plan(group.id, fence, &gone(&id)).await.unwrap();
}

pub async fn only_one_of_racing_writers_wins(store: &dyn Store) {
    let (group, fence) = with_group(store).await;
    let first = node(1, "node-1");
    store
        .save_plan(group.id, fence, &nodes(&[&first]))
        .await
        .unwrap();
    let mut changed = first.clone();
    changed.version = 2;
    let plan = nodes(&[&changed]);
    let done = join_all((0..8).map(|_| store.save_plan(group.id, fence, &plan))).await;
    assert_eq!(done.iter().filter(|done| done.is_ok()).count(), 1);
    assert_eq!(done.iter().filter(|done| is_conflict(done)).count(), 7);
}
