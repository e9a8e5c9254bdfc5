//! A group's handle: its state to read, and the ways to its one writer.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};

use arc_swap::ArcSwap;
use parking_lot::{Mutex, RwLock, RwLockReadGuard, RwLockWriteGuard};
use tokio::sync::{mpsc, watch};
use weir_core::group::Group;
use weir_core::group_state::GroupState;
use weir_core::ids::{GroupId, GroupName, RegionName};
use weir_core::node::{Node, Role};
use weir_core::placement::Action;
use weir_core::reservations::ReservationBook;
use weir_core::stream::StreamName;

use super::gauge::Gauge;
use super::mailbox::Mailbox;
use super::orders::Request;
use super::paths::WantedPaths;
use super::picture;
use super::selections::Selections;
use super::status::{
    BindingStatus, GroupStatus, PublishedStream, ScalingDecision, SelectionDecision,
};
use super::view::{Answering, Offers};
use super::{FleetError, Question, Shared};
use crate::policy::{PolicyFault, Rung, SharedPolicy};
use crate::store::{DecisionFilter, Store, StoreError};

/// State of a group: anybody may read it, only the group's reconciler writes.
pub struct StateCell(RwLock<GroupState>);

impl StateCell {
    /// Looks at the state. Do not hold it across an await.
    pub fn read(&self) -> RwLockReadGuard<'_, GroupState> {
        self.0.read()
    }

    /// For the reconciler alone.
    pub(super) fn write(&self) -> RwLockWriteGuard<'_, GroupState> {
        self.0.write()
    }
}

/// Questions answered and refused since the reconciler last looked, per role and region.
pub(super) type Tally = BTreeMap<(Role, RegionName), (u32, u32)>;

/// How calls of a placement policy went, in their order.
pub(super) struct CallNote {
    /// Who answered.
    pub(super) policy: SharedPolicy,
    /// Where it stood.
    pub(super) rung: Rung,
    /// So many answers in a row, or a fault.
    pub(super) went: Result<u32, PolicyFault>,
}

/// Notes kept between two passes; a policy that fails more often is off its rung long before.
const CALL_NOTES: usize = 64;

/// A group's handle.
pub struct GroupHandle {
    /// Number.
    pub id: GroupId,
    /// Name.
    pub name: GroupName,
    pub(super) state: StateCell,
    pub(super) mailbox: Mailbox,
    pub(super) gauge: Gauge,
    pub(super) offers: ArcSwap<Offers>,
    pub(super) book: Mutex<ReservationBook>,
    pub(super) tally: Mutex<Tally>,
    pub(super) paths: WantedPaths,
    bindings: Mutex<Vec<BindingStatus>>,
    latest: Mutex<Option<ScalingDecision>>,
    calls: [Mutex<Vec<CallNote>>; 2],
    sequences: [AtomicU32; 2],
    pub(super) selections: Selections,
    pub(super) requests: mpsc::Sender<Request>,
    pub(super) stopping: watch::Receiver<bool>,
    /// The group's record is no more.
    pub(super) deleted: AtomicBool,
    store: Arc<dyn Store>,
}

impl GroupHandle {
    pub(super) fn new(
        state: GroupState,
        book: ReservationBook,
        requests: mpsc::Sender<Request>,
        shared: &Shared,
    ) -> Self {
        let (id, name) = (state.group().id, state.group().name.clone());
        Self {
            id,
            name,
            state: StateCell(RwLock::new(state)),
            mailbox: Mailbox::default(),
            gauge: Gauge::default(),
            offers: ArcSwap::from_pointee(Offers::default()),
            book: Mutex::new(book),
            tally: Mutex::new(Tally::new()),
            paths: WantedPaths::default(),
            bindings: Mutex::new(Vec::new()),
            latest: Mutex::new(None),
            calls: [Mutex::default(), Mutex::default()],
            sequences: [AtomicU32::new(0), AtomicU32::new(0)],
            selections: Selections::default(),
            requests,
            stopping: shared.stopping.clone(),
            deleted: AtomicBool::new(false),
            store: shared.store.clone(),
        }
    }

    /// The group's record.
    pub fn group(&self) -> Group {
        self.state.read().group().clone()
    }

    /// The group as it stands.
    pub fn status(&self) -> Arc<GroupStatus> {
        let bindings = self.bindings.lock().clone();
        let mut status = picture::of_group(&self.state.read(), bindings);
        status
            .streams
            .sort_by(|a, b| (&a.stream, a.node).cmp(&(&b.stream, b.node)));
        Arc::new(status)
    }

    /// A stream, if somebody publishes it.
    pub fn published(&self, stream: &StreamName) -> Option<PublishedStream> {
        picture::of_stream(&self.state.read(), stream)
    }

    /// Newest stored scaling decisions, newest first.
    ///
    /// # Errors
    /// [`FleetError::Store`].
    pub async fn decisions(&self, limit: u32) -> Result<Vec<ScalingDecision>, FleetError> {
        let filter = DecisionFilter {
            group: Some(self.id),
            limit,
            ..DecisionFilter::default()
        };
        let stored = self.store.decisions(&filter).await?;
        let documents = stored.into_iter().filter_map(|stored| stored.document);
        let read = |document: String| {
            serde_json::from_str(&document).map_err(|source| StoreError::Unreadable {
                what: "decision",
                source: source.into(),
            })
        };
        Ok(documents.map(read).collect::<Result<_, _>>()?)
    }

    /// The newest scaling decision, stored or not; `None` until one was made.
    pub fn latest_decision(&self) -> Option<ScalingDecision> {
        self.latest.lock().clone()
    }

    pub(super) fn set_latest(&self, decision: ScalingDecision) {
        *self.latest.lock() = Some(decision);
    }

    /// Newest placement decisions, newest first.
    pub fn selections(&self, limit: usize) -> Vec<SelectionDecision> {
        self.selections.newest(limit)
    }

    /// How a decision's policy fares now.
    pub(super) fn set_binding(&self, status: BindingStatus) {
        let mut bindings = self.bindings.lock();
        match bindings
            .iter_mut()
            .find(|known| known.decides == status.decides)
        {
            Some(known) => *known = status,
            None => bindings.push(status),
        }
    }

    /// A placement policy answered, or failed, which wakes the group.
    pub(super) fn note_call(
        &self,
        action: Action,
        answering: &Answering,
        fault: Option<PolicyFault>,
    ) {
        let mut notes = self.calls[action as usize].lock();
        let failed = fault.is_some();
        let same = |note: &CallNote| {
            note.rung == answering.rung && Arc::ptr_eq(&note.policy, &answering.policy)
        };
        let room = notes.len() < CALL_NOTES;
        let last = notes.last_mut().filter(|note| same(note));
        match (last.map(|note| &mut note.went), fault) {
            (Some(Ok(count)), None) => *count = count.saturating_add(1),
            (_, fault) if room => notes.push(CallNote {
                policy: answering.policy.clone(),
                rung: answering.rung,
                went: fault.map_or(Ok(1), Err),
            }),
            (_, _) => {}
        }
        drop(notes);
        if failed {
            self.mailbox.wake();
        }
    }

    pub(super) fn take_calls(&self, action: Action) -> Vec<CallNote> {
        std::mem::take(&mut *self.calls[action as usize].lock())
    }

    /// A question was answered with this node first, or refused.
    pub(super) fn count_question(&self, question: &Question, node: Option<&Node>) {
        let region = node
            .map(|node| node.region.clone())
            .or_else(|| question.region.clone());
        let region = region.or_else(|| self.state.read().group().regions.first().cloned());
        let Some(region) = region else { return };
        let mut tally = self.tally.lock();
        let (answered, refused) = tally.entry((question.action.role(), region)).or_default();
        *(if node.is_some() { answered } else { refused }) += 1;
    }

    /// How well the group suits a new stream; less is better: active with a node to offer, in the wanted region,
    /// then the load of its origins in permille.
    pub(super) fn rank(&self, question: &Question) -> (bool, bool, u64) {
        let state = self.state.read();
        let role = question.action.role();
        let offered = || {
            state
                .members()
                .filter(|member| member.node.role == role && state.takes_clients(member))
        };
        let wanted =
            |region: &RegionName| question.region.as_ref().is_none_or(|name| name == region);
        let here = offered().any(|member| wanted(&member.node.region));
        let capacity: u64 = offered()
            .map(|member| u64::from(member.node.capacity))
            .sum();
        let clients: u64 = offered()
            .map(|member| u64::from(member.load.connections) + u64::from(member.assigned))
            .sum();
        (capacity == 0, !here, clients * 1_000 / capacity.max(1))
    }

    pub(super) fn next_sequence(&self, action: Action) -> u32 {
        self.sequences[action as usize].fetch_add(1, Ordering::Relaxed)
    }
}
