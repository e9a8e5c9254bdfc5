//! A node: one streaming server, its durable record and what it last said of itself.

use serde::{Deserialize, Serialize};

use crate::ids::{InstanceType, NodeId, NodeNo, PlatformId, RegionName, ZoneName};
use crate::reason::Reason;
use crate::report::Boot;
use crate::units::UtcMs;

/// What a node is there for. The order is that of `role` in the policy contract.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// Takes publishers.
    Origin,
    /// Serves subscribers.
    Edge,
    /// Makes variants of a stream and publishes them to an origin.
    Transcoder,
    /// Stands between origins and edges.
    Relay,
}

impl Role {
    /// All of them, in the order of the contract.
    pub const ALL: [Role; 4] = [Role::Origin, Role::Edge, Role::Transcoder, Role::Relay];

    /// The word on the wire and in tags.
    pub fn as_str(self) -> &'static str {
        match self {
            Role::Origin => "origin",
            Role::Edge => "edge",
            Role::Transcoder => "transcoder",
            Role::Relay => "relay",
        }
    }

    /// Reads the word in any case; `None` when it is no role.
    pub fn parse(word: &str) -> Option<Role> {
        Role::ALL
            .into_iter()
            .find(|role| role.as_str().eq_ignore_ascii_case(word.trim()))
    }
}

impl std::fmt::Display for Role {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Where a node stands in its life (`lifecycle` has the diagram). The order is that of the policy contract.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum NodeState {
    /// Recorded; the cloud is being asked or is creating the instance.
    Pending,
    /// The instance runs, the service was not heard yet.
    Running,
    /// The service reports.
    InService,
    /// An expected report did not come.
    Unresponsive,
    /// Its end is decided and stored; the cloud is being asked. No way back.
    Terminating,
}

impl NodeState {
    /// The word of the wire.
    pub fn as_str(self) -> &'static str {
        match self {
            NodeState::Pending => "pending",
            NodeState::Running => "running",
            NodeState::InService => "inservice",
            NodeState::Unresponsive => "unresponsive",
            NodeState::Terminating => "terminating",
        }
    }

    /// A launch that did not come into service yet.
    pub fn is_in_flight(self) -> bool {
        matches!(self, NodeState::Pending | NodeState::Running)
    }
}

/// A node that takes no new clients and leaves when it is empty.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Drain {
    /// When the mark was stored.
    pub since: UtcMs,
    /// When its last clients are cut; `None`: never.
    pub deadline: Option<UtcMs>,
    /// Why it was marked.
    pub reason: Reason,
}

/// The durable record of a node: one launch attempt with frozen parameters.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Node {
    /// Number in the group.
    pub no: NodeNo,
    /// Identifier: client token and tag.
    pub id: NodeId,
    /// What it is there for.
    pub role: Role,
    /// Region it was launched in.
    pub region: RegionName,
    /// Zone it was launched in.
    pub zone: ZoneName,
    /// Machine type.
    pub instance_type: InstanceType,
    /// Machine image, by name.
    pub image: String,
    /// Connections that count as 100 %.
    pub capacity: u32,
    /// Name of the launch configuration it was made from.
    pub launch_config: String,
    /// Tags besides the automatic ones, frozen with the record.
    pub tags: Vec<(String, String)>,
    /// Properties handed to the cloud controller, frozen with the record.
    pub properties: Vec<(String, String)>,
    /// Where it stands.
    pub state: NodeState,
    /// When `state` was entered.
    pub state_since: UtcMs,
    /// When the record was made, that is, when the launch was asked.
    pub launched_at: UtcMs,
    /// When it first came into service.
    pub in_service_at: Option<UtcMs>,
    /// Set while it drains.
    pub drain: Option<Drain>,
    /// Takes no new subscribers and leaves when empty, by the operator's word.
    pub sunset: bool,
    /// Why it was launched, and once it is terminating, why it ends.
    pub reason: Reason,
    /// The cloud's id, once known.
    pub platform_id: Option<PlatformId>,
    /// Address clients use.
    pub address: Option<String>,
    /// Address inside the cloud's network.
    pub private_address: Option<String>,
    /// Public DNS name.
    pub hostname: Option<String>,
    /// The service start that is or was last in service; older boots are refused.
    pub boot: Option<Boot>,
    /// Rises with each stored change; the store refuses a write that skips one.
    pub version: u64,
}

impl Node {
    /// In service and taking clients.
    pub fn is_offered(&self) -> bool {
        self.state == NodeState::InService && self.drain.is_none() && !self.sunset
    }

    /// Counts against the maximum: pending, running, in service or unresponsive, and not on its way out.
    pub fn counts_against_max(&self) -> bool {
        self.state != NodeState::Terminating && self.drain.is_none() && !self.sunset
    }
}
