//! The single writer of a group: facts in, plan, store, commit, then the cloud.
//!
//! Every pass is the same, at start, after a failure and in between: apply what came in, plan what follows, store it,
//! commit it to memory, ask the cloud for what the records now want, publish a view. A crash between any two steps
//! is mended by the next pass, because the records alone say what is wanted.

mod alarms;
mod certainty;
mod mail;
mod pace;

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use tokio::sync::{mpsc, oneshot};
use weir_core::ids::NodeNo;
use weir_core::plan::{OperatorOrder, OrderRefused, Plan, Planner};
use weir_core::units::{DurationMs, UtcMs};

use super::configuration::Configuration;
use super::decide::{Decided, Scaler};
use super::executor::Fact;
use super::group::GroupHandle;
use super::orders::Request;
use super::publish::Publisher;
use super::{FleetError, Shared};
use crate::store::{Fence, GroupWrite, NewDecision, PolicyState, StoreError};

/// A pause this long between two passes means that this process did not run: silence in it proves nothing.
const SUSPENDED: DurationMs = DurationMs::secs(5);

/// Why a reconciler ended.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Ended {
    /// The group is deleted.
    Deleted,
    /// The server stops.
    Stopping,
    /// Somebody else wrote the group, or an answer of the store was lost: read it again and start over.
    Outdated,
}

type Reply = oneshot::Sender<Result<Vec<NodeNo>, FleetError>>;
/// What came of operators' orders, to be told once it is stored.
type Answers = Vec<(Reply, Result<Vec<NodeNo>, OrderRefused>)>;

/// The task of one group.
pub(super) struct Reconciler {
    handle: Arc<GroupHandle>,
    shared: Arc<Shared>,
    fence: Fence,
    requests: mpsc::Receiver<Request>,
    facts: (mpsc::UnboundedSender<Fact>, mpsc::UnboundedReceiver<Fact>),
    scaler: Scaler,
    publisher: Publisher,
    orders: Vec<(Vec<OperatorOrder>, Reply)>,
    last_pass: UtcMs,
    store_failed_at: Option<UtcMs>,
    /// The gauge has to be set anew.
    regauge: bool,
    /// What the steps of the pass cost that look at every node, the views included.
    cost: Duration,
    /// The store failed in the middle of a write: it may have done it all the same.
    unsure: bool,
    alarms: alarms::Alarms,
    /// When a rest was last cut short.
    hurried: Option<Instant>,
}

impl Reconciler {
    pub(super) fn new(
        handle: Arc<GroupHandle>,
        shared: Arc<Shared>,
        fence: Fence,
        requests: mpsc::Receiver<Request>,
        scaler: Scaler,
        publisher: Publisher,
    ) -> Self {
        Self {
            last_pass: shared.clock.now(),
            handle,
            shared,
            fence,
            requests,
            facts: mpsc::unbounded_channel(),
            scaler,
            publisher,
            orders: Vec::new(),
            store_failed_at: None,
            regauge: true,
            cost: Duration::ZERO,
            unsure: false,
            alarms: alarms::Alarms::default(),
            hurried: None,
        }
    }

    /// Runs until the group or the server ends.
    pub(super) async fn run(mut self) -> Ended {
        loop {
            let ended = match self.pass().await {
                Ok(None) => None,
                Ok(Some(ended)) => Some(ended),
                Err(StoreError::Conflict { what }) => {
                    tracing::warn!(group.id = %self.handle.id, what, "the group's records are not what this manager knows; reading them again");
                    Some(Ended::Outdated)
                }
                Err(error) => {
                    self.store_failed(&error);
                    None
                }
            };
            if let Some(ended) = ended {
                return ended;
            }
            if self.wait().await || self.rest().await {
                return Ended::Stopping;
            }
        }
    }

    fn take(&mut self, request: Request) {
        match request {
            Request::Order(order, reply) => self.orders.push((vec![order], reply)),
            Request::Sunset(nodes, reply) => {
                self.orders.push((
                    nodes.into_iter().map(OperatorOrder::Sunset).collect(),
                    reply,
                ));
            }
            Request::ClearStreams(active, reply) => {
                let _ = reply.send(self.handle.state.write().clear_streams(active));
            }
            Request::Configure(configuration) => {
                let Configuration {
                    spec,
                    rules,
                    places,
                } = configuration;
                self.handle.state.write().configure(spec, rules, places);
                self.scaler.wake();
                self.publisher.wake();
                self.regauge = true;
            }
        }
    }

    fn know(&mut self, fact: Fact) {
        let now = self.shared.clock.now();
        let mut state = self.handle.state.write();
        match fact {
            Fact::Called(no, kind, answer) => state.called(no, kind, answer, now),
            Fact::Probed(no, port) => state.probed(no, port, now),
        }
    }

    async fn pass(&mut self) -> Result<Option<Ended>, StoreError> {
        if self.unsure {
            if self.is_outdated().await? {
                return Ok(Some(Ended::Outdated));
            }
            self.unsure = false;
        }
        while let Ok(request) = self.requests.try_recv() {
            self.take(request);
        }
        while let Ok(fact) = self.facts.1.try_recv() {
            self.know(fact);
        }
        let now = self.shared.clock.now();
        self.costly(|this| this.listen(now));
        self.apply_mail();
        self.costly(|this| this.count_questions(now));
        self.follow_facts(now).await?;
        if self.is_over() {
            self.shared
                .store
                .delete_group(self.handle.id, self.fence)
                .await?;
            self.handle.deleted.store(true, Ordering::Release);
            return Ok(Some(Ended::Deleted));
        }
        self.decide(now).await?;
        self.costly(|this| this.act(now));
        self.costly(Self::set_gauge);
        self.publisher.note_calls(&self.handle, now);
        self.cost += self
            .publisher
            .publish(&self.handle, &self.shared, self.cost, now)
            .await;
        self.last_pass = now;
        Ok(None)
    }

    fn listen(&mut self, now: UtcMs) {
        let mut state = self.handle.state.write();
        if now.since(self.last_pass) > SUSPENDED {
            state.listen_anew(now);
        }
        if state.judge_silence(now) {
            let group = &self.handle.name;
            if state.is_frozen() {
                tracing::error!(group.id = %self.handle.id, %group, "most nodes of the group are silent at once: check this manager's network; removals are frozen");
            } else {
                tracing::warn!(group.id = %self.handle.id, %group, "nodes of the group are heard again, or their ports say that they are dead: removals are allowed");
            }
        }
    }

    fn count_questions(&mut self, now: UtcMs) {
        let tally = std::mem::take(&mut *self.handle.tally.lock());
        // Everybody who needs both takes the state first, then the book.
        let mut state = self.handle.state.write();
        let mut book = self.handle.book.lock();
        book.expire(now);
        for ((role, region), (answered, refused)) in tally {
            state.note_questions(role, &region, answered, refused, now);
        }
        state.set_assigned(|no| book.outstanding(no));
        state.record_demand(now);
    }

    fn set_gauge(&mut self) {
        if self.regauge {
            self.handle.gauge.set(&self.handle.state.read());
            // Reports that wait moved the sums already, and the state does not have them yet.
            self.regauge = !self.handle.mailbox.is_empty();
        }
    }

    /// Stores and commits what follows from facts and from operators' orders.
    async fn follow_facts(&mut self, now: UtcMs) -> Result<(), StoreError> {
        let (plan, answers) = self.costly(|this| this.plan(now));
        let saved = self.save(&plan, None, None).await;
        if let Err(error) = saved {
            for (reply, _) in answers {
                let _ = reply.send(Err(self.not_stored(&error)));
            }
            return Err(error);
        }
        if !plan.is_empty() {
            self.scaler.wake();
        }
        self.commit(plan, now);
        for (reply, result) in answers {
            let _ = reply.send(result.map_err(|refused| FleetError::Refused(refused.0)));
        }
        Ok(())
    }

    /// The plan that follows, and what came of each order.
    fn plan(&mut self, now: UtcMs) -> (Plan, Answers) {
        let state = self.handle.state.read();
        let mut mint = self.shared.mint(now);
        let mut planner = Planner::new(&state, &mut mint, now);
        planner.follow_facts();
        let mut answers = Vec::new();
        for (orders, reply) in std::mem::take(&mut self.orders) {
            answers.push((reply, planner.orders(&orders)));
        }
        (planner.finish(), answers)
    }

    /// Asks the scaling policy when it is due, and keeps the minimums in any case.
    async fn decide(&mut self, now: UtcMs) -> Result<(), StoreError> {
        if self.scaler.due() > now {
            return Ok(());
        }
        let Decided {
            plan,
            decision,
            logged,
        } = self.scaler.decide(&self.handle, &self.shared, now).await;
        let state = self.scaler.take_unsaved_state();
        let new = logged.as_ref().map(|logged| &logged.new);
        if let Err(error) = self.save(&plan, new, state.as_ref()).await {
            self.scaler.not_saved();
            return Err(error);
        }
        self.scaler
            .saved(&self.handle, decision, (logged, state), now);
        self.handle.state.write().note_decision(now);
        self.commit(plan, now);
        Ok(())
    }

    async fn save(
        &mut self,
        plan: &Plan,
        decision: Option<&NewDecision>,
        policy_state: Option<&PolicyState>,
    ) -> Result<(), StoreError> {
        let write = GroupWrite {
            group: plan.group.as_ref(),
            nodes: plan.nodes.iter().collect(),
            gone: plan.gone.iter().map(|gone| &gone.id).collect(),
            policy_state,
            decision,
        };
        if write.is_empty() {
            return Ok(());
        }
        self.shared
            .store
            .save_plan(self.handle.id, self.fence, &write)
            .await
    }

    fn commit(&mut self, plan: Plan, now: UtcMs) {
        for gone in &plan.gone {
            self.shared.directory.remove(&gone.id);
            self.handle.mailbox.forget(gone.no);
            self.handle.book.lock().forget_node(gone.no);
            tracing::info!(group.id = %self.handle.id, node.id = %gone.id, "node is gone");
        }
        for node in &plan.nodes {
            self.shared.directory.put(&self.handle, node);
            let (state, why) = (node.state.as_str(), node.reason.text());
            tracing::info!(group.id = %self.handle.id, node.id = %node.id, role = %node.role, state, draining = node.drain.is_some(), why, "node record changed");
        }
        self.regauge |= !plan.is_empty();
        if !plan.is_empty() || plan.discouraged.is_some() {
            self.publisher.wake();
        }
        self.handle.state.write().commit(plan, now);
    }

    /// Asks the cloud, tries ports and links nodes, as the stored records want it.
    fn act(&mut self, now: UtcMs) {
        let wanted = self.handle.paths.take();
        let (calls, probes) = {
            let mut state = self.handle.state.write();
            state.relink(&wanted, &mut || self.shared.next_command(), now);
            self.alarms.tell(&state, now);
            (state.take_calls(now), state.take_probes(now))
        };
        for call in calls {
            self.shared.executor.call(call, self.facts.0.clone());
        }
        for node in probes {
            self.shared.executor.probe(node, self.facts.0.clone());
        }
    }

    fn is_over(&self) -> bool {
        let state = self.handle.state.read();
        state.group().state == weir_core::group::GroupState::Terminating
            && state.members().next().is_none()
    }
}
