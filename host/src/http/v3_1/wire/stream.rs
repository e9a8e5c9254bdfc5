//! Streams (the API's "events"), and the small answers round them.

use serde::Serialize;
use utoipa::ToSchema;
use weir_core::node::{Node, Role};
use weir_core::stream::StreamName;

/// The server a client is sent to. No host name: clients that see one leave the signalling proxy aside.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(in crate::http) struct ServerChoice {
    name: String,
    scope: String,
    server_address: String,
    region: String,
}

impl ServerChoice {
    /// `None` for a node without an address.
    pub(in crate::http) fn of(stream: &StreamName, node: &Node) -> Option<Self> {
        Some(Self {
            name: stream.name.clone(),
            scope: stream.scope.clone(),
            server_address: node.address.clone()?,
            region: node.region.to_string(),
        })
    }
}

/// A stream on a node.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(in crate::http) struct StreamEntry {
    /// Role of the node; not in the answer on a single stream.
    #[serde(rename = "type", skip_serializing_if = "Option::is_none")]
    role: Option<&'static str>,
    #[serde(flatten)]
    server: ServerChoice,
    /// With statistics.
    #[serde(skip_serializing_if = "Option::is_none")]
    current_subscribers: Option<u32>,
    /// With statistics: start of the publish, ms.
    #[serde(skip_serializing_if = "Option::is_none")]
    start_time: Option<u64>,
}

impl StreamEntry {
    /// `None` for a node without an address.
    pub(in crate::http) fn of(stream: &StreamName, node: &Node) -> Option<Self> {
        let server = ServerChoice::of(stream, node)?;
        Some(Self {
            role: Some(node.role.as_str()),
            server,
            current_subscribers: None,
            start_time: None,
        })
    }

    /// With statistics.
    pub(in crate::http) fn with_stats(self, subscribers: u32, start_ms: u64) -> Self {
        Self {
            current_subscribers: Some(subscribers),
            start_time: Some(start_ms),
            ..self
        }
    }

    /// As the answer on a single stream has it.
    pub(in crate::http) fn without_type(self) -> Self {
        Self { role: None, ..self }
    }
}

/// How many entries were dropped.
#[derive(Debug, Serialize, ToSchema)]
pub(in crate::http) struct Cleared {
    /// Entries.
    pub count: u32,
    /// Manager's clock, ms.
    pub timestamp: u64,
}

/// The alarm that asks for more nodes.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(in crate::http) struct Alarm {
    id: u32,
    /// `SCALEOUTALARM`.
    #[serde(rename = "type")]
    kind: &'static str,
    metric: &'static str,
    unit: &'static str,
    /// Percent.
    threshold: u32,
    comparator: &'static str,
    target_type: &'static str,
}

impl Alarm {
    /// A role's default alarm.
    pub(in crate::http) fn of(role: Role, threshold: u32) -> Self {
        let id = match role {
            Role::Edge => 1,
            Role::Origin => 2,
            Role::Relay => 3,
            Role::Transcoder => 4,
        };
        Self {
            id,
            kind: "SCALEOUTALARM",
            metric: "CONNECTIONS",
            unit: "PERCENTAGE",
            threshold,
            comparator: "GREATERTHAN",
            target_type: "GROUP",
        }
    }
}
