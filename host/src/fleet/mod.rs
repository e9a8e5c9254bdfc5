//! Groups at work: one task writes a group's state, everybody else sends it a message or reads its picture.

pub mod status;

use std::net::IpAddr;
use std::sync::Arc;

use weir_core::group::Group;
use weir_core::ids::{GroupName, NodeId, NodeNo, RegionName};
use weir_core::node::{Node, Role};
use weir_core::placement::Action;
use weir_core::report::{Answer, Message};
use weir_core::stream::StreamName;
use weir_core::units::DurationMs;

use crate::store::StoreError;
use status::{GroupStatus, NodeStatus, ScalingDecision, SelectionDecision};

/// Why the fleet did not do what was asked. Nothing was changed.
#[derive(Debug, thiserror::Error)]
pub enum FleetError {
    /// The addressed thing does not exist.
    #[error("{what} {name:?} does not exist")]
    NotFound {
        /// Kind of thing.
        what: &'static str,
        /// Its name.
        name: String,
    },
    /// It cannot be done as things stand; the text says why and what to do.
    #[error("{0}")]
    Refused(String),
    /// The store did not take it.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The server is shutting down.
    #[error("the server is shutting down")]
    Stopping,
}

/// A group to be made.
#[derive(Debug, Clone)]
pub struct NewGroup {
    /// Name; `group-<uuid>` when absent.
    pub name: Option<GroupName>,
    /// Regions, at least one, known to the cloud (a zone code is accepted for its region).
    pub regions: Vec<RegionName>,
    /// Launch configuration.
    pub launch_config: String,
    /// Limits document.
    pub limits: String,
}

/// Who sent a message.
#[derive(Debug, Clone)]
pub struct Caller {
    /// The node name its signature covers; `None` when messages are not signed, empty when the node has no name yet.
    pub signed_as: Option<String>,
    /// Peer address (or the forwarded one, from a trusted proxy).
    pub peer: IpAddr,
}

/// A client's question.
#[derive(Debug, Clone)]
pub struct Question {
    /// Publisher or viewer.
    pub action: Action,
    /// Stream.
    pub stream: StreamName,
    /// Region wanted.
    pub region: Option<RegionName>,
    /// Fail when the wish cannot be met.
    pub strict: bool,
    /// Different nodes wanted, 1 to 8.
    pub endpoints: u32,
    /// A transcoder is wanted instead of an origin.
    pub transcode: bool,
    /// Who asks.
    pub client: IpAddr,
}

/// A node a client is sent to.
#[derive(Debug, Clone)]
pub struct Assigned {
    /// The node.
    pub node: Arc<Node>,
    /// Its group.
    pub group: GroupName,
}

/// Why a client gets nobody.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AssignError {
    /// A viewer wants a stream nobody publishes.
    #[error("stream {0} is not being published")]
    NoStream(String),
    /// No node fits; the texts say why, node by node or in sum.
    #[error("{0}")]
    NoNode(String),
    /// The client asked too often.
    #[error("too many questions from this address; ask again in {} s", .0.0.div_ceil(1000))]
    TooMany(DurationMs),
    /// No policy answers, or this manager lost its store: ask again.
    #[error("{0}")]
    Unavailable(String, DurationMs),
}

/// What an operator asks of a group's nodes.
pub struct Launched {
    /// The node's record.
    pub node: Arc<Node>,
    /// The group as it is now.
    pub group: Group,
}

/// A group's handle: its picture, and the way to its writer.
pub struct GroupHandle {}

impl GroupHandle {
    /// The newest picture.
    pub fn status(&self) -> Arc<GroupStatus> {
        unimplemented!()
    }

    /// Newest scaling decisions, newest first.
    pub async fn decisions(&self, _limit: u32) -> Result<Vec<ScalingDecision>, FleetError> {
        unimplemented!()
    }

    /// Newest placement decisions, newest first.
    pub fn selections(&self, _limit: usize) -> Vec<SelectionDecision> {
        unimplemented!()
    }

    /// Records a launch of one node; answers once it is stored, before the cloud is done.
    ///
    /// # Errors
    /// [`FleetError::Refused`] over the maximum, without a launch target, or while the group is being deleted.
    pub async fn launch(&self, _role: Role) -> Result<Launched, FleetError> {
        unimplemented!()
    }

    /// Ends a node. Without `force` only one in service.
    ///
    /// # Errors
    /// [`FleetError::NotFound`], [`FleetError::Refused`] in a wrong state.
    pub async fn terminate(&self, _no: NodeNo, _force: bool) -> Result<NodeStatus, FleetError> {
        unimplemented!()
    }

    /// Marks edges as sunset: no new viewers, gone when empty.
    ///
    /// # Errors
    /// [`FleetError::Refused`] when one is no edge.
    pub async fn sunset(&self, _nodes: Vec<NodeNo>) -> Result<(), FleetError> {
        unimplemented!()
    }

    /// Drops stream entries from the lists; with `active` also those that flow. Answers how many.
    pub async fn clear_streams(&self, _active: bool) -> Result<u32, FleetError> {
        unimplemented!()
    }
}

/// All groups.
pub struct Fleet {}

impl Fleet {
    /// Groups, by number.
    pub fn groups(&self) -> Vec<Arc<GroupHandle>> {
        unimplemented!()
    }

    /// A group by name or by number.
    pub fn group(&self, _name_or_number: &str) -> Option<Arc<GroupHandle>> {
        unimplemented!()
    }

    /// A node by address, hostname or identifier, with its group.
    pub fn node(&self, _key: &str) -> Option<(Arc<GroupHandle>, NodeStatus)> {
        unimplemented!()
    }

    /// Identifier of the node an address belongs to, for unsigned messages.
    pub fn node_at(&self, _address: IpAddr) -> Option<NodeId> {
        unimplemented!()
    }

    /// Makes a group; no node is launched.
    ///
    /// # Errors
    /// [`FleetError::Refused`] for unknown regions, [`FleetError::NotFound`] for unknown documents, [`StoreError::Exists`].
    pub async fn create_group(&self, _new: NewGroup) -> Result<Group, FleetError> {
        unimplemented!()
    }

    /// Deletes a group: at once when it has no node, else after its nodes. Answers its record.
    ///
    /// # Errors
    /// [`FleetError::NotFound`].
    pub async fn delete_group(&self, _name_or_number: &str) -> Result<Group, FleetError> {
        unimplemented!()
    }

    /// Makes every group read its documents and thresholds again.
    ///
    /// # Errors
    /// [`FleetError::Store`].
    pub async fn documents_changed(&self) -> Result<(), FleetError> {
        unimplemented!()
    }

    /// Takes a node's message and answers it. Never waits for the store.
    pub fn receive(&self, _message: Message, _caller: &Caller) -> Answer {
        unimplemented!()
    }

    /// Answers a client's question with `question.endpoints` nodes, or fewer when not strict.
    ///
    /// # Errors
    /// [`AssignError`].
    pub fn assign(&self, _question: &Question) -> Result<Vec<Assigned>, AssignError> {
        unimplemented!()
    }
}
