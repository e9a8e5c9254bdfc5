//! Records with as many members filled as there are: what is left out would not be tested.

use weir::store::{Document, Fence, Frame, GroupWrite, NewDecision, Store, StoredGroup};
use weir_core::group::{
    Binding, Group, GroupState, LaunchDocument, LaunchTarget, LimitsDocument, RoleLimits,
    StatedBindings,
};
use weir_core::ids::{GroupId, NodeId, NodeNo};
use weir_core::node::{Drain, Node, NodeState, Role};
use weir_core::reason::Reason;
use weir_core::units::{DurationMs, UtcMs};

pub fn limits(name: &str) -> LimitsDocument {
    LimitsDocument {
        name: name.into(),
        description: "Ümläute \"and\" quotes".into(),
        kind: "com.red5pro.services.autoscaling.model.ScalePolicyMaster".into(),
        version: "0.0.3".into(),
        flat: false,
        regions: vec![(
            "default".into(),
            vec![RoleLimits {
                role: Role::Edge,
                min: 1,
                max: 2,
                step: 1,
                scale_out_wait: Some(DurationMs(0)),
                scale_in_wait: None,
                warm_up: None,
                cool_down: Some(DurationMs(180_000)),
            }],
        )],
        bindings: StatedBindings {
            scaling: Some(Binding {
                policy: "threshold".into(),
                settings: "{\"a\":1}".into(),
            }),
            broadcast: None,
            subscribe: None,
        },
    }
}

pub fn launch(name: &str) -> LaunchDocument {
    LaunchDocument {
        name: name.into(),
        description: String::new(),
        image: "red5pro-autoscaling".into(),
        version: "0.0.3".into(),
        targets: vec![LaunchTarget {
            role: Role::Edge,
            instance_type: "t2.medium".into(),
            capacity: 1,
            image: None,
        }],
        properties: vec![],
        tags: vec![("environment".into(), "tutorial".into())],
    }
}

pub fn group(name: &str) -> Group {
    Group {
        id: GroupId(0),
        name: name.into(),
        regions: vec!["ap-northeast-1".into()],
        launch_config: "launch1".into(),
        limits: "scale1".into(),
        state: GroupState::New,
        created_at: UtcMs(1_542_855_000_000),
        bindings: weir_core::group::OwnBindings::default(),
        next_no: 1,
        version: 0,
    }
}

pub fn node(no: u32, id: &str) -> Node {
    Node {
        no: NodeNo(no),
        id: id.into(),
        role: Role::Edge,
        region: "ap-northeast-1".into(),
        zone: "ap-northeast-1c".into(),
        instance_type: "t2.medium".into(),
        image: "red5pro-autoscaling".into(),
        capacity: 1,
        launch_config: "launch1".into(),
        tags: vec![("environment".into(), "tutorial".into())],
        properties: vec![("UserData".into(), "x".into())],
        state: NodeState::Pending,
        state_since: UtcMs(1_542_855_506_676),
        launched_at: UtcMs(1_542_855_506_676),
        in_service_at: None,
        drain: Some(Drain {
            since: UtcMs(5),
            deadline: None,
            reason: Reason::Policy,
        }),
        sunset: false,
        reason: Reason::BelowMinimum,
        platform_id: Some("i-0abc".into()),
        address: Some("203.0.113.7".into()),
        private_address: None,
        hostname: None,
        boot: Some("1542855570000-b7d1".parse().unwrap()),
        version: 1,
    }
}

/// A decision with news and a frame of its own.
pub fn decision(at: u64) -> NewDecision {
    linked(at, at, 0)
}

/// A decision at a place of a chain.
pub fn linked(at: u64, chain: u64, link: u32) -> NewDecision {
    NewDecision {
        at: UtcMs(at),
        document: Some(format!("{{\"at\":{at}}}")),
        frame: Some(Frame {
            chain,
            link,
            bytes: at.to_le_bytes().to_vec(),
        }),
        keep_since: UtcMs(0),
    }
}

/// A group with its two documents, and the right to write it.
pub async fn with_group(store: &dyn Store) -> (Group, Fence) {
    for document in [
        Document::Limits(limits("scale1")),
        Document::Launch(launch("launch1")),
    ] {
        store.create_document(&document).await.unwrap();
    }
    let group = store.create_group(&group("group-one")).await.unwrap();
    let fence = store.take_group(group.id, "test").await.unwrap();
    (group, fence)
}

/// A plan that only has these nodes.
pub fn nodes<'a>(nodes: &[&'a Node]) -> GroupWrite<'a> {
    GroupWrite {
        nodes: nodes.to_vec(),
        ..GroupWrite::default()
    }
}

pub fn gone(id: &NodeId) -> GroupWrite<'_> {
    GroupWrite {
        gone: vec![id],
        ..GroupWrite::default()
    }
}

/// The group as it stands in the store.
pub async fn stored(store: &dyn Store, group: GroupId) -> StoredGroup {
    let groups = store.groups().await.unwrap();
    groups
        .into_iter()
        .find(|stored| stored.group.id == group)
        .unwrap()
}
