//! Scaling decisions and their frames.

use weir::store::{DecisionFilter, Fence, GroupWrite, NewDecision, Store};
use weir_core::group::Group;
use weir_core::units::UtcMs;

use super::fixtures::{decision, group, linked, with_group};

async fn save(store: &dyn Store, (group, fence): &(Group, Fence), new: &NewDecision) {
    let plan = GroupWrite {
        decision: Some(new),
        ..GroupWrite::default()
    };
    store.save_plan(group.id, *fence, &plan).await.unwrap();
}

async fn second_group(store: &dyn Store) -> (Group, Fence) {
    let group = store.create_group(&group("group-two")).await.unwrap();
    let fence = store.take_group(group.id, "test").await.unwrap();
    (group, fence)
}

/// Times of the decisions found, newest first.
async fn found(store: &dyn Store, filter: DecisionFilter) -> Vec<u64> {
    let found = store.decisions(&filter).await.unwrap();
    found.iter().map(|decision| decision.at.0).collect()
}

pub async fn decisions_are_found_by_group_time_and_number(store: &dyn Store) {
    let (one, two) = (with_group(store).await, second_group(store).await);
    for at in [10, 20, 30] {
        save(store, &one, &decision(at)).await;
    }
    save(store, &two, &decision(25)).await;
    let all = DecisionFilter {
        limit: 10,
        ..DecisionFilter::default()
    };
    let of_one = DecisionFilter {
        group: Some(one.0.id),
        ..all
    };
    assert_eq!(found(store, all).await, [25, 30, 20, 10]);
    assert_eq!(found(store, of_one).await, [30, 20, 10]);
    assert_eq!(
        found(store, DecisionFilter { limit: 2, ..of_one }).await,
        [30, 20]
    );
    let between = DecisionFilter {
        since: Some(UtcMs(20)),
        until: Some(UtcMs(30)),
        ..all
    };
    assert_eq!(found(store, between).await, [25, 20]);
    let newest = store.decisions(&of_one).await.unwrap().remove(0);
    let before = DecisionFilter {
        before: Some(newest.id),
        ..of_one
    };
    assert_eq!(found(store, before).await, [20, 10]);
    assert_eq!(
        store.decision(newest.id).await.unwrap(),
        Some(newest.clone())
    );
    assert_eq!(newest.document.as_deref(), Some(r#"{"at":30}"#));
    assert_eq!(store.decision(newest.id + 1_000).await.unwrap(), None);
}

pub async fn frames_of_a_chain_come_in_their_order(store: &dyn Store) {
    let (one, two) = (with_group(store).await, second_group(store).await);
    for link in 0..3 {
        save(store, &one, &linked(100 + u64::from(link), 100, link)).await;
        // Another group's chain of the same time is another chain.
        save(store, &two, &linked(500 + u64::from(link), 100, link)).await;
    }
    save(store, &one, &linked(200, 200, 0)).await;
    let frames = store.frames(one.0.id, 100, 1).await.unwrap();
    let written: Vec<_> = [100_u64, 101].map(|at| at.to_le_bytes().to_vec()).into();
    assert_eq!(frames, written);
    assert_eq!(store.frames(one.0.id, 100, 9).await.unwrap().len(), 3);
    assert!(store.frames(one.0.id, 300, 0).await.unwrap().is_empty());
}

pub async fn old_chains_go_whole_and_only_those_of_the_group(store: &dyn Store) {
    let (one, two) = (with_group(store).await, second_group(store).await);
    save(store, &two, &linked(1, 1, 0)).await;
    for chain in [100, 200, 300] {
        for link in 0..3 {
            save(store, &one, &linked(chain + u64::from(link), chain, link)).await;
        }
    }
    let of_one = DecisionFilter {
        group: Some(one.0.id),
        limit: 100,
        ..DecisionFilter::default()
    };
    // What is kept begins in the middle of the second chain: that chain stays, or its rest could not be read.
    let mut next = linked(400, 400, 0);
    next.keep_since = UtcMs(201);
    save(store, &one, &next).await;
    let kept = found(store, of_one).await;
    assert_eq!(kept, [400, 302, 301, 300, 202, 201, 200]);
    // Further links make no room; only the first of a chain does.
    let mut further = linked(401, 400, 1);
    further.keep_since = UtcMs(350);
    save(store, &one, &further).await;
    assert_eq!(found(store, of_one).await.len(), 8);
    let of_two = DecisionFilter {
        group: Some(two.0.id),
        ..of_one
    };
    assert_eq!(found(store, of_two).await, [1]);
}

pub async fn decision_without_news_is_kept_without_words(store: &dyn Store) {
    let one = with_group(store).await;
    let mut quiet = linked(10, 10, 0);
    quiet.document = None;
    save(store, &one, &quiet).await;
    save(store, &one, &linked(20, 10, 1)).await;
    let mut unasked = decision(30);
    unasked.frame = None;
    save(store, &one, &unasked).await;
    let news = DecisionFilter {
        limit: 10,
        ..DecisionFilter::default()
    };
    assert_eq!(found(store, news).await, [30, 20]);
    let all = DecisionFilter { all: true, ..news };
    let kept = store.decisions(&all).await.unwrap();
    let shown: Vec<_> = kept
        .iter()
        .map(|kept| (kept.at.0, kept.document.is_some(), kept.place))
        .collect();
    let wanted = [
        (30, true, None),
        (20, true, Some((10, 1))),
        (10, false, Some((10, 0))),
    ];
    assert_eq!(shown, wanted);
}
