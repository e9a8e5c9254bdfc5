//! Inputs as a group in the middle of its day has them: what a call costs on them is what it will cost.

use weir_core::ids::{InstanceType, RegionName, ZoneName};
use weir_core::node::{NodeState, Role};
use weir_core::placement::{Action, SelectRequest};
use weir_core::snapshot::{
    BootRow, LimitsRow, Measure, NEVER_MS, Nodes, SeriesRow, Snapshot, TypeRow, View, ZoneRow,
};
use weir_core::units::UtcMs;

const NOW: UtcMs = UtcMs(1_700_000_000_000);
const CAPACITY: u32 = 500;
/// Buckets of an hour of history.
const BUCKETS: u32 = 360;
const BUCKET_MS: u32 = 10_000;

/// A group of so many nodes, a tenth of them origins, an hour old.
pub(super) fn snapshot(count: u32) -> Snapshot {
    Snapshot {
        now: NOW,
        seed: 7,
        group: "ordinary".to_owned(),
        regions: vec![RegionName::from("region-1")],
        zones: zones(),
        instance_types: vec![TypeRow {
            name: InstanceType::from("type.large"),
            capacity: CAPACITY,
            price_micros_per_hour: 100_000,
        }],
        nodes: nodes(count),
        metrics: Vec::new(),
        in_flight: Vec::new(),
        limits: [Role::Origin, Role::Edge].into_iter().map(limits).collect(),
        boot: vec![BootRow {
            role: Role::Edge,
            samples: 20,
            median_ms: 90_000,
            p95_ms: 180_000,
        }],
        history: Measure::ALL.into_iter().map(series).collect(),
        calendar: Vec::new(),
        facts: Vec::new(),
    }
}

/// The nodes of such a group that serve an action.
pub(super) fn view(action: Action, count: u32) -> View {
    let mut nodes = Nodes::default();
    for no in 0..count {
        push(&mut nodes, no, action.role());
    }
    View {
        now: NOW,
        group: "ordinary".to_owned(),
        action,
        regions: vec![RegionName::from("region-1")],
        zones: zones(),
        nodes,
        metrics: Vec::new(),
        facts: Vec::new(),
    }
}

/// The question with this number: two nodes hold the stream, five were handed out since the view.
pub(super) fn request(view: &View, number: u32) -> SelectRequest {
    let nth = |at: u32| {
        let ids = &view.nodes.id;
        ids.get(at as usize % ids.len().max(1)).copied()
    };
    SelectRequest {
        action: view.action,
        stream_key: mix(number),
        path: None,
        region: Some(0),
        zone: None,
        strict: false,
        count: 1,
        carriers: (0..2).filter_map(|at| nth(mix(number) % 89 + at)).collect(),
        handed_out: (0..5).filter_map(|at| Some((nth(at * 7)?, 2))).collect(),
        sequence: number,
        random: mix(number ^ 0x5bd1),
    }
}

/// Knuth's multiplicative hash: numbers that look arbitrary and are the same each time.
fn mix(number: u32) -> u32 {
    number.wrapping_add(1).wrapping_mul(2_654_435_761)
}

fn zones() -> Vec<ZoneRow> {
    let zone = |name| ZoneRow {
        name: ZoneName::from(name),
        region: 0,
        blocked: false,
    };
    vec![zone("region-1a"), zone("region-1b"), zone("region-1c")]
}

fn nodes(count: u32) -> Nodes {
    let mut nodes = Nodes::default();
    for no in 0..count {
        let role = if no % 10 == 0 {
            Role::Origin
        } else {
            Role::Edge
        };
        push(&mut nodes, no, role);
    }
    nodes
}

fn push(nodes: &mut Nodes, no: u32, role: Role) {
    nodes.id.push(no + 1);
    nodes.role.push(role as u8);
    nodes.state.push(NodeState::InService as u8);
    nodes.flags.push(0);
    nodes.zone.push(no % 3);
    nodes.instance_type.push(0);
    nodes.age_s.push(3_600);
    nodes.report_age_ms.push(2_000);
    nodes.capacity.push(CAPACITY);
    nodes.connections.push(mix(no) % CAPACITY);
    nodes.publishers.push(0);
    nodes.streams.push(mix(no) % 20);
    nodes.edge_subscribers.push(0);
    nodes.restreamers.push(0);
    nodes.assigned.push(mix(no) % 3);
    nodes.free_memory_mib.push(2_000 + mix(no) % 1_000);
    nodes.max_memory_mib.push(4_000);
}

fn limits(role: Role) -> LimitsRow {
    LimitsRow {
        role,
        region: 0,
        min: 1,
        max: 1_000,
        max_step: 5,
        threshold_permille: 600,
        scale_out_wait_ms: 0,
        scale_in_wait_ms: 60_000,
        warm_up_ms: 150_000,
        cool_down_ms: 180_000,
        since_launch_ms: 600_000,
        since_retirement_ms: NEVER_MS,
    }
}

fn series(measure: Measure) -> SeriesRow {
    SeriesRow {
        measure,
        role: Role::Edge,
        region: 0,
        bucket_ms: BUCKET_MS,
        until: NOW,
        values: (0..BUCKETS).map(|bucket| 20_000 + bucket * 10).collect(),
    }
}
