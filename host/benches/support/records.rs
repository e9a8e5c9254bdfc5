//! Records of groups whose nodes are all in service.

use weir_core::group::{
    Binding, Group, GroupState, LaunchDocument, LaunchTarget, LimitsDocument, RoleLimits,
    StatedBindings,
};
use weir_core::ids::{GroupId, NodeNo};
use weir_core::node::{Node, NodeState, Role};
use weir_core::reason::Reason;
use weir_core::units::{DurationMs, UtcMs};

pub const REGION: &str = "eu-west-1";
pub const ZONES: [&str; 3] = ["eu-west-1a", "eu-west-1b", "eu-west-1c"];

/// How many nodes a group has.
#[derive(Debug, Clone, Copy)]
pub struct Crew {
    pub origins: u32,
    pub relays: u32,
    pub edges: u32,
    /// Clients a node carries.
    pub capacity: u32,
    /// Edges that may be added.
    pub room: u32,
}

pub fn bound(policy: &str) -> Binding {
    Binding {
        policy: policy.to_owned(),
        settings: "{}".to_owned(),
    }
}

/// The record of group `number`.
pub fn group(number: u32, crew: &Crew, now: UtcMs) -> Group {
    let name = format!("bench-{number}");
    Group {
        id: GroupId(number),
        name: name.as_str().into(),
        regions: vec![REGION.into()],
        launch_config: name.clone(),
        limits: name,
        state: GroupState::Active,
        created_at: now,
        bindings: weir_core::group::OwnBindings::default(),
        next_no: crew.origins + crew.relays + crew.edges + 1,
        version: 1,
    }
}

/// The records of its nodes, in service for two hours.
pub fn nodes(group: u32, crew: &Crew, now: UtcMs) -> Vec<Node> {
    let roles = [
        (Role::Origin, crew.origins),
        (Role::Relay, crew.relays),
        (Role::Edge, crew.edges),
    ];
    roles
        .into_iter()
        .flat_map(|(role, count)| std::iter::repeat_n(role, count as usize))
        .zip(1..)
        .map(|(role, no)| node(group, no, role, crew.capacity, now))
        .collect()
}

pub fn limits(name: &str, crew: &Crew) -> LimitsDocument {
    let of = |role, count, room| RoleLimits {
        role,
        min: count,
        max: count + room,
        step: 1,
        scale_out_wait: None,
        scale_in_wait: None,
        warm_up: None,
        cool_down: None,
    };
    LimitsDocument {
        name: name.to_owned(),
        description: String::new(),
        kind: String::new(),
        version: String::new(),
        flat: false,
        regions: vec![(
            REGION.to_owned(),
            vec![
                of(Role::Origin, crew.origins, 0),
                of(Role::Relay, crew.relays, 0),
                of(Role::Edge, crew.edges, crew.room),
            ],
        )],
        bindings: StatedBindings::default(),
    }
}

pub fn launch(name: &str, crew: &Crew) -> LaunchDocument {
    let target = |role| LaunchTarget {
        role,
        instance_type: "c5.large".into(),
        capacity: crew.capacity,
        image: None,
    };
    LaunchDocument {
        name: name.to_owned(),
        description: String::new(),
        image: "image".to_owned(),
        version: String::new(),
        targets: [Role::Origin, Role::Relay, Role::Edge].map(target).to_vec(),
        properties: Vec::new(),
        tags: Vec::new(),
    }
}

fn node(group: u32, no: u32, role: Role, capacity: u32, now: UtcMs) -> Node {
    let born = now - DurationMs::secs(7_200);
    let zone = ZONES[no as usize % ZONES.len()];
    let id = format!(
        "node-{zone}-{}",
        1_700_000_000_000 + u64::from(group * 20_000 + no)
    );
    Node {
        no: NodeNo(no),
        id: id.as_str().into(),
        role,
        region: REGION.into(),
        zone: zone.into(),
        instance_type: "c5.large".into(),
        image: "image".to_owned(),
        capacity,
        launch_config: "bench".to_owned(),
        tags: Vec::new(),
        properties: Vec::new(),
        state: NodeState::InService,
        state_since: born,
        launched_at: born,
        in_service_at: Some(born),
        drain: None,
        sunset: false,
        reason: Reason::BelowMinimum,
        platform_id: Some(format!("i-{id}").into()),
        address: Some(address(52, group, no)),
        private_address: Some(address(10, group, no)),
        hostname: Some(format!("{id}.example.com")),
        boot: Some(boot()),
        version: 1,
    }
}

/// Unique over groups and nodes.
fn address(first: u8, group: u32, no: u32) -> String {
    let at = group * 20_000 + no;
    format!("{first}.{}.{}.{}", at >> 16, at >> 8 & 255, at & 255)
}

/// The one start of every node's service.
pub fn boot() -> weir_core::report::Boot {
    weir_core::report::Boot {
        started_ms: 1_700_000_000_000,
        word: "b7d1".to_owned(),
    }
}
