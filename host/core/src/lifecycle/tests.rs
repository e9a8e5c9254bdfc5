//! Every state times every event by table, and random histories.

use proptest::prelude::*;

use super::*;
use crate::ids::NodeNo;

const NOW: UtcMs = UtcMs(50_000);

fn node(state: NodeState) -> Node {
    Node {
        no: NodeNo(7),
        id: "node-a-1".into(),
        role: Role::Edge,
        region: "eu-west-1".into(),
        zone: "eu-west-1a".into(),
        instance_type: "t2.medium".into(),
        image: "image".to_owned(),
        capacity: 100,
        launch_config: "launch".to_owned(),
        tags: Vec::new(),
        properties: Vec::new(),
        state,
        state_since: UtcMs(1),
        launched_at: UtcMs(1),
        in_service_at: None,
        drain: None,
        sunset: false,
        reason: Reason::Policy,
        platform_id: None,
        address: None,
        private_address: None,
        hostname: None,
        boot: None,
        version: 3,
    }
}

fn boot(started_ms: u64) -> Boot {
    Boot {
        started_ms,
        word: "w".to_owned(),
    }
}

fn seen(running: bool) -> NodeEvent {
    NodeEvent::InstanceSeen(Addresses {
        platform_id: "i-1".into(),
        running,
        address: Some("192.0.2.1".to_owned()),
        private_address: None,
        hostname: None,
    })
}

fn drain() -> NodeEvent {
    NodeEvent::DrainMarked {
        deadline: Some(UtcMs(350_000)),
        reason: Reason::Policy,
    }
}

fn end() -> NodeEvent {
    NodeEvent::EndDecided {
        reason: Reason::Silent,
    }
}

fn reports(started_ms: u64) -> NodeEvent {
    NodeEvent::Reported {
        boot: boot(started_ms),
    }
}

fn taken(node: &Node, event: &NodeEvent) -> Node {
    next(node, event, NOW)
        .expect("the event is allowed")
        .expect("the event changes the record")
}

/// State after the event; `=` nothing durable changed; `!` refused.
fn outcome(state: NodeState, event: &NodeEvent) -> &'static str {
    match next(&node(state), event, NOW) {
        Ok(Some(record)) => record.state.as_str(),
        Ok(None) => "=",
        Err(_) => "!",
    }
}

#[test]
fn every_event_in_every_state_has_its_outcome() {
    use NodeState::{InService, Pending, Running, Terminating, Unresponsive};
    let states = [Pending, Running, InService, Unresponsive, Terminating];
    let table = [
        (
            seen(true),
            ["running", "running", "inservice", "unresponsive", "="],
        ),
        (
            seen(false),
            ["pending", "running", "inservice", "unresponsive", "="],
        ),
        (
            reports(5),
            ["inservice", "inservice", "inservice", "inservice", "!"],
        ),
        (
            NodeEvent::ReportMissed,
            ["=", "=", "unresponsive", "=", "="],
        ),
        (NodeEvent::SaidBye, ["=", "=", "unresponsive", "=", "="]),
        (drain(), ["!", "!", "inservice", "unresponsive", "!"]),
        (NodeEvent::DrainLifted, ["!", "!", "!", "!", "!"]),
        (
            NodeEvent::SunsetMarked,
            ["pending", "running", "inservice", "unresponsive", "!"],
        ),
        (
            end(),
            [
                "terminating",
                "terminating",
                "terminating",
                "terminating",
                "=",
            ],
        ),
    ];
    for (event, outcomes) in table {
        for (state, expected) in states.into_iter().zip(outcomes) {
            assert_eq!(outcome(state, &event), expected, "{state:?} x {event:?}");
        }
    }
}

#[test]
fn change_of_state_is_dated_and_numbered() {
    let running = taken(&node(NodeState::Pending), &seen(true));
    assert_eq!((running.state_since, running.version), (NOW, 4));
    assert_eq!(running.platform_id, Some("i-1".into()));
    let mark = taken(&node(NodeState::InService), &drain());
    assert_eq!((mark.state_since, mark.version), (UtcMs(1), 4));
}

#[test]
fn first_time_in_service_is_kept_for_ever() {
    let first = taken(&node(NodeState::Running), &reports(5));
    assert_eq!(first.in_service_at, Some(NOW));
    let silent = taken(&first, &NodeEvent::ReportMissed);
    let back = next(&silent, &reports(6), UtcMs(90_000))
        .expect("allowed")
        .expect("changes");
    assert_eq!(back.in_service_at, Some(NOW));
    assert_eq!(back.state_since, UtcMs(90_000));
}

#[test]
fn older_boot_is_refused_and_newer_one_replaces_it() {
    let serving = taken(&node(NodeState::Running), &reports(5));
    let refusal = next(&serving, &reports(4), NOW).expect_err("older");
    assert_eq!(
        refusal,
        Refusal::OldBoot {
            known: boot(5),
            got: boot(4)
        }
    );
    assert_eq!(next(&serving, &reports(5), NOW), Ok(None));
    let restarted = taken(&serving, &reports(6));
    assert_eq!(restarted.boot, Some(boot(6)));
    assert_eq!(restarted.state_since, serving.state_since);
}

#[test]
fn draining_node_that_was_silent_comes_back_draining() {
    let draining = taken(&taken(&node(NodeState::Running), &reports(5)), &drain());
    let silent = taken(&draining, &NodeEvent::ReportMissed);
    let back = taken(&silent, &reports(5));
    assert_eq!(back.state, NodeState::InService);
    assert_eq!(back.drain, draining.drain);
}

#[test]
fn second_drain_mark_keeps_the_first() {
    let draining = taken(&node(NodeState::InService), &drain());
    let again = NodeEvent::DrainMarked {
        deadline: None,
        reason: Reason::Operator,
    };
    assert_eq!(next(&draining, &again, UtcMs(60_000)), Ok(None));
    let lifted = taken(&draining, &NodeEvent::DrainLifted);
    assert_eq!(lifted.drain, None);
}

#[test]
fn drain_of_a_terminating_node_cannot_be_lifted() {
    let ending = taken(&taken(&node(NodeState::InService), &drain()), &end());
    assert_eq!(
        next(&ending, &NodeEvent::DrainLifted, NOW),
        Err(Refusal::NoWayBack)
    );
    assert_eq!(ending.reason, Reason::Silent);
}

#[test]
fn only_edges_are_sunset() {
    let origin = Node {
        role: Role::Origin,
        ..node(NodeState::InService)
    };
    assert_eq!(
        next(&origin, &NodeEvent::SunsetMarked, NOW),
        Err(Refusal::NotAnEdge { role: Role::Origin })
    );
    let edge = taken(&node(NodeState::InService), &NodeEvent::SunsetMarked);
    assert!(edge.sunset);
    assert_eq!(next(&edge, &NodeEvent::SunsetMarked, NOW), Ok(None));
}

#[test]
fn unknown_address_does_not_erase_a_known_one() {
    let known = taken(&node(NodeState::Running), &seen(true));
    let bare = NodeEvent::InstanceSeen(Addresses {
        platform_id: "i-1".into(),
        running: true,
        address: None,
        private_address: Some("10.0.0.1".to_owned()),
        hostname: None,
    });
    let record = taken(&known, &bare);
    assert_eq!(record.address.as_deref(), Some("192.0.2.1"));
    assert_eq!(record.private_address.as_deref(), Some("10.0.0.1"));
    assert_eq!(next(&record, &bare, NOW), Ok(None));
}

fn any_event() -> impl Strategy<Value = NodeEvent> {
    prop_oneof![
        any::<bool>().prop_map(seen),
        (0_u64..6).prop_map(reports),
        Just(NodeEvent::ReportMissed),
        Just(NodeEvent::SaidBye),
        Just(drain()),
        Just(NodeEvent::DrainLifted),
        Just(NodeEvent::SunsetMarked),
        Just(end()),
    ]
}

proptest! {
    #[test]
    fn any_history_keeps_the_rules(
        role in prop::sample::select(Role::ALL.to_vec()),
        events in prop::collection::vec(any_event(), 0..60),
    ) {
        let mut record = Node { role, ..node(NodeState::Pending) };
        for (step, event) in (0_u64..).zip(&events) {
            let now = UtcMs(1_000 + step);
            let Ok(Some(after)) = next(&record, event, now) else { continue };
            prop_assert_eq!(after.version, record.version + 1);
            prop_assert_ne!(record.state, NodeState::Terminating, "a way back");
            prop_assert!(after.boot >= record.boot, "a boot went backwards");
            prop_assert_eq!(after.state_since == now, after.state != record.state);
            prop_assert!(record.in_service_at.is_none() || after.in_service_at == record.in_service_at);
            prop_assert!(!after.sunset || role == Role::Edge);
            prop_assert!(!record.sunset || after.sunset, "a sunset was lifted");
            prop_assert!(after.state != NodeState::InService || after.in_service_at.is_some());
            // What was frozen with the record stays frozen.
            prop_assert_eq!((&after.id, &after.zone, after.capacity), (&record.id, &record.zone, record.capacity));
            record = after;
        }
    }
}
