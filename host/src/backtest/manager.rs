//! The manager of a backtest: passes over the group's state in the order of the server's reconciler, with the core's own life
//! cycle, guardrails, history and boot times. The store is memory, the cloud answers at once, and time is a number.
//!
//! What differs from the server: links between nodes are not kept (the audience asks for nodes, not for paths), and a policy
//! that fails is not replaced by another one, as it is the one under test: the group holds, and the host keeps its minimum.

use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use weir_core::group_state::GroupState;
use weir_core::ids::{NodeId, ZoneName};
use weir_core::node::Role;
use weir_core::plan::{Plan, Planner};
use weir_core::proposal::Proposal;
use weir_core::report::Report;
use weir_core::snapshot::Snapshot;
use weir_core::units::{DurationMs, UtcMs};

use super::acts::Act;
use super::costs::Costs;
use super::instances::Instances;
use crate::policy::SharedPolicy;

/// The shortest hint of a policy that is followed, as in the server.
const SHORTEST_WAKE: DurationMs = DurationMs(200);
/// A cloud that answers at once is asked again at once, but not for ever.
const MOST_ROUNDS: u32 = 4;

/// The manager of one group and the policy it asks.
pub(super) struct Manager {
    pub(super) state: GroupState,
    policy: SharedPolicy,
    settings: String,
    /// The policy's own state.
    blob: Vec<u8>,
    minted: u32,
    random: StdRng,
    due: UtcMs,
    was_over: bool,
    /// What decisions cost.
    pub(super) costs: Costs,
}

impl Manager {
    pub(super) fn new(
        state: GroupState,
        policy: SharedPolicy,
        settings: String,
        seed: u64,
    ) -> Self {
        Self {
            state,
            policy,
            settings,
            blob: Vec::new(),
            minted: 0,
            random: StdRng::seed_from_u64(seed),
            due: UtcMs(0),
            was_over: false,
            costs: Costs::default(),
        }
    }

    /// One node's report arrives.
    pub(super) fn hear(
        &mut self,
        no: weir_core::ids::NodeNo,
        boot: &weir_core::report::Boot,
        report: &Report,
        now: UtcMs,
    ) {
        self.state.heard(no, boot, &[], now);
        self.state.reported(no, report, now);
    }

    /// One pass, after the reports. Answers what was decided, if anything was done.
    pub(super) fn pass(&mut self, cloud: &mut Instances, now: UtcMs) -> Option<Act> {
        self.state.judge_silence(now);
        self.state.record_demand(now);
        let (plan, ()) = self.plan(now, |planner, _| planner.follow_facts());
        if !plan.is_empty() || self.crosses() {
            self.due = UtcMs(0);
        }
        self.state.commit(plan, now);
        let act = if self.due <= now {
            self.decide(now)
        } else {
            None
        };
        self.call(cloud, now);
        act
    }

    /// The load went over the threshold, or back: the server looks at once then.
    fn crosses(&mut self) -> bool {
        let threshold = self.state.spec().threshold(Role::Edge);
        let mut loads = self.state.role_loads().into_iter();
        let is_over = loads.any(|load| load.role == Role::Edge && load.is_over(threshold));
        std::mem::replace(&mut self.was_over, is_over) != is_over
    }

    fn plan<T>(
        &mut self,
        now: UtcMs,
        act: impl FnOnce(&mut Planner<'_>, &GroupState) -> T,
    ) -> (Plan, T) {
        let minted = &mut self.minted;
        let mut mint = |_: &ZoneName| {
            *minted += 1;
            NodeId::from(format!("node-{minted}"))
        };
        let mut planner = Planner::new(&self.state, &mut mint, now);
        let done = act(&mut planner, &self.state);
        (planner.finish(), done)
    }

    fn decide(&mut self, now: UtcMs) -> Option<Act> {
        let snapshot = self.state.snapshot(self.random.random(), now);
        let wish = self.ask(&snapshot);
        let (plan, granted) = self.plan(now, |planner, state| {
            let granted = state.grant(&snapshot, wish.as_ref(), now);
            planner.grant(&granted);
            granted
        });
        let every = self.state.rules().timers.decide_every;
        let hint = wish.as_ref().and_then(|wish| wish.next_wake_ms);
        let next = hint.map_or(every, |ms| {
            DurationMs(ms.into()).max(SHORTEST_WAKE).min(every)
        });
        self.due = now + next;
        self.costs.clamped += u64::from(!granted.clamps.is_empty());
        let act = Act::of(&self.state, &plan, &granted, wish.as_ref(), now);
        if let Some(wish) = wish {
            self.blob = wish.state;
        }
        self.state.note_decision(now);
        self.state.commit(plan, now);
        act
    }

    fn ask(&mut self, snapshot: &Snapshot) -> Option<Proposal> {
        let outcome = self.policy.propose(snapshot, &self.settings, &self.blob);
        self.costs.count(&outcome);
        outcome.answer.ok()
    }

    /// What the records want of the cloud.
    fn call(&mut self, cloud: &mut Instances, now: UtcMs) {
        for _ in 0..MOST_ROUNDS {
            let calls = self.state.take_calls(now);
            if calls.is_empty() {
                return;
            }
            for call in calls {
                let answer = cloud.answer(&call, now);
                self.state.called(call.node.no, call.kind, answer, now);
            }
        }
    }
}
