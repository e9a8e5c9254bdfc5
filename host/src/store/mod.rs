//! What must survive a crash, behind one trait. Verbs are those of use cases; each is one transaction.
//!
//! Every write of a group's records carries the writer's fencing number and the expected versions: a manager that
//! lost its lease, or works from an old copy, is refused and changes nothing.

pub mod access;
pub mod components;
pub mod custody;
pub mod decision_log;
pub mod faulty;
pub mod mysql;
pub mod sql;
pub mod sqlite;
mod tables;

use async_trait::async_trait;
use weir_core::group::{Group, LaunchDocument, LimitsDocument};
use weir_core::ids::{GroupId, NodeId};
use weir_core::node::{Node, Role};

pub use access::{AccessBook, Change, StoredToken};
pub use components::{Components, NewComponent, StoredComponent};
pub use custody::{Binding, Custody, Reaping};
pub use decision_log::{DecisionFilter, DecisionLog, Frame, NewDecision, StoredDecision};

/// Why the store did not do it.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// A thing of that name exists. The client's fault; do not retry.
    #[error("{what} {name:?} already exists")]
    Exists {
        /// Kind of thing.
        what: &'static str,
        /// Its name.
        name: String,
    },
    /// Somebody else changed the record meanwhile, or holds the lease. Read again, decide again.
    #[error("{what} was changed by somebody else meanwhile")]
    Conflict {
        /// Kind of record.
        what: &'static str,
    },
    /// The store cannot be reached or failed. Nobody's input is at fault; retry with back-off.
    #[error("the store failed while {doing}")]
    Unavailable {
        /// What was tried.
        doing: &'static str,
        /// The driver's error.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// A stored record cannot be read: written by another version, or damaged. An operator must act.
    #[error("a stored {what} cannot be read")]
    Unreadable {
        /// Kind of record.
        what: &'static str,
        /// The decoder's error.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
}

/// State a scaling policy wants handed back.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PolicyState {
    /// Name of the policy that wrote it, without a number: another policy starts with none, another version of the same
    /// one goes on with it.
    pub policy: String,
    /// At most 64 KiB.
    pub blob: Vec<u8>,
}

/// One pass's durable outcome for a group; stored whole or not at all.
#[derive(Debug, Default)]
pub struct GroupWrite<'a> {
    /// The group's record, when it changed; its version is one above the stored one.
    pub group: Option<&'a Group>,
    /// New and changed nodes; versions one above the stored ones (1 for a new node).
    pub nodes: Vec<&'a Node>,
    /// Nodes that are gone.
    pub gone: Vec<&'a NodeId>,
    /// New policy state.
    pub policy_state: Option<&'a PolicyState>,
    /// The scaling decision behind it.
    pub decision: Option<&'a NewDecision>,
}

impl GroupWrite<'_> {
    /// Nothing to store.
    pub fn is_empty(&self) -> bool {
        self.group.is_none()
            && self.nodes.is_empty()
            && self.gone.is_empty()
            && self.policy_state.is_none()
            && self.decision.is_none()
    }
}

/// A group as it is read back at start or take-over.
#[derive(Debug, Clone, PartialEq)]
pub struct StoredGroup {
    /// Its record.
    pub group: Group,
    /// Its nodes, by number.
    pub nodes: Vec<Node>,
    /// State of its scaling policy.
    pub policy_state: PolicyState,
}

/// A document kept by name. Both kinds have the same verbs.
#[derive(Debug, Clone, PartialEq)]
pub enum Document {
    /// A limits document (the API's scale policy).
    Limits(LimitsDocument),
    /// A launch configuration.
    Launch(LaunchDocument),
}

/// The two kinds of document.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum DocumentKind {
    /// Limits.
    Limits,
    /// Launch configuration.
    Launch,
}

/// The right to write a group, with the number that fences off earlier holders.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Fence(pub u64);

/// The store. All errors leave it unchanged.
#[async_trait]
pub trait Store: AccessBook + Components + Custody + DecisionLog {
    /// Reachable and writable, for `/readyz`.
    async fn ping(&self) -> Result<(), StoreError>;

    /// Id of this environment, made once with the store: every instance is tagged with it.
    async fn environment(&self) -> Result<String, StoreError>;

    /// Adds a document; [`StoreError::Exists`] when the name is taken.
    async fn create_document(&self, document: &Document) -> Result<(), StoreError>;
    /// Replaces the document of that name; `false` when there is none.
    async fn replace_document(&self, document: &Document) -> Result<bool, StoreError>;
    /// Reads a document.
    async fn document(
        &self,
        kind: DocumentKind,
        name: &str,
    ) -> Result<Option<Document>, StoreError>;
    /// Names, in order of creation.
    async fn document_names(&self, kind: DocumentKind) -> Result<Vec<String>, StoreError>;
    /// Removes a document no group uses; [`StoreError::Conflict`] while one does; `false` when there is none.
    async fn delete_document(&self, kind: DocumentKind, name: &str) -> Result<bool, StoreError>;

    /// Adds a group and gives it its number; `group.id` and `group.version` of the argument are ignored.
    /// [`StoreError::Exists`] when the name is taken, [`StoreError::Conflict`] when one of its documents is gone.
    async fn create_group(&self, group: &Group) -> Result<Group, StoreError>;
    /// All groups with their nodes, by number.
    async fn groups(&self) -> Result<Vec<StoredGroup>, StoreError>;
    /// Removes a group that has no node; [`StoreError::Conflict`] while it has.
    async fn delete_group(&self, group: GroupId, fence: Fence) -> Result<(), StoreError>;
    /// Takes the right to write the group for `holder`; a later call fences off this one.
    async fn take_group(&self, group: GroupId, holder: &str) -> Result<Fence, StoreError>;
    /// Stores one pass's outcome. [`StoreError::Conflict`]: fenced off, or a version did not fit.
    async fn save_plan(
        &self,
        group: GroupId,
        fence: Fence,
        write: &GroupWrite<'_>,
    ) -> Result<(), StoreError>;

    /// Alarm thresholds that were set, percent.
    async fn thresholds(&self) -> Result<Vec<(Role, u32)>, StoreError>;
    /// Sets one.
    async fn set_threshold(&self, role: Role, percent: u32) -> Result<(), StoreError>;
}
