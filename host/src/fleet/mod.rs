//! Groups at work: one task writes a group's state, everybody else sends it a message or reads its picture.
//!
//! ```text
//! message ─▶ receive ─▶ mailbox ─▶ reconciler ─▶ GroupState ─▶ view ─▶ assign ◀─ question
//!                                      │
//!                       decide ─▶ plan ─▶ store ─▶ commit ─▶ executor ─▶ cloud ─▶ facts ─▶ reconciler
//! ```

mod assign;
pub mod bindings;
mod configuration;
mod decide;
mod directory;
mod executor;
mod gauge;
mod geography;
mod group;
mod mailbox;
mod orders;
mod paths;
mod picture;
mod publish;
mod receive;
mod reconciler;
mod restarts;
mod rungs;
mod selections;
pub mod status;
mod supervisor;
pub mod sweeper;
mod view;

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use parking_lot::{Mutex, RwLock};
use tokio::sync::watch;
use weir_cloud::CloudController;
use weir_cloud::clock::SharedClock;
use weir_core::group::Group;
use weir_core::ids::{GroupId, GroupName, NodeId, RegionName, ZoneName};
use weir_core::node::Node;
use weir_core::placement::Action;
use weir_core::report::ClusterSettings;
use weir_core::reservations::ReservationLimits;
use weir_core::stream::StreamName;
use weir_core::units::{DurationMs, UtcMs};

use crate::nodes::NodeLink;
use crate::policy::PolicyRegistry;
use crate::store::{Store, StoreError};
pub use configuration::FleetSettings;
use directory::Directory;
use executor::Executor;
use geography::Geography;
pub use group::GroupHandle;
use restarts::Restarts;
use status::NodeStatus;

/// When to ask a manager again that lost its store.
const CUT_OFF_RETRY: DurationMs = DurationMs::secs(2);

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
    /// The cloud did not say yet what is needed for that; nobody's fault, ask again.
    #[error("{0}")]
    NotTold(String),
    /// The store did not take it.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The group's records turned out not to be what this server knew; they are being read from the store. Nobody's
    /// fault, and what was asked was not stored: ask again in a moment.
    #[error("node group {group} is being read from the store again; ask again")]
    ReadingAgain {
        /// The group.
        group: GroupName,
    },
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
    /// Whether anybody publishes the stream is not known yet: this server started lately and has not heard from every
    /// node. Ask again.
    #[error("whether stream {0} is being published is not known yet: not every origin was heard since this server started; ask again in {secs} s", secs = .1.0.div_ceil(1000))]
    NotKnownYet(String, DurationMs),
    /// No node fits; the text says why.
    #[error("{0}")]
    NoNode(String),
    /// The client asked too often.
    #[error("too many questions from this address; ask again in {} s", .0.0.div_ceil(1000))]
    TooMany(DurationMs),
    /// No policy answers: ask again.
    #[error("{0}")]
    Unavailable(String, DurationMs),
    /// This manager lost its store, and another one may have it: what is remembered here may be old. Ask again.
    #[error("this manager lost its store and may not answer from memory any longer; ask again in {} s", .0.0.div_ceil(1000))]
    CutOff(DurationMs),
}

/// What an operator gets for a launch.
pub struct Launched {
    /// The node's record.
    pub node: Arc<Node>,
    /// The group as it is now.
    pub group: Group,
}

/// What every reconciler uses.
pub(crate) struct Shared {
    pub(crate) store: Arc<dyn Store>,
    pub(crate) clock: SharedClock,
    pub(crate) policies: Arc<PolicyRegistry>,
    pub(crate) directory: Directory,
    executor: Executor,
    pub(crate) stopping: watch::Receiver<bool>,
    cloud: Arc<dyn CloudController>,
    settings: RwLock<FleetSettings>,
    geography: Geography,
    sweep: RwLock<Arc<sweeper::SweepStatus>>,
    last_ms: Mutex<u64>,
    commands: AtomicU64,
    randomness: Mutex<rand::rngs::SmallRng>,
}

impl Shared {
    /// Makes identifiers `{prefix}-{zone}-{ms}`; the time is bumped so that no two are alike.
    pub(crate) fn mint(&self, now: UtcMs) -> impl FnMut(&ZoneName) -> NodeId + '_ {
        move |zone| {
            let mut last = self.last_ms.lock();
            *last = now.0.max(*last + 1);
            NodeId::from(format!(
                "{}-{zone}-{last}",
                self.settings.read().name_prefix
            ))
        }
    }

    /// Id for an order to a node, unique in this process and unlikely to meet one of an earlier process.
    pub(crate) fn next_command(&self) -> String {
        format!(
            "c-{}-{}",
            self.clock.now(),
            self.commands.fetch_add(1, Ordering::Relaxed)
        )
    }

    /// A random word.
    pub(crate) fn random(&self) -> u32 {
        rand::RngExt::random(&mut *self.randomness.lock())
    }

    /// Scaling decisions are kept for so long.
    pub(crate) fn decisions_kept(&self) -> DurationMs {
        self.settings.read().decisions_kept
    }

    fn reservation_limits(&self) -> ReservationLimits {
        let settings = self.settings.read();
        ReservationLimits {
            life: settings.rules.timers.reservation,
            grace: settings.rules.timers.reservation_grace,
            per_client: settings.open_questions_per_client,
            per_node_permille: 1_000,
        }
    }
}

/// The parts a fleet is made of.
pub struct Parts {
    /// Where records are kept.
    pub store: Arc<dyn Store>,
    /// The cloud.
    pub cloud: Arc<dyn CloudController>,
    /// The way to nodes.
    pub link: Arc<dyn NodeLink>,
    /// Time.
    pub clock: SharedClock,
    /// Policies by name.
    pub policies: Arc<PolicyRegistry>,
    /// Turns true when the server stops.
    pub stopping: watch::Receiver<bool>,
    /// Seed of everything random.
    pub seed: u64,
}

/// All groups.
pub struct Fleet {
    shared: Arc<Shared>,
    groups: RwLock<BTreeMap<GroupId, Arc<GroupHandle>>>,
    tasks: Mutex<tokio::task::JoinSet<()>>,
    /// Held while documents and settings are handed to groups.
    configuring: tokio::sync::Mutex<()>,
    restarts: Restarts,
}

impl Fleet {
    /// Groups, by number.
    pub fn groups(&self) -> Vec<Arc<GroupHandle>> {
        self.groups.read().values().cloned().collect()
    }

    /// A group by name or by number.
    pub fn group(&self, name_or_number: &str) -> Option<Arc<GroupHandle>> {
        let groups = self.groups.read();
        let by_name = || {
            groups
                .values()
                .find(|group| group.name.as_str() == name_or_number)
        };
        let by_number = || groups.get(&GroupId(name_or_number.parse().ok()?));
        by_name().or_else(by_number).cloned()
    }

    /// A node by address, hostname or identifier, with its group.
    pub fn node(&self, key: &str) -> Option<(Arc<GroupHandle>, NodeStatus)> {
        let entry = self.shared.directory.find(key)?;
        let status = {
            let state = entry.group.state.read();
            picture::of_member(&state, state.member(entry.no)?)
        };
        Some((entry.group, status))
    }

    /// Answers a client's question with `question.endpoints` nodes, or fewer when not strict.
    ///
    /// # Errors
    /// [`AssignError`]; nothing is reserved then.
    pub fn assign(&self, question: &Question) -> Result<Vec<Assigned>, AssignError> {
        if !self.shared.store.is_current() {
            return Err(AssignError::CutOff(CUT_OFF_RETRY));
        }
        let candidates = self.candidates(question)?;
        let mut refused = AssignError::NoNode("there is no active node group".to_owned());
        for group in &candidates {
            let asking = assign::Asking {
                group,
                shared: &self.shared,
            };
            match asking.answer(question) {
                Ok(assigned) => {
                    group.count_question(
                        question,
                        assigned.first().map(|first| first.node.as_ref()),
                    );
                    return Ok(assigned);
                }
                Err(error @ AssignError::TooMany(_)) => return Err(error),
                Err(error) => {
                    group.count_question(question, None);
                    refused = error;
                }
            }
        }
        Err(refused)
    }

    /// Groups that may answer, best first: those that carry the stream; for a new stream the least loaded ones, those
    /// of the wanted region before others.
    fn candidates(&self, question: &Question) -> Result<Vec<Arc<GroupHandle>>, AssignError> {
        let groups = self.groups.read();
        let carries = |group: &&Arc<GroupHandle>| {
            group
                .state
                .read()
                .streams()
                .publishers(&question.stream)
                .next()
                .is_some()
        };
        let carrying: Vec<_> = groups.values().filter(carries).cloned().collect();
        match question.action {
            Action::Subscribe if carrying.is_empty() => Err(self.absent(&question.stream)),
            Action::Subscribe => Ok(carrying),
            Action::Broadcast if !carrying.is_empty() => Ok(carrying),
            Action::Broadcast => {
                let mut ranked: Vec<_> = groups
                    .values()
                    .map(|group| (group.rank(question), group.clone()))
                    .collect();
                ranked.sort_by_key(|(rank, group)| (*rank, group.id));
                Ok(ranked.into_iter().map(|(_, group)| group).collect())
            }
        }
    }

    /// What to say of a stream that no group has: nobody publishes it, or that is not known yet.
    pub(crate) fn absent(&self, stream: &StreamName) -> AssignError {
        let now = self.shared.clock.now();
        let groups = self.groups.read();
        if groups
            .values()
            .all(|group| group.state.read().knows_streams(now))
        {
            AssignError::NoStream(stream.path())
        } else {
            AssignError::NotKnownYet(stream.path(), DurationMs(self.reporting_speed()))
        }
    }

    /// The registry, for those who list policies.
    pub fn policies(&self) -> &Arc<PolicyRegistry> {
        &self.shared.policies
    }

    /// What nodes are told of clustering.
    pub fn cluster(&self) -> ClusterSettings {
        self.shared.settings.read().cluster.clone()
    }

    /// Period at which nodes are to report, ms.
    fn reporting_speed(&self) -> u64 {
        self.shared.settings.read().cluster.reporting_speed
    }
}
