//! The same inputs in the words of the policies' own crates, linked natively: the floors.

use weir_core::placement::SelectRequest;
use weir_core::snapshot::{LimitsRow, Nodes, SeriesRow, Snapshot, View};
use weir_policy_threshold::types as scaling;
use weir_policy_weighted::types as placement;

macro_rules! nodes {
    ($words:ident, $nodes:expr) => {{
        let nodes: &Nodes = $nodes;
        $words::Nodes {
            id: nodes.id.clone(),
            role: nodes.role.clone(),
            state: nodes.state.clone(),
            flags: nodes.flags.clone(),
            zone: nodes.zone.clone(),
            instance_type: nodes.instance_type.clone(),
            age_s: nodes.age_s.clone(),
            report_age_ms: nodes.report_age_ms.clone(),
            capacity: nodes.capacity.clone(),
            connections: nodes.connections.clone(),
            publishers: nodes.publishers.clone(),
            streams: nodes.streams.clone(),
            edge_subscribers: nodes.edge_subscribers.clone(),
            restreamers: nodes.restreamers.clone(),
            assigned: nodes.assigned.clone(),
            free_memory_mib: nodes.free_memory_mib.clone(),
            max_memory_mib: nodes.max_memory_mib.clone(),
        }
    }};
}

/// The view as `weighted` takes it.
pub fn view(view: &View) -> placement::View {
    placement::View {
        now_ms: view.now.0,
        group: view.group.clone(),
        action: placement::Action::Subscribe,
        regions: vec![placement::Region {
            name: view.regions[0].to_string(),
        }],
        zones: view
            .zones
            .iter()
            .map(|zone| placement::Zone {
                name: zone.name.to_string(),
                region: zone.region,
                blocked: zone.blocked,
            })
            .collect(),
        nodes: nodes!(placement, &view.nodes),
        metrics: Vec::new(),
        facts: Vec::new(),
    }
}

/// The question as `weighted` takes it.
pub fn request(request: &SelectRequest) -> placement::Request {
    placement::Request {
        stream_key: request.stream_key,
        path: None,
        region: request.region,
        zone: request.zone,
        strict: request.strict,
        count: request.count,
        carriers: request.carriers.clone(),
        handed_out: request
            .handed_out
            .iter()
            .map(|(id, count)| placement::HandedOut {
                id: *id,
                count: *count,
            })
            .collect(),
        sequence: request.sequence,
        random: request.random,
    }
}

/// The snapshot as `threshold` takes it.
pub fn input(snapshot: &Snapshot) -> scaling::Input {
    scaling::Input {
        now_ms: snapshot.now.0,
        seed: snapshot.seed,
        group: snapshot.group.clone(),
        regions: vec![scaling::Region {
            name: snapshot.regions[0].to_string(),
        }],
        zones: snapshot
            .zones
            .iter()
            .map(|zone| scaling::Zone {
                name: zone.name.to_string(),
                region: zone.region,
                blocked: zone.blocked,
            })
            .collect(),
        instance_types: Vec::new(),
        nodes: nodes!(scaling, &snapshot.nodes),
        metrics: Vec::new(),
        in_flight: Vec::new(),
        limits: snapshot.limits.iter().map(limits).collect(),
        boot: Vec::new(),
        history: snapshot.history.iter().map(series).collect(),
        calendar: Vec::new(),
        facts: Vec::new(),
    }
}

fn role(role: weir_core::node::Role) -> scaling::Role {
    match role {
        weir_core::node::Role::Origin => scaling::Role::Origin,
        weir_core::node::Role::Edge => scaling::Role::Edge,
        weir_core::node::Role::Transcoder => scaling::Role::Transcoder,
        weir_core::node::Role::Relay => scaling::Role::Relay,
    }
}

fn limits(row: &LimitsRow) -> scaling::Limits {
    scaling::Limits {
        role: role(row.role),
        region: row.region,
        min: row.min,
        max: row.max,
        max_step: row.max_step,
        threshold_permille: row.threshold_permille,
        scale_out_wait_ms: row.scale_out_wait_ms,
        scale_in_wait_ms: row.scale_in_wait_ms,
        warm_up_ms: row.warm_up_ms,
        cool_down_ms: row.cool_down_ms,
        since_launch_ms: row.since_launch_ms,
        since_retirement_ms: row.since_retirement_ms,
    }
}

fn series(row: &SeriesRow) -> scaling::Series {
    scaling::Series {
        measure: scaling::Measure::Connections,
        role: role(row.role),
        region: row.region,
        bucket_ms: row.bucket_ms,
        until_ms: row.until.0,
        values: row.values.clone(),
    }
}
