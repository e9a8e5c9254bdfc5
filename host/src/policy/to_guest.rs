//! Snapshots and views in the words of the contract. Columns are borrowed; only rows with names are laid out anew.

use weir_core::ids::RegionName;
use weir_core::node::Role;
use weir_core::placement::Action;
use weir_core::snapshot as core;

use super::contract::types as wit;

/// Hands the snapshot over as the contract's input.
pub(super) fn with_input<R>(snapshot: &core::Snapshot, f: impl FnOnce(wit::Input<'_>) -> R) -> R {
    let regions = regions(&snapshot.regions);
    let zones = zones(&snapshot.zones);
    let instance_types: Vec<_> = snapshot
        .instance_types
        .iter()
        .map(|row| wit::InstanceType {
            name: row.name.as_str(),
            capacity: row.capacity,
            price_micros_per_hour: row.price_micros_per_hour,
        })
        .collect();
    let metrics = metrics(&snapshot.metrics);
    let in_flight: Vec<_> = snapshot.in_flight.iter().map(in_flight).collect();
    let limits: Vec<_> = snapshot.limits.iter().map(limits).collect();
    let boot: Vec<_> = snapshot.boot.iter().map(boot).collect();
    let history: Vec<_> = snapshot.history.iter().map(series).collect();
    let calendar: Vec<_> = snapshot.calendar.iter().map(calendar).collect();
    let facts = facts(&snapshot.facts);
    f(wit::Input {
        now_ms: snapshot.now.0,
        seed: snapshot.seed,
        group: &snapshot.group,
        regions: &regions,
        zones: &zones,
        instance_types: &instance_types,
        nodes: nodes(&snapshot.nodes),
        metrics: &metrics,
        in_flight: &in_flight,
        limits: &limits,
        boot: &boot,
        history: &history,
        calendar: &calendar,
        facts: &facts,
    })
}

/// Hands the view over.
pub(super) fn with_view<R>(view: &core::View, f: impl FnOnce(wit::View<'_>) -> R) -> R {
    let regions = regions(&view.regions);
    let zones = zones(&view.zones);
    let metrics = metrics(&view.metrics);
    let facts = facts(&view.facts);
    f(wit::View {
        now_ms: view.now.0,
        group: &view.group,
        action: action(view.action),
        regions: &regions,
        zones: &zones,
        nodes: nodes(&view.nodes),
        metrics: &metrics,
        facts: &facts,
    })
}

fn action(action: Action) -> wit::Action {
    match action {
        Action::Broadcast => wit::Action::Broadcast,
        Action::Subscribe => wit::Action::Subscribe,
    }
}

fn role(role: Role) -> wit::Role {
    match role {
        Role::Origin => wit::Role::Origin,
        Role::Edge => wit::Role::Edge,
        Role::Transcoder => wit::Role::Transcoder,
        Role::Relay => wit::Role::Relay,
    }
}

fn measure(measure: core::Measure) -> wit::Measure {
    match measure {
        core::Measure::Connections => wit::Measure::Connections,
        core::Measure::Joins => wit::Measure::Joins,
        core::Measure::Refused => wit::Measure::Refused,
    }
}

fn nodes(nodes: &core::Nodes) -> wit::Nodes<'_> {
    wit::Nodes {
        id: &nodes.id,
        role: &nodes.role,
        state: &nodes.state,
        flags: &nodes.flags,
        zone: &nodes.zone,
        instance_type: &nodes.instance_type,
        age_s: &nodes.age_s,
        report_age_ms: &nodes.report_age_ms,
        capacity: &nodes.capacity,
        connections: &nodes.connections,
        publishers: &nodes.publishers,
        streams: &nodes.streams,
        edge_subscribers: &nodes.edge_subscribers,
        restreamers: &nodes.restreamers,
        assigned: &nodes.assigned,
        free_memory_mib: &nodes.free_memory_mib,
        max_memory_mib: &nodes.max_memory_mib,
    }
}

fn regions(regions: &[RegionName]) -> Vec<wit::Region<'_>> {
    regions
        .iter()
        .map(|region| wit::Region {
            name: region.as_str(),
        })
        .collect()
}

fn zones(zones: &[core::ZoneRow]) -> Vec<wit::Zone<'_>> {
    zones
        .iter()
        .map(|zone| wit::Zone {
            name: zone.name.as_str(),
            region: zone.region,
            blocked: zone.blocked,
        })
        .collect()
}

fn metrics(metrics: &[core::Metric]) -> Vec<wit::Metric<'_>> {
    metrics
        .iter()
        .map(|metric| wit::Metric {
            name: &metric.name,
            values: &metric.values,
        })
        .collect()
}

fn facts(facts: &[core::Fact]) -> Vec<wit::FactParam<'_>> {
    facts
        .iter()
        .map(|fact| wit::FactParam {
            name: &fact.name,
            value: fact.value,
        })
        .collect()
}

fn in_flight(row: &core::InFlightRow) -> wit::LaunchInFlight {
    wit::LaunchInFlight {
        id: row.id,
        role: role(row.role),
        zone: row.zone,
        instance_type: row.instance_type,
        age_ms: row.age_ms,
    }
}

fn limits(row: &core::LimitsRow) -> wit::Limits {
    wit::Limits {
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

fn boot(row: &core::BootRow) -> wit::BootStats {
    wit::BootStats {
        role: role(row.role),
        samples: row.samples,
        median_ms: row.median_ms,
        p95_ms: row.p95_ms,
    }
}

fn series(row: &core::SeriesRow) -> wit::Series<'_> {
    wit::Series {
        measure: measure(row.measure),
        role: role(row.role),
        region: row.region,
        bucket_ms: row.bucket_ms,
        until_ms: row.until.0,
        values: &row.values,
    }
}

fn calendar(row: &core::CalendarRow) -> wit::CalendarEntry<'_> {
    wit::CalendarEntry {
        title: &row.title,
        starts_ms: row.starts.0,
        ends_ms: row.ends.0,
        expected_peak: row.expected_peak,
    }
}
