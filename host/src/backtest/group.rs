//! The group of a backtest, with the documents an operator would write for it: one origin, which carries the publisher and
//! is not judged, and the edges a policy scales.

use std::collections::BTreeMap;
use std::sync::Arc;

use weir_core::group::{
    Binding, Bindings, Group, GroupSpec, GroupState as Phase, LaunchDocument, LaunchTarget,
    LimitsDocument, RoleLimits, StatedBindings,
};
use weir_core::group_state::{GroupState, HostRules, Place};
use weir_core::ids::{GroupId, NodeId, NodeNo, RegionName};
use weir_core::node::{Node, NodeState, Role};
use weir_core::reason::Reason;
use weir_core::timers::Timers;
use weir_core::units::{DurationMs, UtcMs};

use super::instances::{address, first_boot};
use super::plant::{Admission, Setup};

/// Its only region.
pub(super) const REGION: &str = "recorded";
const ZONES: [&str; 2] = ["zone-a", "zone-b"];
const MACHINE: &str = "edge.machine";
const ORIGIN_MACHINE: &str = "origin.machine";
/// The origin is never the matter here: its capacity is out of reach.
const ORIGIN_CAPACITY: u32 = 1_000_000;
/// Nodes that serve at the start have done so for this long: no policy takes them for new ones.
const FIRST_AGE: DurationMs = DurationMs::secs(3_600);
/// How much longer than the longest boot a launch may take before it is given up, percent.
const PATIENCE_PERCENT: u64 = 150;

/// The records at the start: an origin and so many edges, all in service.
pub(super) fn records(setup: &Setup, edges: u32, now: UtcMs) -> Vec<Node> {
    let roles = std::iter::once(Role::Origin).chain((0..edges).map(|_| Role::Edge));
    roles
        .zip(1..)
        .map(|(role, no)| record(setup, role, NodeNo(no), now))
        .collect()
}

fn record(setup: &Setup, role: Role, no: NodeNo, now: UtcMs) -> Node {
    let id = NodeId::from(format!("first-{no}"));
    let since = now - FIRST_AGE;
    let target = target(setup, role);
    Node {
        no,
        role,
        region: REGION.into(),
        zone: ZONES[no.0 as usize % ZONES.len()].into(),
        instance_type: target.instance_type,
        image: "image".to_owned(),
        capacity: target.capacity,
        launch_config: "launch".to_owned(),
        tags: Vec::new(),
        properties: Vec::new(),
        state: NodeState::InService,
        state_since: since,
        launched_at: since,
        in_service_at: Some(since),
        drain: None,
        sunset: false,
        reason: Reason::BelowMinimum,
        platform_id: Some(format!("i-{no}").into()),
        address: Some(address(no)),
        private_address: None,
        hostname: None,
        boot: Some(first_boot(&id, since)),
        version: 1,
        id,
    }
}

fn target(setup: &Setup, role: Role) -> LaunchTarget {
    let (instance_type, capacity) = match role {
        Role::Edge => (MACHINE, setup.plant.capacity),
        Role::Origin | Role::Relay | Role::Transcoder => (ORIGIN_MACHINE, ORIGIN_CAPACITY),
    };
    LaunchTarget {
        role,
        instance_type: instance_type.into(),
        capacity,
        image: None,
    }
}

/// The group with these records, active since long.
pub(super) fn state(setup: &Setup, nodes: Vec<Node>, now: UtcMs) -> GroupState {
    let next_no = u32::try_from(nodes.len()).unwrap_or(u32::MAX - 1) + 1;
    let group = Group {
        id: GroupId(1),
        name: "backtest".into(),
        regions: vec![REGION.into()],
        launch_config: "launch".to_owned(),
        limits: "limits".to_owned(),
        state: Phase::Active,
        created_at: now - FIRST_AGE,
        bindings: weir_core::group::OwnBindings::default(),
        next_no,
        version: 1,
    };
    let places = ZONES.map(|zone| Place {
        region: REGION.into(),
        zone: zone.into(),
    });
    let (spec, rules) = (Arc::new(spec(setup)), Arc::new(rules(setup)));
    GroupState::restore(group, nodes, spec, rules, places.to_vec(), now)
}

fn spec(setup: &Setup) -> GroupSpec {
    let limits = &setup.limits;
    let edges = RoleLimits {
        role: Role::Edge,
        min: limits.min,
        max: limits.max,
        step: limits.step,
        scale_out_wait: limits.scale_out_wait,
        scale_in_wait: limits.scale_in_wait,
        warm_up: limits.warm_up,
        cool_down: limits.cool_down,
    };
    let origins = RoleLimits {
        role: Role::Origin,
        min: 1,
        max: 1,
        ..edges.clone()
    };
    let document = LimitsDocument {
        name: "limits".to_owned(),
        description: String::new(),
        kind: String::new(),
        version: String::new(),
        flat: false,
        regions: vec![(REGION.to_owned(), vec![origins, edges])],
        bindings: StatedBindings::default(),
    };
    let launch = LaunchDocument {
        name: "launch".to_owned(),
        description: String::new(),
        image: "image".to_owned(),
        version: String::new(),
        targets: vec![target(setup, Role::Origin), target(setup, Role::Edge)],
        properties: Vec::new(),
        tags: Vec::new(),
    };
    let thresholds = BTreeMap::from([(Role::Edge, limits.threshold_percent)]);
    let regions = [RegionName::from(REGION)];
    GroupSpec::resolve(&regions, &document, &launch, &thresholds, &unbound())
}

/// Contenders are asked directly, whatever is bound.
fn unbound() -> Bindings {
    let binding = || Binding {
        policy: String::new(),
        settings: "{}".to_owned(),
    };
    Bindings {
        scaling: binding(),
        broadcast: binding(),
        subscribe: binding(),
    }
}

fn rules(setup: &Setup) -> HostRules {
    let plant = &setup.plant;
    let usual = Timers::default();
    // An operator whose machines boot slowly allows them the time.
    let patience = DurationMs(plant.boots.longest().0 * PATIENCE_PERCENT / 100);
    let first_report = usual.first_report.max(patience);
    let timers = Timers {
        reporting: usual.reporting.max(plant.tick),
        first_report,
        stuck: usual.stuck.max(first_report),
        drain_deadline: plant.drain,
        ..usual
    };
    let usual = HostRules::default();
    HostRules {
        timers,
        prices: BTreeMap::from([(MACHINE.into(), plant.price_micros)]),
        hard_capacity: plant.admission == Admission::Hard,
        launches_per_minute: setup.limits.launches_per_minute,
        // Draining ones count too, and the limit under test is the group's own.
        nodes_per_group: usual
            .nodes_per_group
            .max(setup.limits.max.saturating_mul(2)),
        ..usual
    }
}
