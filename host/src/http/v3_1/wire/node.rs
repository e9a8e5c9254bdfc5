//! Nodes, their figures and their links.

use serde::Serialize;
use utoipa::ToSchema;
use weir_core::ids::GroupName;
use weir_core::node::Node;

use crate::fleet::status::{GroupStatus, LinkStatus, NodeStatus};

/// A node as the API writes it.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(in crate::http) struct NodeObject {
    identifier: String,
    /// `origin`, `edge`, `relay` or `transcoder`.
    role: &'static str,
    availability_zone: String,
    /// Missing while the cloud has not said it.
    #[serde(skip_serializing_if = "Option::is_none")]
    address: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    hostname: Option<String>,
    /// `pending`, `running`, `inservice`, `unresponsive` or `terminating`.
    state: &'static str,
    launch_config: String,
    capacity: u32,
    /// Name of the group; not in a group's own lists.
    #[serde(skip_serializing_if = "Option::is_none")]
    group: Option<String>,
    /// Takes no new clients and leaves when it is empty.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    draining: bool,
    /// Sunset by an operator.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    sunset: bool,
}

impl NodeObject {
    /// As a group's list has it.
    pub(in crate::http) fn of(node: &Node) -> Self {
        Self {
            identifier: node.id.to_string(),
            role: node.role.as_str(),
            availability_zone: node.zone.to_string(),
            address: node.address.clone(),
            hostname: node.hostname.clone(),
            state: node.state.as_str(),
            launch_config: node.launch_config.clone(),
            capacity: node.capacity,
            group: None,
            draining: node.drain.is_some(),
            sunset: node.sunset,
        }
    }

    /// With the name of its group.
    pub(in crate::http) fn in_group(node: &Node, group: &GroupName) -> Self {
        Self {
            group: Some(group.to_string()),
            ..Self::of(node)
        }
    }
}

/// A node with its figures.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(in crate::http) struct NodeStats {
    #[serde(flatten)]
    node: NodeObject,
    total_connections: u32,
    /// Addresses of its parents.
    parents: Vec<String>,
    /// ms, the node's clock; 0 = never.
    last_traffic_time: u64,
    /// When its newest report arrived, ms; 0 = never.
    last_ping: u64,
}

impl NodeStats {
    /// What it last said of itself.
    pub(in crate::http) fn of(status: &NodeStatus, group: &GroupName) -> Self {
        Self {
            node: NodeObject::in_group(&status.node, group),
            total_connections: status.connections,
            parents: status.parents.clone(),
            last_traffic_time: status.last_traffic_ms,
            last_ping: status.last_report.map_or(0, |at| at.0),
        }
    }
}

/// A parent and a child.
#[derive(Debug, Serialize, ToSchema)]
pub(in crate::http) struct Relation {
    parent: Relative,
    child: Relative,
    /// With `linkstate=true`.
    #[serde(skip_serializing_if = "Option::is_none")]
    link: Option<Link>,
}

#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct Relative {
    #[serde(skip_serializing_if = "Option::is_none")]
    address: Option<String>,
    state: &'static str,
    role: &'static str,
    availability_zone: String,
    identifier: String,
    /// ms.
    launch_time: u64,
}

#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct Link {
    /// `prospective`, `connecting`, `established`, `disconnecting`, `disconnected` or `error`.
    state: &'static str,
    /// ms.
    state_updated: u64,
}

impl Relation {
    /// `None` when one of the two is gone already.
    pub(in crate::http) fn of(
        status: &GroupStatus,
        link: &LinkStatus,
        with_state: bool,
    ) -> Option<Self> {
        let relative = |no| status.node(no).map(|status| Relative::of(&status.node));
        Some(Self {
            parent: relative(link.parent)?,
            child: relative(link.child)?,
            link: with_state.then_some(Link {
                state: link.state,
                state_updated: link.since.0,
            }),
        })
    }
}

impl Relative {
    fn of(node: &Node) -> Self {
        Self {
            address: node.address.clone(),
            state: node.state.as_str(),
            role: node.role.as_str(),
            availability_zone: node.zone.to_string(),
            identifier: node.id.to_string(),
            launch_time: node.launched_at.0,
        }
    }
}
