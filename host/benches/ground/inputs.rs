//! Nodes, views, questions and snapshots with numbers that look random and are the same in each run.

use weir_core::ids::{InstanceType, RegionName, ZoneName};
use weir_core::node::Role;
use weir_core::placement::{Action, SelectRequest};
use weir_core::snapshot::{
    BootRow, LimitsRow, Measure, NEVER_MS, Nodes, SeriesRow, Snapshot, TypeRow, View, ZoneRow,
};
use weir_core::units::UtcMs;

const NOW: UtcMs = UtcMs(1_700_000_000_000);
const ZONES: u32 = 3;

/// A small generator: the same numbers in every run.
struct Numbers(u32);

impl Numbers {
    fn below(&mut self, bound: u32) -> u32 {
        self.0 = self.0.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (self.0 >> 8) % bound
    }
}

/// Edges in service in three zones of one region, 500 slots each, partly filled.
pub fn edges(count: u32) -> Nodes {
    let mut numbers = Numbers(7);
    let mut nodes = Nodes::default();
    for at in 0..count {
        nodes.id.push(10 + at);
        nodes.role.push(Role::Edge as u8);
        nodes.state.push(2);
        nodes.flags.push(0);
        nodes.zone.push(at % ZONES);
        nodes.instance_type.push(0);
        nodes.age_s.push(60 + numbers.below(80_000));
        nodes.report_age_ms.push(numbers.below(10_000));
        nodes.capacity.push(500);
        nodes.connections.push(numbers.below(300));
        nodes.publishers.push(0);
        nodes.streams.push(numbers.below(20));
        nodes.edge_subscribers.push(0);
        nodes.restreamers.push(0);
        nodes.assigned.push(numbers.below(3));
        nodes.free_memory_mib.push(500 + numbers.below(1_500));
        nodes.max_memory_mib.push(4_096);
    }
    nodes
}

fn zones() -> Vec<ZoneRow> {
    (0..ZONES)
        .map(|zone| ZoneRow {
            name: ZoneName::from(format!("eu-west-1{zone}")),
            region: 0,
            blocked: false,
        })
        .collect()
}

/// A view of so many edges.
pub fn view(count: u32) -> View {
    View {
        now: NOW,
        group: "bench".to_owned(),
        action: Action::Subscribe,
        regions: vec![RegionName::from("eu-west-1")],
        zones: zones(),
        nodes: edges(count),
        metrics: Vec::new(),
        facts: Vec::new(),
    }
}

/// The typical question: any node will do, three carry the stream, five were handed out since the view.
pub fn request() -> SelectRequest {
    SelectRequest {
        action: Action::Subscribe,
        stream_key: 77,
        path: None,
        region: None,
        zone: None,
        strict: false,
        count: 1,
        carriers: vec![11, 12, 13],
        handed_out: vec![(14, 1), (20, 2), (33, 1), (41, 1), (57, 3)],
        sequence: 5,
        random: 99,
    }
}

/// So many edges and an hour of demand in 10 s buckets, four series.
pub fn snapshot(count: u32) -> Snapshot {
    let mut numbers = Numbers(3);
    let history = [
        (Measure::Connections, Role::Edge),
        (Measure::Joins, Role::Edge),
        (Measure::Refused, Role::Edge),
        (Measure::Connections, Role::Origin),
    ];
    Snapshot {
        now: NOW,
        seed: 1,
        group: "bench".to_owned(),
        regions: vec![RegionName::from("eu-west-1")],
        zones: zones(),
        instance_types: vec![TypeRow {
            name: InstanceType::from("t2.medium"),
            capacity: 500,
            price_micros_per_hour: 46_400,
        }],
        nodes: edges(count),
        metrics: Vec::new(),
        in_flight: Vec::new(),
        limits: [Role::Origin, Role::Edge].map(limits).to_vec(),
        boot: vec![BootRow {
            role: Role::Edge,
            samples: 20,
            median_ms: 60_000,
            p95_ms: 90_000,
        }],
        history: history
            .map(|(measure, role)| SeriesRow {
                measure,
                role,
                region: 0,
                bucket_ms: 10_000,
                until: NOW,
                values: (0..360).map(|_| numbers.below(30_000)).collect(),
            })
            .to_vec(),
        calendar: Vec::new(),
        facts: Vec::new(),
    }
}

fn limits(role: Role) -> LimitsRow {
    LimitsRow {
        role,
        region: 0,
        min: 1,
        max: 2_000,
        max_step: 1,
        threshold_permille: 600,
        scale_out_wait_ms: 0,
        scale_in_wait_ms: 60_000,
        warm_up_ms: 150_000,
        cool_down_ms: 180_000,
        since_launch_ms: NEVER_MS,
        since_retirement_ms: NEVER_MS,
    }
}
