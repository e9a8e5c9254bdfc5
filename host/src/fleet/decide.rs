//! One scaling decision: snapshot, policy, guardrails, plan, and a record of why.

mod record;

use std::sync::Arc;

use weir_core::group::{Binding, Decides, GroupState as Phase};
use weir_core::plan::{Plan, Planner};
use weir_core::proposal::Proposal;
use weir_core::snapshot::Snapshot;
use weir_core::units::{DurationMs, UtcMs};

use super::Shared;
use super::group::GroupHandle;
use super::rungs::{Candidate, Rungs};
use super::status::ScalingDecision;
use crate::decisions::{Attempt, Entry, FrameWriter, Packed};
use crate::policy::{Outcome, PolicyFault, SharedPolicy, family};
use crate::store::{NewDecision, PolicyState};

/// A policy cannot be asked again sooner than this, whatever it hints.
const SHORTEST_WAKE: DurationMs = DurationMs(200);

/// What came of a decision, not stored yet.
pub(super) struct Decided {
    pub(super) plan: Plan,
    pub(super) decision: ScalingDecision,
    /// For the log; nothing when nobody was asked and nothing is new.
    pub(super) logged: Option<Logged>,
}

/// A decision on its way into the log.
pub(super) struct Logged {
    pub(super) new: NewDecision,
    packed: Option<Packed>,
}

/// Asks a group's scaling policy.
pub(super) struct Scaler {
    rungs: Rungs,
    due: UtcMs,
    state: PolicyState,
    next_state: Option<PolicyState>,
    next_wake: Option<DurationMs>,
    last: Option<ScalingDecision>,
    frames: FrameWriter,
}

/// What the policy said, or why nobody did.
struct Answer {
    proposal: Option<Proposal>,
    policy: Option<SharedPolicy>,
    fault: Option<String>,
    fuel: u64,
    micros: u64,
    /// Everybody who was asked.
    attempts: Vec<Attempt>,
}

impl Scaler {
    pub(super) fn new(state: PolicyState) -> Self {
        Self {
            rungs: Rungs::new(Decides::Scaling),
            due: UtcMs(0),
            state,
            next_state: None,
            next_wake: None,
            last: None,
            frames: FrameWriter::default(),
        }
    }

    /// When to ask next.
    pub(super) fn due(&self) -> UtcMs {
        self.due
    }

    /// Something happened that the policy should know now.
    pub(super) fn wake(&mut self) {
        self.due = UtcMs(0);
    }

    /// The policy's state, when it is not the stored one. Whoever takes it stores it with the decision, or the next
    /// decision starts from the old one.
    pub(super) fn take_unsaved_state(&mut self) -> Option<PolicyState> {
        self.next_state.take()
    }

    /// Asks, clamps and plans. Nothing is changed but the ladder.
    pub(super) async fn decide(
        &mut self,
        handle: &Arc<GroupHandle>,
        shared: &Arc<Shared>,
        now: UtcMs,
    ) -> Decided {
        let (snapshot, binding, phase) = {
            let state = handle.state.read();
            let snapshot = state.snapshot(shared.random(), now);
            (
                Arc::new(snapshot),
                state.binding(Decides::Scaling).clone(),
                state.group().state,
            )
        };
        let answer = match phase {
            Phase::Active => self.ask(handle, shared, &snapshot, &binding, now).await,
            // Before the first origin and after the end there is nothing to scale.
            Phase::New | Phase::Initializing | Phase::Terminating => Answer::nobody(),
        };
        let status = self.rungs.status(&binding, answer.policy.as_ref());
        handle.set_binding(status);
        let state = handle.state.read();
        let granted = state.grant(&snapshot, answer.proposal.as_ref(), now);
        let mut mint = shared.mint(now);
        let mut planner = Planner::new(&state, &mut mint, now);
        planner.grant(&granted);
        let plan = planner.finish();
        let decision = record::record(&state, &plan, &granted, &answer, now);
        self.remember(&answer);
        let news = self.is_news(&decision, &plan);
        let keep_since = UtcMs(now.0.saturating_sub(shared.decisions_kept().0));
        let snapshot = Arc::unwrap_or_clone(snapshot);
        let logged = self.log(snapshot, answer.attempts, &decision, (news, keep_since));
        Decided {
            plan,
            decision,
            logged,
        }
    }

    fn log(
        &self,
        snapshot: Snapshot,
        attempts: Vec<Attempt>,
        decision: &ScalingDecision,
        (news, keep_since): (bool, UtcMs),
    ) -> Option<Logged> {
        if attempts.is_empty() && !news {
            return None;
        }
        let document = serde_json::to_string(decision).expect("plain data always serialises");
        let packed = (!attempts.is_empty()).then(|| {
            let entry = Entry {
                snapshot,
                attempts,
                document: document.clone(),
            };
            self.frames.pack(&entry, decision.at.0)
        });
        let packed = packed.and_then(|packed| match packed {
            Ok(packed) => Some(packed),
            Err(error) => {
                tracing::error!(%error, "a decision cannot be logged: it cannot be replayed");
                None
            }
        });
        let new = NewDecision {
            at: decision.at,
            document: news.then_some(document),
            frame: packed.as_ref().map(|packed| packed.frame.clone()),
            keep_since,
        };
        Some(Logged { new, packed })
    }

    async fn ask(
        &mut self,
        handle: &Arc<GroupHandle>,
        shared: &Arc<Shared>,
        snapshot: &Arc<Snapshot>,
        binding: &Binding,
        now: UtcMs,
    ) -> Answer {
        let mut fault = None;
        let mut attempts = Vec::new();
        for candidate in self
            .rungs
            .candidates(&handle.name, binding, &shared.policies, now)
        {
            let (state, outcome) = self.propose(snapshot, &candidate).await;
            attempts.push(attempt(&candidate, state, &outcome));
            match outcome.answer {
                Ok(proposal) => {
                    let Candidate { policy, rung, .. } = &candidate;
                    self.rungs.record(&handle.name, policy, *rung, Ok(()), now);
                    return Answer {
                        proposal: Some(proposal),
                        policy: Some(candidate.policy),
                        fault,
                        fuel: outcome.fuel,
                        micros: outcome.micros,
                        attempts,
                    };
                }
                Err(problem) => {
                    let Candidate { policy, rung, .. } = &candidate;
                    self.rungs
                        .record(&handle.name, policy, *rung, Err(&problem), now);
                    fault = Some(format!("{} {}: {problem}", policy.name(), policy.version()));
                }
            }
        }
        Answer {
            fault: fault.or_else(|| Some("no policy answers: holding".to_owned())),
            attempts,
            ..Answer::nobody()
        }
    }

    /// One policy's answer, and the state it was given.
    async fn propose(
        &self,
        snapshot: &Arc<Snapshot>,
        candidate: &Candidate,
    ) -> (Vec<u8>, Outcome<Proposal>) {
        let (snapshot, policy) = (snapshot.clone(), candidate.policy.clone());
        let settings = candidate.binding.settings.clone();
        let own = self.state.policy == family(policy.name());
        let blob = if own {
            self.state.blob.clone()
        } else {
            Vec::new()
        };
        let given = blob.clone();
        let call = move || policy.propose(&snapshot, &settings, &blob);
        let outcome = tokio::task::spawn_blocking(call)
            .await
            .unwrap_or_else(|gone| Outcome {
                answer: Err(PolicyFault::Engine {
                    message: gone.to_string(),
                }),
                fuel: 0,
                micros: 0,
            });
        (given, outcome)
    }

    fn remember(&mut self, answer: &Answer) {
        self.next_wake = answer
            .proposal
            .as_ref()
            .and_then(|proposal| proposal.next_wake_ms)
            .map(|ms| DurationMs(ms.into()));
        let (Some(proposal), Some(policy)) = (&answer.proposal, &answer.policy) else {
            return;
        };
        let next = PolicyState {
            policy: family(policy.name()).to_owned(),
            blob: proposal.state.clone(),
        };
        self.next_state = (next != self.state).then_some(next);
    }

    fn is_news(&self, decision: &ScalingDecision, plan: &Plan) -> bool {
        let Some(last) = &self.last else {
            // A group that was just made holds still: nothing to tell.
            return decision.policy.is_some() || decision.fault.is_some() || !plan.is_empty();
        };
        let same = last.summary == decision.summary
            && last.policy == decision.policy
            && last.clamps == decision.clamps
            && last.fault == decision.fault;
        !plan.is_empty() || !same
    }

    /// Whether the decision was stored is not known.
    pub(super) fn not_saved(&mut self) {
        self.frames.lost();
    }

    /// The decision is stored, and with it the policy's state if that changed.
    pub(super) fn saved(
        &mut self,
        handle: &GroupHandle,
        decision: ScalingDecision,
        (logged, state): (Option<Logged>, Option<PolicyState>),
        now: UtcMs,
    ) {
        if let Some(packed) = logged.and_then(|logged| logged.packed) {
            self.frames.stored(packed);
        }
        if !decision.launched.is_empty() || !decision.retired.is_empty() {
            let summary = &decision.summary;
            let policy = decision.policy.as_deref().unwrap_or("none");
            tracing::info!(group.id = %handle.id, policy, %summary, reasons = ?decision.reasons, "scaling decision");
        }
        if let Some(state) = state {
            self.state = state;
        }
        handle.set_latest(decision.clone());
        self.last = Some(decision);
        let every = handle.state.read().rules().timers.decide_every;
        let hint = self
            .next_wake
            .map_or(every, |hint| hint.max(SHORTEST_WAKE).min(every));
        self.due = now + hint;
    }
}

impl Answer {
    fn nobody() -> Self {
        Self {
            proposal: None,
            policy: None,
            fault: None,
            fuel: 0,
            micros: 0,
            attempts: Vec::new(),
        }
    }
}

fn attempt(candidate: &Candidate, state: Vec<u8>, outcome: &Outcome<Proposal>) -> Attempt {
    let policy = &candidate.policy;
    Attempt {
        policy: policy.name().to_owned(),
        digest: policy.digest().to_owned(),
        engine: policy.engine().to_owned(),
        settings: candidate.binding.settings.clone(),
        state,
        fuel: outcome.fuel,
        micros: outcome.micros,
        answer: outcome.answer.clone(),
    }
}
