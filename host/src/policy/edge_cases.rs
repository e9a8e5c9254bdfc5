//! Inputs that a policy is tried with before it is admitted: nothing at all, one of everything, and extreme numbers.

use weir_core::ids::{InstanceType, RegionName, ZoneName};
use weir_core::node::{NodeState, Role};
use weir_core::placement::{Action, MAX_CHOICES, SelectRequest};
use weir_core::snapshot::{
    BootRow, CalendarRow, Fact, InFlightRow, LimitsRow, Measure, Metric, NEVER_MS, Nodes,
    SeriesRow, Snapshot, TypeRow, View, ZoneRow,
};
use weir_core::units::UtcMs;

/// Settings that must not break a check, whatever it thinks of them.
pub(super) const SETTINGS: [&str; 4] = ["{}", "", "[", r#"{"no-such-member":[{"a":null}]}"#];

const NOW: UtcMs = UtcMs(1_700_000_000_000);

/// Nothing, and one of everything.
pub(super) fn snapshots() -> [(&'static str, Snapshot); 2] {
    let empty = Snapshot {
        now: UtcMs(0),
        seed: 0,
        group: String::new(),
        regions: Vec::new(),
        zones: Vec::new(),
        instance_types: Vec::new(),
        nodes: Nodes::default(),
        metrics: Vec::new(),
        in_flight: Vec::new(),
        limits: Vec::new(),
        boot: Vec::new(),
        history: Vec::new(),
        calendar: Vec::new(),
        facts: Vec::new(),
    };
    [
        ("nothing", empty),
        ("one of everything", one_of_everything()),
    ]
}

fn one_of_everything() -> Snapshot {
    let nodes = all_states();
    Snapshot {
        now: NOW,
        seed: u32::MAX,
        group: "trial".to_owned(),
        regions: regions(),
        zones: zones(),
        instance_types: vec![TypeRow {
            name: InstanceType::from("trial.type"),
            capacity: 0,
            price_micros_per_hour: 0,
        }],
        metrics: metrics(&nodes),
        nodes,
        in_flight: vec![InFlightRow {
            id: 9_999,
            role: Role::Edge,
            zone: 0,
            instance_type: 0,
            age_ms: NEVER_MS,
        }],
        limits: Role::ALL.into_iter().map(limits).collect(),
        boot: vec![BootRow {
            role: Role::Edge,
            samples: 0,
            median_ms: 0,
            p95_ms: 0,
        }],
        history: vec![SeriesRow {
            measure: Measure::Connections,
            role: Role::Edge,
            region: 0,
            bucket_ms: 10_000,
            until: NOW,
            values: vec![0, u32::MAX],
        }],
        calendar: vec![CalendarRow {
            title: String::new(),
            starts: NOW,
            ends: NOW,
            expected_peak: u32::MAX,
        }],
        facts: facts(),
    }
}

fn limits(role: Role) -> LimitsRow {
    LimitsRow {
        role,
        region: 0,
        min: 0,
        max: u32::MAX,
        max_step: 0,
        threshold_permille: 600,
        scale_out_wait_ms: 0,
        scale_in_wait_ms: 0,
        warm_up_ms: 0,
        cool_down_ms: 0,
        since_launch_ms: NEVER_MS,
        since_retirement_ms: NEVER_MS,
    }
}

/// Every state with every role, numbers at both ends of their range.
fn all_states() -> Nodes {
    let states = [
        NodeState::Pending,
        NodeState::Running,
        NodeState::InService,
        NodeState::Unresponsive,
        NodeState::Terminating,
    ];
    let mut nodes = Nodes::default();
    for state in states {
        for role in Role::ALL {
            for extreme in [0, u32::MAX] {
                push(&mut nodes, role, state, extreme);
            }
        }
    }
    nodes
}

fn push(nodes: &mut Nodes, role: Role, state: NodeState, number: u32) {
    let at = nodes.id.len();
    nodes.id.push(at as u32 + 1);
    nodes.role.push(role as u8);
    nodes.state.push(state as u8);
    nodes.flags.push(at as u8 & 15);
    nodes.zone.push(0);
    nodes.instance_type.push(0);
    for column in [
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
    ] {
        column.push(number);
    }
}

fn regions() -> Vec<RegionName> {
    vec![RegionName::from("trial-1")]
}

fn zones() -> Vec<ZoneRow> {
    vec![ZoneRow {
        name: ZoneName::from("trial-1a"),
        region: 0,
        blocked: true,
    }]
}

fn metrics(nodes: &Nodes) -> Vec<Metric> {
    vec![Metric {
        name: "cpu.system.load".to_owned(),
        values: vec![0; nodes.id.len()],
    }]
}

fn facts() -> Vec<Fact> {
    vec![Fact {
        name: "trial".to_owned(),
        value: -1.5,
    }]
}

/// A view of nobody, and one with every kind of node in service.
pub(super) fn views(action: Action) -> [(&'static str, View); 2] {
    let mut nodes = Nodes::default();
    for role in Role::ALL {
        for extreme in [0, 1, u32::MAX] {
            push(&mut nodes, role, NodeState::InService, extreme);
        }
    }
    let view = |nodes: Nodes| View {
        now: NOW,
        group: "trial".to_owned(),
        action,
        regions: regions(),
        zones: zones(),
        metrics: metrics(&nodes),
        nodes,
        facts: facts(),
    };
    [
        ("nobody", view(Nodes::default())),
        ("every kind of node", view(nodes)),
    ]
}

/// A plain question, one about a strict place, and one with much on its mind.
pub(super) fn requests(view: &View) -> Vec<SelectRequest> {
    let plain = SelectRequest {
        action: view.action,
        stream_key: 0,
        path: None,
        region: None,
        zone: None,
        strict: false,
        count: 1,
        carriers: Vec::new(),
        handed_out: Vec::new(),
        sequence: 0,
        random: 0,
    };
    let strict = SelectRequest {
        region: Some(0),
        zone: Some(0),
        strict: true,
        count: MAX_CHOICES as u32,
        sequence: u32::MAX,
        ..plain.clone()
    };
    let busy = SelectRequest {
        path: Some("live/trial".to_owned()),
        carriers: view.nodes.id.clone(),
        handed_out: view.nodes.id.iter().map(|id| (*id, u32::MAX)).collect(),
        random: u32::MAX,
        ..plain.clone()
    };
    vec![plain, strict, busy]
}
