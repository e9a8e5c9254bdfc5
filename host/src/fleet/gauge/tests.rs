use std::collections::BTreeMap;
use std::sync::Arc;

use futures_util::FutureExt;
use weir_core::group::{Binding, Bindings, Group, GroupSpec, GroupState as Phase};
use weir_core::group_state::{GroupState, HostRules};
use weir_core::ids::{GroupId, NodeNo};
use weir_core::node::{Node, NodeState, Role};
use weir_core::reason::Reason;
use weir_core::units::UtcMs;

use super::Gauge;

/// At the shipped threshold of 60 % two edges of 100 connections are over it above 120.
fn two_edges(second: NodeState) -> Gauge {
    let nodes = vec![edge(1, NodeState::InService), edge(2, second)];
    let spec = GroupSpec {
        limits: BTreeMap::new(),
        launch: BTreeMap::new(),
        image: String::new(),
        tags: Vec::new(),
        properties: Vec::new(),
        thresholds: BTreeMap::new(),
        bindings: Bindings {
            scaling: nobody(),
            broadcast: nobody(),
            subscribe: nobody(),
        },
    };
    let group = Group {
        id: GroupId(1),
        name: "g".into(),
        regions: vec!["r".into()],
        launch_config: String::new(),
        limits: String::new(),
        state: Phase::Active,
        created_at: UtcMs(0),
        bindings: weir_core::group::OwnBindings::default(),
        next_no: 3,
        version: 1,
    };
    let rules = Arc::new(HostRules::default());
    let state = GroupState::restore(group, nodes, Arc::new(spec), rules, Vec::new(), UtcMs(0));
    let gauge = Gauge::default();
    gauge.set(&state);
    gauge
}

fn nobody() -> Binding {
    Binding {
        policy: String::new(),
        settings: String::new(),
    }
}

fn edge(no: u32, state: NodeState) -> Node {
    Node {
        no: NodeNo(no),
        id: format!("node-z-{no}").into(),
        role: Role::Edge,
        region: "r".into(),
        zone: "z".into(),
        instance_type: "t".into(),
        image: String::new(),
        capacity: 100,
        launch_config: String::new(),
        tags: Vec::new(),
        properties: Vec::new(),
        state,
        state_since: UtcMs(0),
        launched_at: UtcMs(0),
        in_service_at: None,
        drain: None,
        sunset: false,
        reason: Reason::BelowMinimum,
        platform_id: None,
        address: None,
        private_address: None,
        hostname: None,
        boot: None,
        version: 1,
    }
}

#[test]
fn the_report_over_the_bound_and_the_one_back_under_it_wake_the_group() {
    let gauge = two_edges(NodeState::InService);
    let (one, two) = (NodeNo(1), NodeNo(2));
    assert!(gauge.moves(one, 10), "no longer idle");
    assert!(gauge.moves(two, 110), "no longer idle");
    assert!(gauge.take_crossed());
    let cases = [
        (10, false),
        (11, true),
        (12, false),
        (11, false),
        (10, true),
    ];
    for (clients, wakes) in cases {
        assert_eq!(gauge.moves(one, clients), wakes, "{clients} clients");
        assert_eq!(gauge.take_crossed(), wakes, "{clients} clients");
    }
}

#[test]
fn a_node_that_becomes_empty_wakes_the_group() {
    let gauge = two_edges(NodeState::InService);
    gauge.moves(NodeNo(1), 5);
    gauge.take_crossed();
    assert!(!gauge.moves(NodeNo(1), 4));
    assert!(gauge.moves(NodeNo(1), 0) && gauge.take_crossed());
}

#[test]
fn a_node_that_is_not_in_service_yet_wakes_the_group_without_a_crossing() {
    let gauge = two_edges(NodeState::Running);
    assert!(gauge.moves(NodeNo(2), 0), "its record has to change");
    assert!(gauge.moves(NodeNo(3), 0), "nobody knows it yet");
    assert!(!gauge.take_crossed());
}

#[test]
fn whoever_rests_hears_of_a_crossing_until_it_was_taken() {
    let gauge = two_edges(NodeState::InService);
    assert!(gauge.crossing().now_or_never().is_none());
    assert!(gauge.moves(NodeNo(1), 121));
    assert!(gauge.crossing().now_or_never().is_some());
    assert!(gauge.moves(NodeNo(1), 0));
    assert!(gauge.take_crossed());
    assert!(gauge.crossing().now_or_never().is_none(), "an old permit");
}
