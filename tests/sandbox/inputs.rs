//! What the guests are asked: two edges of capacity 1, the first one full.

use weir_core::ids::{InstanceType, RegionName, ZoneName};
use weir_core::node::Role;
use weir_core::placement::{Action, SelectRequest};
use weir_core::snapshot::{LimitsRow, NEVER_MS, Nodes, Snapshot, TypeRow, View, ZoneRow};
use weir_core::units::UtcMs;

fn edges(connections: &[u32]) -> Nodes {
    let count = connections.len();
    Nodes {
        id: (1..=count as u32).collect(),
        role: vec![Role::Edge as u8; count],
        state: vec![2; count],
        flags: vec![0; count],
        zone: vec![0; count],
        instance_type: vec![0; count],
        age_s: vec![300; count],
        report_age_ms: vec![0; count],
        capacity: vec![1; count],
        connections: connections.to_vec(),
        publishers: vec![0; count],
        streams: vec![0; count],
        edge_subscribers: vec![0; count],
        restreamers: vec![0; count],
        assigned: vec![0; count],
        free_memory_mib: vec![1_000; count],
        max_memory_mib: vec![2_000; count],
    }
}

fn zones() -> Vec<ZoneRow> {
    vec![ZoneRow {
        name: ZoneName::from("r-a"),
        region: 0,
        blocked: false,
    }]
}

/// One full edge of at most two. Guests that hide what they are wait for random word 666.
pub fn snapshot(seed: u32) -> Snapshot {
    Snapshot {
        now: UtcMs(1_000_000),
        seed,
        group: "group".to_owned(),
        regions: vec![RegionName::from("r")],
        zones: zones(),
        instance_types: vec![TypeRow {
            name: InstanceType::from("t"),
            capacity: 1,
            price_micros_per_hour: 0,
        }],
        nodes: edges(&[1]),
        metrics: Vec::new(),
        in_flight: Vec::new(),
        limits: vec![LimitsRow {
            role: Role::Edge,
            region: 0,
            min: 1,
            max: 2,
            max_step: 1,
            threshold_permille: 600,
            scale_out_wait_ms: 0,
            scale_in_wait_ms: 60_000,
            warm_up_ms: 150_000,
            cool_down_ms: 180_000,
            since_launch_ms: NEVER_MS,
            since_retirement_ms: NEVER_MS,
        }],
        boot: Vec::new(),
        history: Vec::new(),
        calendar: Vec::new(),
        facts: Vec::new(),
    }
}

/// Both edges, for placement.
pub fn view(group: &str) -> View {
    View {
        now: UtcMs(1_000_000),
        group: group.to_owned(),
        action: Action::Subscribe,
        regions: vec![RegionName::from("r")],
        zones: zones(),
        nodes: edges(&[1, 0]),
        metrics: Vec::new(),
        facts: Vec::new(),
    }
}

/// Who carries this stream? Guests that hide what they are wait for stream 666.
pub fn request(stream_key: u32) -> SelectRequest {
    SelectRequest {
        action: Action::Subscribe,
        stream_key,
        path: None,
        region: None,
        zone: None,
        strict: false,
        count: 1,
        carriers: Vec::new(),
        handed_out: Vec::new(),
        sequence: 0,
        random: 0,
    }
}
