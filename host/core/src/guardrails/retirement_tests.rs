//! Rule 5 by name: what may leave.

use super::support::{active, all_roles, empty, group, limit, raw};
use super::tests::{ONE_ORIGIN, ORIGIN, judge, numbers, reasons};
use super::*;
use crate::node::NodeState::{InService, Pending, Running, Unresponsive};
use crate::node::Role::{Edge, Origin};
use crate::snapshot::{FLAG_DRAINING, FLAG_PUBLISHERS};

fn retire(ids: &[u32]) -> Proposal {
    Proposal {
        retirements: ids.to_vec(),
        ..Proposal::default()
    }
}

#[test]
fn retirements_are_cut_by_the_first_rule_that_forbids_them() {
    let edge = |id| (id, Edge, InService, 0);
    let table = [
        ("free to go", vec![edge(2), edge(3)], 1, vec![2], vec![]),
        (
            "minimum",
            vec![edge(2), edge(3)],
            1,
            vec![2, 3],
            vec![ClampReason::Minimum],
        ),
        (
            "booting ones do not serve",
            vec![edge(2), (3, Edge, Running, 0)],
            1,
            vec![2],
            vec![ClampReason::Minimum],
        ),
        (
            "a silent one may be needed yet",
            vec![edge(2), (3, Edge, Unresponsive, 0)],
            2,
            vec![3],
            vec![ClampReason::Minimum],
        ),
        (
            "last edge",
            vec![edge(2), (3, Edge, Unresponsive, 0)],
            0,
            vec![3, 2],
            vec![ClampReason::LastNode],
        ),
        (
            "in flight",
            vec![edge(2), (3, Edge, Pending, 0)],
            0,
            vec![3],
            vec![ClampReason::WrongState],
        ),
        (
            "already draining",
            vec![edge(2), (3, Edge, InService, FLAG_DRAINING)],
            0,
            vec![3],
            vec![ClampReason::WrongState],
        ),
        (
            "unknown",
            vec![edge(2)],
            0,
            vec![77],
            vec![ClampReason::UnknownNode],
        ),
    ];
    for (name, mut nodes, min, ids, expected) in table {
        nodes.push(ORIGIN);
        let snapshot = group(&nodes, &[ONE_ORIGIN, (Edge, min, 9)]);
        let granted = judge(&snapshot, &retire(&ids));
        assert_eq!(reasons(&granted), expected, "{name}");
        let kept = ids.len() - expected.len();
        assert_eq!(granted.retirements.len(), kept, "{name}");
    }
}

#[test]
fn last_edge_goes_where_edges_are_not_wanted() {
    let snapshot = group(
        &[ORIGIN, (2, Edge, InService, 0)],
        &[ONE_ORIGIN, (Edge, 0, 0)],
    );
    assert_eq!(numbers(&judge(&snapshot, &retire(&[2])).retirements), [2]);
}

#[test]
fn origin_with_publishers_goes_only_when_another_carries_on() {
    let busy = |id| (id, Origin, InService, FLAG_PUBLISHERS);
    let idle = |id| (id, Origin, InService, 0);
    let table = [
        ("alone", vec![busy(1)], vec![1], vec![]),
        (
            "beside a silent one",
            vec![busy(1), (2, Origin, Unresponsive, 0)],
            vec![1],
            vec![],
        ),
        ("beside another", vec![busy(1), idle(2)], vec![1], vec![1]),
        (
            "the other goes too",
            vec![busy(1), idle(2)],
            vec![1, 2],
            vec![1],
        ),
        (
            "the other goes first",
            vec![busy(1), idle(2)],
            vec![2, 1],
            vec![2],
        ),
    ];
    for (name, nodes, ids, expected) in table {
        let snapshot = group(&nodes, &[(Origin, 0, 9)]);
        let granted = judge(&snapshot, &retire(&ids));
        assert_eq!(numbers(&granted.retirements), expected, "{name}");
    }
}

#[test]
fn another_region_does_not_carry_the_publishers() {
    let mut snapshot = empty(2);
    for (id, zone) in [(1, 0), (2, 2)] {
        let facts = (Origin as u8, InService as u8, FLAG_PUBLISHERS);
        raw(&mut snapshot.nodes, id, facts, zone);
    }
    limit(&mut snapshot, Origin, 0, 0, 2);
    limit(&mut snapshot, Origin, 1, 0, 2);
    let granted = judge(&snapshot, &retire(&[1]));
    assert_eq!(reasons(&granted), [ClampReason::HasPublishers]);
}

#[test]
fn blind_host_removes_nothing() {
    let snapshot = group(
        &[
            ORIGIN,
            (2, Edge, InService, 0),
            (3, Edge, InService, 0),
            (4, Edge, Running, 0),
        ],
        &[ONE_ORIGIN, (Edge, 0, 9)],
    );
    let roles = all_roles();
    let facts = GuardFacts {
        frozen: true,
        ..active(&roles)
    };
    let proposal = Proposal {
        cancellations: vec![4],
        ..retire(&[2])
    };
    let granted = apply(&snapshot, Some(&proposal), &facts);
    assert_eq!(
        (granted.retirements, granted.cancellations),
        (vec![], vec![])
    );
    let frozen = granted
        .clamps
        .iter()
        .all(|clamp| clamp.reason == ClampReason::Blindness);
    assert!(frozen);
}

#[test]
fn origin_that_carries_on_for_a_retired_one_stays() {
    let mut snapshot = empty(2);
    for (id, zone, flags) in [(1, 0, FLAG_PUBLISHERS), (2, 0, 0), (3, 2, 0)] {
        raw(
            &mut snapshot.nodes,
            id,
            (Origin as u8, InService as u8, flags),
            zone,
        );
    }
    limit(&mut snapshot, Origin, 0, 0, 2);
    limit(&mut snapshot, Origin, 1, 0, 2);
    let granted = judge(&snapshot, &retire(&[1, 2]));
    assert_eq!(numbers(&granted.retirements), [1]);
    assert_eq!(reasons(&granted), [ClampReason::HasPublishers]);
}
