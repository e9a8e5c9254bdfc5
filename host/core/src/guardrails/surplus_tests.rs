//! A maximum that was lowered: who goes, and who stays all the same.

use super::support::{active, all_roles, group};
use super::tests::{numbers, reasons};
use super::*;
use crate::node::NodeState::{self, InService, Pending, Running, Unresponsive};
use crate::node::Role::{Edge, Origin, Relay};
use crate::snapshot::FLAG_PUBLISHERS;

const ORIGIN: (u32, Role, NodeState, u8) = (1, Origin, InService, 0);

fn edges(nodes: &[(u32, NodeState)], max: u32) -> Snapshot {
    let edges = nodes.iter().map(|(id, state)| (*id, Edge, *state, 0));
    let nodes: Vec<_> = [ORIGIN].into_iter().chain(edges).collect();
    group(&nodes, &[(Origin, 1, 1), (Edge, 1, max)])
}

fn keep(snapshot: &Snapshot) -> Granted {
    apply(snapshot, None, &active(&all_roles()))
}

#[test]
fn those_with_the_fewest_clients_are_drained_and_of_equals_the_youngest() {
    let nodes = [2, 3, 4, 5].map(|id| (id, InService));
    let mut snapshot = edges(&nodes, 2);
    snapshot.nodes.connections = vec![0, 9, 3, 5, 5];
    let granted = keep(&snapshot);
    assert_eq!(numbers(&granted.surplus), [3, 5]);
    assert_eq!(granted.clamps, []);
    assert!(granted.retirements.is_empty() && granted.cancellations.is_empty());
}

#[test]
fn somebody_on_the_way_to_a_node_counts_as_a_client_of_it() {
    let nodes = [2, 3].map(|id| (id, InService));
    let mut snapshot = edges(&nodes, 1);
    snapshot.nodes.assigned = vec![0, 0, 1];
    assert_eq!(numbers(&keep(&snapshot).surplus), [2]);
}

#[test]
fn launches_go_before_silent_nodes_and_these_before_serving_ones() {
    let nodes = [
        (2, InService),
        (3, Unresponsive),
        (4, Running),
        (5, Pending),
    ];
    let by_max = |max| numbers(&keep(&edges(&nodes, max)).surplus);
    assert_eq!(by_max(4), [0; 0]);
    assert_eq!(by_max(3), [5]);
    assert_eq!(by_max(1), [5, 4, 3]);
}

#[test]
fn a_role_that_was_taken_out_of_the_document_goes() {
    let nodes = [ORIGIN, (2, Edge, InService, 0), (3, Relay, InService, 0)];
    let granted = keep(&group(&nodes, &[(Origin, 1, 1), (Edge, 1, 2)]));
    assert_eq!(numbers(&granted.surplus), [3]);
    assert_eq!(granted.clamps, []);
}

#[test]
fn what_a_policy_retires_is_no_surplus_any_more() {
    let nodes = [2, 3, 4].map(|id| (id, InService));
    let wish = Proposal {
        retirements: vec![2],
        ..Proposal::default()
    };
    let granted = apply(&edges(&nodes, 2), Some(&wish), &active(&all_roles()));
    assert_eq!(numbers(&granted.retirements), [2]);
    assert_eq!(granted.surplus, []);
}

#[test]
fn the_origin_of_publishers_stays_and_the_clamp_says_so() {
    let both = [
        (1, Origin, InService, FLAG_PUBLISHERS),
        (2, Origin, InService, FLAG_PUBLISHERS),
    ];
    let one = keep(&group(&both, &[(Origin, 0, 1)]));
    assert_eq!(numbers(&one.surplus), [2]);
    let none = keep(&group(&both, &[(Origin, 0, 0)]));
    assert_eq!(numbers(&none.surplus), [2]);
    assert_eq!(reasons(&none), [ClampReason::HasPublishers]);
    assert_eq!(
        none.clamps[0].wish,
        "lower origin in region-0 to its maximum of 0"
    );
    assert_eq!((none.clamps[0].wanted, none.clamps[0].granted), (2, 1));
}

#[test]
fn a_blind_host_and_a_group_on_its_way_shrink_nothing() {
    let snapshot = edges(&[2, 3, 4].map(|id| (id, InService)), 1);
    let roles = all_roles();
    let frozen = GuardFacts {
        frozen: true,
        ..active(&roles)
    };
    let blind = apply(&snapshot, None, &frozen);
    assert_eq!(blind.surplus, []);
    assert_eq!(reasons(&blind), [ClampReason::Blindness]);
    let initializing = GuardFacts {
        active: false,
        ..active(&roles)
    };
    assert_eq!(apply(&snapshot, None, &initializing), Granted::default());
}
