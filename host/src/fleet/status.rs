//! The picture of a group that everybody may read. Made by the reconciler after each pass, never written elsewhere.

use std::sync::Arc;

use serde::{Deserialize, Serialize};
use weir_core::group::{Group, GroupSpec};
use weir_core::ids::{NodeNo, RegionName};
use weir_core::node::{Node, Role};
use weir_core::placement::Action;
use weir_core::reason::Clamp;
use weir_core::stream::{StreamKind, StreamName};
use weir_core::units::UtcMs;

/// A group as it stands.
#[derive(Debug, Clone)]
pub struct GroupStatus {
    /// The group's record.
    pub group: Group,
    /// What its decisions follow from.
    pub spec: Arc<GroupSpec>,
    /// Its nodes, by number.
    pub nodes: Vec<NodeStatus>,
    /// Parent and child pairs.
    pub links: Vec<LinkStatus>,
    /// Streams, one entry per node that holds it, ordered by both; those an operator cleared are left out.
    pub streams: Vec<StreamStatus>,
    /// Load per role and region, in the order of roles, then of the group's regions.
    pub roles: Vec<RoleStatus>,
    /// Which policies decide, and how they fare.
    pub bindings: Vec<BindingStatus>,
    /// Most nodes are silent at once: removals are frozen.
    pub frozen: bool,
}

impl GroupStatus {
    /// The node of that number.
    pub fn node(&self, no: NodeNo) -> Option<&NodeStatus> {
        self.nodes
            .binary_search_by_key(&no, |status| status.node.no)
            .ok()
            .map(|at| &self.nodes[at])
    }

    /// The entries of one stream.
    pub fn holders(&self, stream: &StreamName) -> &[StreamStatus] {
        let first = self.streams.partition_point(|entry| entry.stream < *stream);
        let rest = &self.streams[first..];
        &rest[..rest.partition_point(|entry| entry.stream == *stream)]
    }
}

/// A node with what it last said of itself.
#[derive(Debug, Clone)]
pub struct NodeStatus {
    /// Its record.
    pub node: Arc<Node>,
    /// Direct clients, last reported.
    pub connections: u32,
    /// Direct publishers, last reported.
    pub publishers: u32,
    /// Clients sent there that no report shows yet.
    pub assigned: u32,
    /// When its newest report arrived.
    pub last_report: Option<UtcMs>,
    /// Last client traffic by the node's clock, ms; 0 = never.
    pub last_traffic_ms: u64,
    /// Addresses of its established parents.
    pub parents: Vec<String>,
    /// Those of them that no rule gives: linked because somebody watches a stream that comes no other way.
    pub parents_on_demand: Vec<String>,
    /// Its children may pull more streams than it carries.
    pub overloaded: bool,
    /// What the cloud last said against a call for it, if it did.
    pub problem: Option<String>,
}

/// A link, wanted or made.
#[derive(Debug, Clone)]
pub struct LinkStatus {
    /// Ingest side.
    pub parent: NodeNo,
    /// The side that connects.
    pub child: NodeNo,
    /// `prospective`, `connecting`, `established`, `disconnecting`, `disconnected` or `error`.
    pub state: &'static str,
    /// Since when.
    pub since: UtcMs,
}

/// A stream on a node.
#[derive(Debug, Clone)]
pub struct StreamStatus {
    /// Scope and name.
    pub stream: StreamName,
    /// Who holds it.
    pub node: NodeNo,
    /// Published there or pulled.
    pub kind: StreamKind,
    /// Its subscribers on that node.
    pub subscribers: u32,
    /// Start by the node's clock.
    pub started_at: UtcMs,
}

/// A published stream with the viewers of its group.
#[derive(Debug, Clone)]
pub struct PublishedStream {
    /// Where its publisher is.
    pub node: Arc<Node>,
    /// Viewers on edges, and on origins where a group has no edges.
    pub viewers: u32,
    /// Start by the node's clock.
    pub started_at: UtcMs,
}

/// Load of a role in a region.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct RoleStatus {
    /// Role.
    pub role: Role,
    /// Region.
    pub region: RegionName,
    /// All nodes, whatever their state.
    pub nodes: u32,
    /// Nodes in service.
    pub in_service: u32,
    /// Nodes draining or sunset.
    pub draining: u32,
    /// Capacity of all nodes.
    pub capacity: u32,
    /// Capacity of nodes in service.
    pub capacity_in_service: u32,
    /// Direct clients on all of them.
    pub connections: u32,
    /// The alarm's figure, percent with a fraction; `None` without capacity in service.
    pub load_percent: Option<f64>,
    /// Limits, where the document has some.
    pub min: Option<u32>,
    /// See `min`.
    pub max: Option<u32>,
}

/// One decision's policy and how it fares.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct BindingStatus {
    /// `scaling`, `broadcast` or `subscribe`.
    pub decides: &'static str,
    /// Policy bound.
    pub policy: String,
    /// Policy that answers now: the bound one unless the ladder stepped down; `None` = hold.
    pub answering: Option<String>,
    /// Version the answering policy states.
    pub version: Option<String>,
    /// SHA-256 of the answering policy.
    pub digest: Option<String>,
    /// Settings document.
    pub settings: String,
    /// Faults since the start.
    pub faults: u64,
    /// The newest fault, with who is to blame.
    pub last_fault: Option<String>,
}

/// A scaling decision, as it is stored and shown.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ScalingDecision {
    /// When.
    pub at: UtcMs,
    /// Policy that answered; `None`: nobody did, the host only kept the minimum.
    pub policy: Option<String>,
    /// Its version.
    pub version: Option<String>,
    /// SHA-256 of its bytes.
    pub digest: Option<String>,
    /// In a line.
    pub summary: String,
    /// The policy's own words.
    pub reasons: Vec<String>,
    /// Named numbers of the policy.
    pub signals: Vec<(String, f64)>,
    /// Identifiers launched, with role and the reason's code.
    pub launched: Vec<NodeAction>,
    /// Identifiers marked for retirement.
    pub retired: Vec<NodeAction>,
    /// Identifiers taken back or given up.
    pub reverted: Vec<NodeAction>,
    /// Wishes that were cut.
    pub clamps: Vec<Clamp>,
    /// Why there was no answer, with who is to blame.
    pub fault: Option<String>,
    /// Fuel used.
    pub fuel: u64,
    /// Wall time of the call, microseconds.
    pub micros: u64,
}

/// What a decision did to one node.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct NodeAction {
    /// Identifier.
    pub node: String,
    /// Role.
    pub role: Role,
    /// Zone.
    pub zone: String,
    /// Why, in words.
    pub why: String,
}

/// A placement decision, as it is shown. Kept in memory, the newest few per group.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct SelectionDecision {
    /// When.
    pub at: UtcMs,
    /// Who asked.
    pub action: Action,
    /// `scope/name`.
    pub stream: String,
    /// Policy that answered; `None`: the host's own ranking.
    pub policy: Option<String>,
    /// Its version.
    pub version: Option<String>,
    /// Identifiers answered, best first.
    pub chosen: Vec<String>,
    /// Why these, or why nobody.
    pub reason: String,
    /// Fuel used.
    pub fuel: u64,
    /// Wall time of the call, microseconds.
    pub micros: u64,
}
