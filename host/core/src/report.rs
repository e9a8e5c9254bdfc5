//! Weir's node protocol, format version 1: what nodes post to `/streammanager/cloudwatch` and what they are answered.
//!
//! Member names are camel case; times are milliseconds since 1970 by the *node's* clock, sizes are bytes.
//! Nothing here decides anything; [`crate::liveness`] and [`crate::group_state`] do.
//!
//! A node asks for its role, reports as soon as it has it, and then once a period. Publishers that come and go it tells at
//! once; a report as soon as an ordered link stands is not asked for, but brings its first viewers sooner.

mod bounds;
mod wire;

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::node::Role;
use crate::stream::StreamKind;

pub use bounds::{
    MOST_ACKS, MOST_CAPABILITIES, MOST_METRICS, MOST_PARENTS, MOST_STREAMS, OverBound,
};

/// Format version this manager speaks.
pub const FORMAT_VERSION: u32 = 1;

/// One start of a node's service: start time in ms and a random word (`1542855570000-b7d1`), ordered by the time,
/// then by the word. A node that reports a later boot was restarted; an earlier one is an old message.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Boot {
    /// Start of the service, node's clock.
    pub started_ms: u64,
    /// Tells two starts in one millisecond apart.
    pub word: String,
}

/// The text is not `{ms}-{word}`.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "boot must be the service's start in ms, a dash and a random word, like 1542855570000-b7d1; got {0:?}"
)]
pub struct BootError(pub String);

impl FromStr for Boot {
    type Err = BootError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let wrong = || BootError(text.chars().take(64).collect());
        let (ms, word) = text.split_once('-').ok_or_else(wrong)?;
        let started_ms = ms.parse().map_err(|_| wrong())?;
        let plain = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '-';
        if word.is_empty() || word.len() > 64 || !word.chars().all(plain) {
            return Err(wrong());
        }
        Ok(Self {
            started_ms,
            word: word.to_owned(),
        })
    }
}

impl fmt::Display for Boot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{}", self.started_ms, self.word)
    }
}

impl Serialize for Boot {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Boot {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?
            .parse()
            .map_err(serde::de::Error::custom)
    }
}

/// What stands in every message.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Envelope {
    /// Format version, 1.
    pub v: u32,
    /// Identifier given at launch.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub node_id: Option<String>,
    /// Instance id of the cloud.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub platform_id: Option<String>,
    /// Address clients use, as the node sees it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub public_ip: Option<String>,
    /// Address inside the cloud's network.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub private_ip: Option<String>,
    /// Public DNS name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hostname: Option<String>,
    /// Which start of the service speaks.
    pub boot: Boot,
    /// Rises by one per message within one boot.
    pub seq: u64,
    /// Node's clock, ms.
    pub timestamp: u64,
    /// Ids of commands carried out since the last message, `"id"` or `"id:error text"`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub ack: Vec<String>,
}

/// One message of a node.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "wire::Wire")]
pub struct Message {
    /// Who speaks.
    #[serde(flatten)]
    pub envelope: Envelope,
    /// What is said.
    #[serde(flatten)]
    pub body: Body,
}

/// The kinds of message.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(tag = "type", rename_all = "lowercase")]
pub enum Body {
    /// "What am I?", repeated until answered.
    Role(RoleRequest),
    /// Load, each reporting period.
    Report(Report),
    /// A publisher started.
    Publish(PublishNotice),
    /// A publisher ended.
    Unpublish(PublishNotice),
    /// Clean shutdown.
    Bye {},
}

/// Body of `role`.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct RoleRequest {
    /// Software of the node.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub software: Option<Software>,
}

/// Software of a node and what it can do.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Software {
    /// Product.
    #[serde(default)]
    pub name: String,
    /// Version.
    #[serde(default)]
    pub version: String,
    /// Words such as `publish`, `subscribe`, `transcode`, `push`.
    #[serde(default)]
    pub capabilities: Vec<String>,
}

/// Body of `report`.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Report {
    /// Direct publishers and direct subscribers: the alarm's figure.
    pub client_count: u32,
    /// Direct publishers.
    pub publisher_count: u32,
    /// Direct subscribers.
    pub subscriber_count: u32,
    /// Outgoing restreams to children.
    pub restreamer_count: u32,
    /// Links of edges.
    pub edge_proxy_count: u32,
    /// Free memory of the service, bytes.
    pub free_memory: u64,
    /// Most memory the service may take, bytes.
    pub max_memory: u64,
    /// Time since the service started, ms.
    pub uptime_ms: u64,
    /// Last time a client sent or got something, ms, node's clock; 0 = never.
    pub last_traffic_time: u64,
    /// Links to parents as the child sees them.
    pub parents: Vec<ParentLink>,
    /// Streams the node holds: all of them, or with `delta` the changed ones.
    pub streams: Vec<StreamReport>,
    /// `streams` lists only what changed since the last report.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub delta: bool,
    /// Further numbers, dotted names.
    pub metrics: BTreeMap<String, f64>,
}

/// A link to a parent, as the child reports it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ParentLink {
    /// The parent's address as given in the `link` command.
    pub address: String,
    /// `connecting`, `established`, `disconnected` or `error`; other words are read as `error`.
    pub state: String,
}

/// A stream in a report.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct StreamReport {
    /// Application and sub-scopes.
    pub scope: String,
    /// Name.
    pub name: String,
    /// Published here or pulled.
    #[serde(default = "publish")]
    pub kind: StreamKind,
    /// Start of the publish, ms, node's clock.
    #[serde(default)]
    pub start_time: u64,
    /// Subscribers on this node.
    #[serde(default)]
    pub subscribers: u32,
    /// Bytes received since the start.
    #[serde(default)]
    pub bytes_in: u64,
    /// Bytes sent since the start.
    #[serde(default)]
    pub bytes_out: u64,
    /// Codecs, for people.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub codec: Option<String>,
    /// In a delta: the stream is gone.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub ended: bool,
}

fn publish() -> StreamKind {
    StreamKind::Publish
}

/// Body of `publish` and `unpublish`.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct PublishNotice {
    /// Application and sub-scopes.
    pub scope: String,
    /// Name.
    pub name: String,
    /// Start of the publish, ms, node's clock.
    pub start_time: u64,
    /// End of the publish, ms, node's clock.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub end_time: Option<u64>,
    /// `client`, `timeout`, `kicked` or `shutdown`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

/// Answer to a message.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Answer {
    /// The node is known and the message was taken.
    pub accepted: bool,
    /// Not known (yet): ask again after so long.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retry_after_ms: Option<u64>,
    /// Answer to `role`.
    #[serde(default, flatten, skip_serializing_if = "Option::is_none")]
    pub assignment: Option<Assignment>,
    /// To be carried out once each; repeated until acknowledged.
    #[serde(default)]
    pub commands: Vec<Command>,
    /// Period of reports wanted from now on, ms.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reporting_speed: Option<u64>,
    /// Why a known node's message was not taken, and the mend.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error_message: Option<String>,
    /// Manager's clock, ms.
    pub time: u64,
}

/// What a node is told of itself.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Assignment {
    /// Identifier.
    pub node_id: String,
    /// Group's name.
    pub group: String,
    /// Role.
    pub role: Role,
    /// Region code.
    pub region: String,
    /// Zone code.
    pub availability_zone: String,
    /// Connections that count as 100 %.
    pub capacity: u32,
    /// Clustering settings.
    pub cluster: ClusterSettings,
}

/// Operational settings every node of the fleet shares.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ClusterSettings {
    /// `auto`.
    pub mode: String,
    /// RTMP port.
    pub public_port: u16,
    /// HTTP port.
    pub access_port: u16,
    /// Seconds a child waits before it retries a lost parent.
    pub retry_duration: u32,
    /// Reporting period, ms.
    pub reporting_speed: u64,
}

/// Something a node is to do, at most once per id.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Command {
    /// Acknowledged by this id.
    pub id: String,
    /// What to do.
    #[serde(flatten)]
    pub order: Order,
    /// Manager's clock, ms: not repeated after it.
    pub deadline_ms: u64,
}

/// The orders.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", content = "args", rename_all = "lowercase")]
pub enum Order {
    /// Connect as child of the parent.
    Link {
        /// The parent.
        parent: Parent,
    },
    /// Leave the parent.
    Unlink {
        /// The parent.
        parent: Parent,
    },
    /// Refuse new clients, or take them again.
    Drain {
        /// True: refuse.
        on: bool,
    },
    /// Drop clients of a stream; an empty name means all clients.
    Kick {
        /// Application and sub-scopes.
        scope: String,
        /// Stream.
        name: String,
    },
    /// Send a full report now.
    Resync {},
    /// Stop the service.
    Exit {},
}

/// A parent as its child is told.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Parent {
    /// Identifier.
    pub node_id: String,
    /// Address.
    pub address: String,
    /// RTMP port.
    pub port: u16,
}
