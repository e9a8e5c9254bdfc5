//! What the cloud is asked, and when: each verb waits for itself.

use std::sync::Arc;

use super::Story;
use crate::group_state::{CallAnswer, CallKind, LaunchFailure};
use crate::ids::NodeNo;
use crate::lifecycle::Addresses;
use crate::node::{NodeState, Role};
use crate::plan::OperatorOrder;
use crate::reason::Reason;

/// A story whose origin was just launched, its call under way.
fn launching() -> (Story, NodeNo) {
    let mut story = Story::new();
    let origin = story
        .order(OperatorOrder::Launch(Role::Origin))
        .expect("there is room for an origin");
    assert_eq!(story.calls(), [(origin, CallKind::Launch)]);
    (story, origin)
}

fn instance() -> CallAnswer {
    CallAnswer::Instance(Addresses {
        platform_id: "i-1".into(),
        running: true,
        address: Some("127.1.0.1".to_owned()),
        private_address: None,
        hostname: None,
    })
}

fn lost() -> CallAnswer {
    CallAnswer::Unclear("lost".to_owned())
}

/// Every call that comes due within so many seconds, each answered at once.
fn calls_of(
    story: &mut Story,
    seconds: u64,
    answer: impl Fn(CallKind) -> CallAnswer,
) -> Vec<(u64, CallKind)> {
    let start = story.now;
    let mut made = Vec::new();
    for _ in 0..seconds * 2 {
        story.later(500);
        for (no, kind) in story.calls() {
            made.push((story.now.since(start).0, kind));
            story.answer(no, kind, answer(kind));
        }
    }
    made
}

#[test]
fn launches_that_are_throttled_wait_longer_and_longer_and_are_all_that_is_asked() {
    let (mut story, origin) = launching();
    story.answer(origin, CallKind::Launch, CallAnswer::Throttled);
    let made = calls_of(&mut story, 80, |_| CallAnswer::Throttled);
    let at = |seconds: u64| (seconds * 1_000, CallKind::Launch);
    assert_eq!(made, [at(1), at(3), at(7), at(15), at(31), at(61)]);
}

#[test]
fn a_node_that_comes_up_behind_throttled_launches_is_looked_at_without_delay() {
    let (mut story, origin) = launching();
    story.answer(origin, CallKind::Launch, CallAnswer::Throttled);
    let _ = calls_of(&mut story, 62, |_| CallAnswer::Throttled);
    assert!(
        story.calls().is_empty(),
        "the next launch is half a minute away"
    );
    story.report(origin, 0);
    assert_eq!(story.state_of(origin), NodeState::InService);
    assert_eq!(story.calls(), [(origin, CallKind::Describe)]);
}

#[test]
fn a_launch_that_got_lost_is_looked_for_while_it_waits_to_be_repeated() {
    let (mut story, origin) = launching();
    story.answer(origin, CallKind::Launch, lost());
    let answer = |kind| match kind {
        CallKind::Describe => CallAnswer::Absent,
        CallKind::Launch | CallKind::Terminate => lost(),
    };
    let made = calls_of(&mut story, 30, answer);
    let of = |wanted: CallKind| made.iter().filter(|(_, kind)| *kind == wanted).count();
    assert_eq!(of(CallKind::Launch), 4, "{made:?}");
    assert!(of(CallKind::Describe) >= 9, "{made:?}");
    let answer = |kind| match kind {
        CallKind::Describe => instance(),
        CallKind::Launch | CallKind::Terminate => lost(),
    };
    let made = calls_of(&mut story, 120, answer);
    let looked = made
        .iter()
        .position(|(_, kind)| *kind == CallKind::Describe);
    let after = &made[looked.expect("it is looked for")..];
    let again = after.iter().any(|(_, kind)| *kind == CallKind::Launch);
    assert!(!again, "it is there: {made:?}");
    assert!(story.state.call_problem(origin).is_none());
}

#[test]
fn looks_that_fail_do_not_hold_up_the_end() {
    let mut story = Story::serving(2);
    let edge = story.in_service()[2];
    let _ = calls_of(&mut story, 60, |_| lost());
    story
        .order_on(OperatorOrder::Terminate {
            no: edge,
            force: false,
        })
        .expect("it is in service");
    let ends = |(no, kind): &(NodeNo, CallKind)| *no == edge && *kind == CallKind::Terminate;
    assert!(story.calls().iter().any(ends));
    // Nor does an end that is throttled hold up the looks after it was taken.
    for _ in 0..6 {
        story.answer(edge, CallKind::Terminate, CallAnswer::Throttled);
        story.later(30_000);
        assert!(story.calls().iter().any(ends));
    }
    story.answer(edge, CallKind::Terminate, CallAnswer::Accepted);
    let looks = |(no, kind): &(NodeNo, CallKind)| *no == edge && *kind == CallKind::Describe;
    assert!(story.calls().iter().any(looks));
}

#[test]
fn a_launch_without_an_answer_does_not_blind_us_to_the_node_that_came_of_it() {
    let (mut story, origin) = launching();
    story.later(20_000);
    assert!(story.calls().is_empty(), "its answer is awaited");
    story.report(origin, 0);
    assert_eq!(story.calls(), [(origin, CallKind::Describe)]);
    story.answer(origin, CallKind::Describe, instance());
    story.pass();
    assert_eq!(story.node(origin).address.as_deref(), Some("127.1.0.1"));
    // The late answer of another call changes nothing any more.
    let failed = CallAnswer::Failed(LaunchFailure::Refused("too late".to_owned()));
    story.answer(origin, CallKind::Launch, failed);
    story.pass();
    assert_eq!(story.state_of(origin), NodeState::InService);
    assert!(story.state.call_problem(origin).is_none());
}

fn refused() -> CallAnswer {
    CallAnswer::Failed(LaunchFailure::Refused("no such image".to_owned()))
}

#[test]
fn a_refusal_settles_nothing_while_an_earlier_call_may_have_made_the_instance() {
    let (mut story, origin) = launching();
    story.answer(origin, CallKind::Launch, lost());
    story.later(10_000);
    assert!(story.calls().contains(&(origin, CallKind::Launch)));
    story.answer(origin, CallKind::Launch, refused());
    story.pass();
    assert_eq!(story.state_of(origin), NodeState::Pending);
    assert_eq!(
        story.state.call_problem(origin).as_deref(),
        Some("no such image")
    );
    story.later(150_000);
    story.pass();
    assert_eq!(story.node(origin).reason, Reason::Stuck);
    assert!(story.calls().contains(&(origin, CallKind::Terminate)));
}

#[test]
fn a_refusal_settles_nothing_for_a_record_that_another_process_left() {
    let (mut story, origin) = launching();
    story.restart();
    assert!(story.calls().contains(&(origin, CallKind::Launch)));
    story.answer(origin, CallKind::Launch, refused());
    story.pass();
    assert_eq!(story.state_of(origin), NodeState::Pending);
}

#[test]
fn a_refusal_that_comes_after_the_end_was_decided_is_no_proof_of_its_being_over() {
    let (mut story, origin) = launching();
    story.answer(origin, CallKind::Launch, lost());
    story.later(10_000);
    let _ = story.calls();
    story
        .order_on(OperatorOrder::DeleteGroup)
        .expect("a group can be deleted");
    story.answer(origin, CallKind::Launch, refused());
    story.pass();
    assert!(story.has(origin));
    assert!(story.calls().contains(&(origin, CallKind::Terminate)));
}

#[test]
fn an_instance_is_not_ended_before_its_launch_has_an_answer() {
    let (mut story, origin) = launching();
    story
        .order_on(OperatorOrder::DeleteGroup)
        .expect("a group can be deleted");
    assert_eq!(story.state_of(origin), NodeState::Terminating);
    story.later(30_000);
    assert!(story.calls().is_empty(), "what is made late would be lost");
    story.answer(origin, CallKind::Launch, lost());
    assert_eq!(story.calls(), [(origin, CallKind::Terminate)]);
}

#[test]
fn a_zone_that_is_full_of_one_machine_type_is_open_to_another() {
    let mut story = Story::serving(2);
    let mut spec = (*story.state.spec).clone();
    let edges = spec
        .launch
        .get_mut(&Role::Edge)
        .expect("edges are launched");
    edges.instance_type = "c5.large".into();
    for limits in spec.limits.values_mut() {
        limits.max += 4;
    }
    story.state.spec = Arc::new(spec);
    let full = |story: &mut Story| {
        let edge = story
            .order(OperatorOrder::Launch(Role::Edge))
            .expect("there is room for an edge");
        let _ = story.calls();
        let zone = story.zone_of(edge);
        let failure = CallAnswer::Failed(LaunchFailure::NoCapacity);
        story.answer(edge, CallKind::Launch, failure);
        story.pass();
        zone
    };
    let first = full(&mut story);
    let zones: Vec<_> = (0..2)
        .map(|_| {
            let origin = story.order(OperatorOrder::Launch(Role::Origin));
            story.zone_of(origin.expect("there is room for an origin"))
        })
        .collect();
    assert!(zones.contains(&first), "it has room for the other type");
    let told = story.state.snapshot(1, story.now).zones;
    let marked = told.iter().find(|zone| zone.name == first);
    assert!(marked.is_some_and(|zone| zone.blocked), "policies are told");
    let region = story.state.group().regions[0].clone();
    assert!(story.state.launch_trouble(Role::Edge, &region).is_none());
    assert_ne!(full(&mut story), first, "the other zone is tried");
    assert!(story.state.launch_trouble(Role::Edge, &region).is_some());
    assert!(story.state.launch_trouble(Role::Origin, &region).is_none());
}

#[test]
fn where_every_zone_is_full_the_one_that_was_full_first_is_tried_next() {
    let mut story = Story::new();
    let zones: Vec<String> = (0..4)
        .map(|_| {
            let origin = story.order(OperatorOrder::Launch(Role::Origin));
            let origin = origin.expect("an operator may insist");
            let _ = story.calls();
            let zone = story.zone_of(origin).to_string();
            let failure = CallAnswer::Failed(LaunchFailure::NoCapacity);
            story.answer(origin, CallKind::Launch, failure);
            story.pass();
            story.later(1_000);
            zone
        })
        .collect();
    let (a, c) = ("ap-northeast-1a", "ap-northeast-1c");
    assert_eq!(zones, [a, c, a, c]);
}
