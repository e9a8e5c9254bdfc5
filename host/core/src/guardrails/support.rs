//! Snapshots for the tests, built a line a node.

use std::collections::BTreeSet;

use super::{Caps, GuardFacts};
use crate::node::{NodeState, Role};
use crate::snapshot::{LimitsRow, Nodes, Snapshot, TypeRow, ZoneRow};
use crate::units::UtcMs;

pub(super) const ZONES_PER_REGION: u32 = 2;

/// A snapshot of `regions` regions with two zones each (zone 2 r and 2 r + 1 belong to region r).
pub(super) fn empty(regions: u32) -> Snapshot {
    let zones = (0..regions * ZONES_PER_REGION).map(|zone| ZoneRow {
        name: format!("zone-{zone}").into(),
        region: zone / ZONES_PER_REGION,
        blocked: false,
    });
    Snapshot {
        now: UtcMs(1_000_000),
        seed: 1,
        group: "group".to_owned(),
        regions: (0..regions)
            .map(|region| format!("region-{region}").into())
            .collect(),
        zones: zones.collect(),
        instance_types: vec![TypeRow {
            name: "t2.medium".into(),
            capacity: 100,
            price_micros_per_hour: 0,
        }],
        nodes: Nodes::default(),
        metrics: Vec::new(),
        in_flight: Vec::new(),
        limits: Vec::new(),
        boot: Vec::new(),
        history: Vec::new(),
        calendar: Vec::new(),
        facts: Vec::new(),
    }
}

pub(super) fn limit(snapshot: &mut Snapshot, role: Role, region: u32, min: u32, max: u32) {
    snapshot.limits.push(LimitsRow {
        role,
        region,
        min,
        max,
        max_step: 1,
        threshold_permille: 600,
        scale_out_wait_ms: 0,
        scale_in_wait_ms: 0,
        warm_up_ms: 0,
        cool_down_ms: 0,
        since_launch_ms: 0,
        since_retirement_ms: 0,
    });
}

/// Adds a node with raw numbers, as a policy would see it.
pub(super) fn raw(nodes: &mut Nodes, id: u32, (role, state, flags): (u8, u8, u8), zone: u32) {
    nodes.id.push(id);
    nodes.role.push(role);
    nodes.state.push(state);
    nodes.flags.push(flags);
    nodes.zone.push(zone);
    let rest = [
        &mut nodes.instance_type,
        &mut nodes.age_s,
        &mut nodes.report_age_ms,
        &mut nodes.capacity,
        &mut nodes.connections,
        &mut nodes.publishers,
        &mut nodes.streams,
        &mut nodes.edge_subscribers,
        &mut nodes.restreamers,
        &mut nodes.assigned,
        &mut nodes.free_memory_mib,
        &mut nodes.max_memory_mib,
    ];
    for column in rest {
        column.push(0);
    }
}

/// A group of one region with nodes and limits by name, the common case of a test.
pub(super) fn group(nodes: &[(u32, Role, NodeState, u8)], limits: &[(Role, u32, u32)]) -> Snapshot {
    let mut snapshot = empty(1);
    for &(id, role, state, flags) in nodes {
        raw(&mut snapshot.nodes, id, (role as u8, state as u8, flags), 0);
    }
    for &(role, min, max) in limits {
        limit(&mut snapshot, role, 0, min, max);
    }
    snapshot
}

pub(super) fn all_roles() -> BTreeSet<Role> {
    Role::ALL.into_iter().collect()
}

static NONE_REST: BTreeSet<(Role, u32)> = BTreeSet::new();

pub(super) fn active(launchable: &BTreeSet<Role>) -> GuardFacts<'_> {
    GuardFacts {
        active: true,
        minimum_origin_only: false,
        frozen: false,
        terminating: false,
        launches_last_minute: 0,
        caps: Caps::default(),
        launchable,
        resting: &NONE_REST,
    }
}
