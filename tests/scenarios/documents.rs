//! The group of a scenario and its documents.

use std::collections::BTreeMap;

use weir_core::group::{
    Binding, Bindings, Group, GroupSpec, GroupState as Phase, LaunchDocument, LimitsDocument,
    RoleLimits, StatedBindings,
};
use weir_core::group_state::Place;
use weir_core::ids::{GroupId, RegionName};
use weir_core::node::Role;

use crate::manager::START;

pub const REGION: &str = "eu-west-1";

fn bound(policy: &str) -> Binding {
    Binding {
        policy: policy.to_owned(),
        settings: "{}".to_owned(),
    }
}

pub fn group() -> Group {
    Group {
        id: GroupId(1),
        name: "scenario".into(),
        regions: vec![REGION.into()],
        launch_config: "launch".to_owned(),
        limits: "limits".to_owned(),
        state: Phase::New,
        created_at: START,
        bindings: weir_core::group::OwnBindings::default(),
        next_no: 1,
        version: 1,
    }
}

pub fn documents() -> (LimitsDocument, LaunchDocument) {
    let limits = LimitsDocument {
        name: "limits".to_owned(),
        description: String::new(),
        kind: String::new(),
        version: "0.0.3".to_owned(),
        flat: false,
        regions: vec![("default".to_owned(), Vec::new())],
        bindings: StatedBindings::default(),
    };
    let launch = LaunchDocument {
        name: "launch".to_owned(),
        description: String::new(),
        image: "image".to_owned(),
        version: "0.0.3".to_owned(),
        targets: Vec::new(),
        properties: Vec::new(),
        tags: Vec::new(),
    };
    (limits, launch)
}

pub fn limits(role: Role, min: u32, max: u32, step: u32) -> RoleLimits {
    RoleLimits {
        role,
        min,
        max,
        step,
        scale_out_wait: None,
        scale_in_wait: None,
        warm_up: None,
        cool_down: None,
    }
}

pub fn place(zone: &str) -> Place {
    Place {
        region: REGION.into(),
        zone: zone.into(),
    }
}

pub fn spec(
    limits: &LimitsDocument,
    launch: &LaunchDocument,
    thresholds: &BTreeMap<Role, u32>,
) -> GroupSpec {
    let defaults = Bindings {
        scaling: bound("threshold"),
        broadcast: bound("round-robin"),
        subscribe: bound("weighted"),
    };
    let regions = [RegionName::from(REGION)];
    GroupSpec::resolve(&regions, limits, launch, thresholds, &defaults)
}
