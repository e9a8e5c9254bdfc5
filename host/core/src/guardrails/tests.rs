//! Each rule by name; retirements stand in `retirement_tests`.

use super::support::{active, all_roles, empty, group, limit};
use super::*;
use crate::node::NodeState::{self, InService, Pending, Running, Terminating, Unresponsive};
use crate::node::Role::{Edge, Origin, Relay};
use crate::proposal::LaunchWish;
use crate::snapshot::{FLAG_DRAINING, FLAG_SUNSET};

type NodeLine = (u32, Role, NodeState, u8);

pub(super) const ORIGIN: NodeLine = (1, Origin, InService, 0);
pub(super) const ONE_ORIGIN: (Role, u32, u32) = (Origin, 1, 1);

fn launch(role: Role, count: u32) -> Proposal {
    Proposal {
        launches: vec![LaunchWish {
            role,
            region: 0,
            zone: None,
            instance_type: None,
            count,
        }],
        ..Proposal::default()
    }
}

pub(super) fn numbers(nodes: &[NodeNo]) -> Vec<u32> {
    nodes.iter().map(|node| node.0).collect()
}

pub(super) fn reasons(granted: &Granted) -> Vec<ClampReason> {
    granted.clamps.iter().map(|clamp| clamp.reason).collect()
}

pub(super) fn judge(snapshot: &Snapshot, proposal: &Proposal) -> Granted {
    let roles = all_roles();
    apply(snapshot, Some(proposal), &active(&roles))
}

#[test]
fn launches_stop_at_the_maximum_and_the_clamp_keeps_the_wish() {
    let snapshot = group(
        &[
            ORIGIN,
            (2, Edge, Pending, 0),
            (3, Edge, Running, 0),
            (4, Edge, InService, 0),
            (5, Edge, Unresponsive, 0),
            (6, Edge, InService, FLAG_DRAINING),
            (7, Edge, InService, FLAG_SUNSET),
            (8, Edge, Terminating, 0),
        ],
        &[ONE_ORIGIN, (Edge, 0, 6)],
    );
    let granted = judge(&snapshot, &launch(Edge, 5));
    assert_eq!(granted.launches.len(), 2, "four of six places are taken");
    assert_eq!(
        granted.clamps,
        [Clamp {
            reason: ClampReason::Maximum,
            wish: "launch 5 edge in region-0".to_owned(),
            wanted: 5,
            granted: 2,
        }]
    );
}

#[test]
fn role_without_limits_is_never_launched() {
    let snapshot = group(&[ORIGIN], &[ONE_ORIGIN]);
    let granted = judge(&snapshot, &launch(Relay, 1));
    assert_eq!(granted.launches, []);
    assert_eq!(reasons(&granted), [ClampReason::Maximum]);
}

#[test]
fn wish_with_an_unknown_place_or_role_is_dropped() {
    let snapshot = group(&[ORIGIN], &[ONE_ORIGIN, (Edge, 0, 9)]);
    let roles = BTreeSet::from([Origin]);
    let with = |edit: fn(&mut LaunchWish)| {
        let mut proposal = launch(Edge, 1);
        proposal.launches.iter_mut().for_each(edit);
        reasons(&apply(&snapshot, Some(&proposal), &active(&roles)))
    };
    assert_eq!(with(|_| {}), [ClampReason::RoleNotLaunchable]);
    assert_eq!(with(|wish| wish.region = 1), [ClampReason::UnknownPlace]);
    assert_eq!(
        with(|wish| wish.zone = Some(2)),
        [ClampReason::UnknownPlace]
    );
    let odd_type = |wish: &mut LaunchWish| wish.instance_type = Some(u32::MAX);
    assert_eq!(with(odd_type), [ClampReason::UnknownPlace]);
}

#[test]
fn blocked_zone_is_left_open() {
    let mut snapshot = group(&[ORIGIN], &[ONE_ORIGIN, (Edge, 0, 9)]);
    for zone in snapshot.zones.iter_mut().take(1) {
        zone.blocked = true;
    }
    let mut proposal = launch(Edge, 1);
    proposal.launches.extend(launch(Edge, 1).launches);
    for (zone, wish) in (0..).zip(&mut proposal.launches) {
        wish.zone = Some(zone);
    }
    let zones: Vec<_> = judge(&snapshot, &proposal)
        .launches
        .iter()
        .map(|launch| launch.zone)
        .collect();
    assert_eq!(zones, [None, Some(1)]);
}

#[test]
fn caps_bound_wishes_and_leave_what_the_minimum_needs() {
    let snapshot = group(&[ORIGIN], &[ONE_ORIGIN, (Edge, 0, 500), (Relay, 3, 3)]);
    let roles = all_roles();
    let rate = GuardFacts {
        launches_last_minute: 52,
        ..active(&roles)
    };
    let granted = apply(&snapshot, Some(&launch(Edge, 100)), &rate);
    let of = |role| granted.launches.iter().filter(|l| l.role == role).count();
    assert_eq!((of(Edge), of(Relay)), (5, 3));
    assert_eq!(reasons(&granted), [ClampReason::LaunchRate]);

    let nodes = GuardFacts {
        caps: Caps {
            nodes_per_group: 3,
            ..Caps::default()
        },
        ..active(&roles)
    };
    let granted = apply(&snapshot, Some(&launch(Edge, 100)), &nodes);
    assert_eq!(granted.launches.len(), 2);
    assert!(granted.launches.iter().all(|launch| launch.role == Relay));
    assert_eq!(reasons(&granted), [ClampReason::NodeCap; 2]);
}

#[test]
fn node_taken_back_counts_against_the_maximum() {
    let draining = |id| (id, Edge, InService, FLAG_DRAINING);
    let snapshot = group(
        &[ORIGIN, draining(2), draining(3), (4, Edge, InService, 0)],
        &[ONE_ORIGIN, (Edge, 0, 3)],
    );
    let proposal = Proposal {
        reinstatements: vec![2, 2, 4, 99],
        ..launch(Edge, 3)
    };
    let granted = judge(&snapshot, &proposal);
    assert_eq!(numbers(&granted.reinstatements), [2]);
    assert_eq!(granted.launches.len(), 1);
    assert_eq!(
        reasons(&granted),
        [
            ClampReason::WrongState,
            ClampReason::WrongState,
            ClampReason::UnknownNode,
            ClampReason::Maximum,
        ]
    );
}

#[test]
fn cancelled_launch_makes_room_for_a_node_taken_back() {
    let snapshot = group(
        &[
            ORIGIN,
            (2, Edge, InService, FLAG_DRAINING),
            (3, Edge, Pending, 0),
        ],
        &[ONE_ORIGIN, (Edge, 0, 1)],
    );
    let proposal = Proposal {
        reinstatements: vec![2],
        cancellations: vec![3, 1],
        ..Proposal::default()
    };
    let granted = judge(&snapshot, &proposal);
    assert_eq!(numbers(&granted.reinstatements), [2]);
    assert_eq!(numbers(&granted.cancellations), [3]);
    assert_eq!(reasons(&granted), [ClampReason::WrongState]);
    assert_eq!(granted.launches, []);
}

#[test]
fn launch_that_the_minimum_needs_is_not_cancelled() {
    let snapshot = group(
        &[(1, Origin, Pending, 0), (2, Edge, Running, 0)],
        &[(Origin, 0, 1), (Edge, 1, 4)],
    );
    let proposal = Proposal {
        cancellations: vec![1, 2],
        ..Proposal::default()
    };
    let granted = judge(&snapshot, &proposal);
    assert_eq!(granted.cancellations, []);
    assert_eq!(
        reasons(&granted),
        [ClampReason::LastNode, ClampReason::Minimum]
    );
    assert_eq!(granted.launches, [], "nothing is launched in its place");
}

#[test]
fn minimum_is_filled_without_any_proposal() {
    let snapshot = group(
        &[ORIGIN, (2, Edge, Unresponsive, 0)],
        &[ONE_ORIGIN, (Edge, 3, 5)],
    );
    let roles = all_roles();
    let granted = apply(&snapshot, None, &active(&roles));
    let reasons: Vec<_> = granted
        .launches
        .iter()
        .map(|l| (l.role, l.reason))
        .collect();
    assert_eq!(reasons, [(Edge, Reason::BelowMinimum); 2]);
}

#[test]
fn group_without_an_origin_gets_one_even_at_minimum_zero() {
    let mut snapshot = empty(2);
    limit(&mut snapshot, Origin, 0, 0, 0);
    limit(&mut snapshot, Origin, 1, 0, 3);
    let roles = all_roles();
    let granted = apply(&snapshot, None, &active(&roles));
    let launched: Vec<_> = granted
        .launches
        .iter()
        .map(|l| (l.region, l.reason))
        .collect();
    assert_eq!(launched, [(1, Reason::NoOrigin)]);
}

#[test]
fn only_the_origin_is_kept_until_the_first_was_in_service() {
    let snapshot = group(&[], &[(Origin, 0, 1), (Edge, 2, 5)]);
    let roles = all_roles();
    let table = [
        ("new", false, false, false, vec![]),
        ("initializing", false, true, false, vec![Origin]),
        ("active", true, false, false, vec![Edge, Edge, Origin]),
        ("deleted", true, false, true, vec![]),
    ];
    for (name, is_active, minimum_origin_only, terminating, expected) in table {
        let facts = GuardFacts {
            active: is_active,
            minimum_origin_only,
            terminating,
            ..active(&roles)
        };
        let granted = apply(&snapshot, None, &facts);
        let launched: Vec<_> = granted.launches.iter().map(|l| l.role).collect();
        assert_eq!(launched, expected, "{name}");
        let wished = apply(&snapshot, Some(&launch(Edge, 1)), &facts);
        let refused = reasons(&wished).contains(&ClampReason::GroupNotActive);
        assert_eq!(refused, !is_active || terminating, "{name}");
    }
}

#[test]
fn discouraged_nodes_are_the_known_ones_in_order() {
    let snapshot = group(&[ORIGIN, (2, Edge, InService, 0)], &[ONE_ORIGIN]);
    let proposal = Proposal {
        discouraged: vec![2, 9, 1, 2],
        ..Proposal::default()
    };
    let granted = judge(&snapshot, &proposal);
    assert_eq!(numbers(&granted.discouraged), [1, 2]);
    assert_eq!(reasons(&granted), [ClampReason::UnknownNode]);
}
