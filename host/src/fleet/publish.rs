//! Publishes views: when, from which policy, and at what price.

use std::sync::Arc;
use std::time::{Duration, Instant};

use weir_core::group::{Binding, Decides};
use weir_core::placement::Action;
use weir_core::snapshot::View;
use weir_core::units::{DurationMs, UtcMs};

use super::Shared;
use super::group::{CallNote, GroupHandle};
use super::rungs::{Candidate, Rungs};
use super::view::{Answering, Offer, Offers};
use crate::policy::{GOOD_CALLS, Outcome, PolicyFault, PreparedPool, SharedPolicy};

/// Views of small groups are at most this old when a report changed something.
const VIEW_EVERY: DurationMs = DurationMs(50);
/// Preparing views may take one part in so many of a core, while questions do not crowd the one at hand.
const PREPARE_SHARE: u32 = 100;

/// Instances per view: one a worker thread, but not so many that a few groups take every place of the engine.
const MOST_SLOTS: usize = 4;

/// Keeps the group's offers fresh.
pub(super) struct Publisher {
    broadcast: Rungs,
    subscribe: Rungs,
    touched: bool,
    urgent: bool,
    last: UtcMs,
    every: DurationMs,
    /// What the view at hand cost so far.
    cost: Duration,
}

impl Publisher {
    pub(super) fn new() -> Self {
        Self {
            broadcast: Rungs::new(Decides::Broadcast),
            subscribe: Rungs::new(Decides::Subscribe),
            touched: true,
            urgent: true,
            last: UtcMs(0),
            every: VIEW_EVERY,
            cost: Duration::ZERO,
        }
    }

    /// Something in the view changed: publish at the next turn.
    pub(super) fn touch(&mut self) {
        self.touched = true;
    }

    /// A node entered or left service or drain: publish now.
    pub(super) fn wake(&mut self) {
        self.touched = true;
        self.urgent = true;
    }

    /// When the next view is due. `mail`: reports wait to be looked at.
    pub(super) fn due(&self, mail: bool) -> UtcMs {
        if self.touched || mail {
            self.last + self.every
        } else {
            UtcMs(u64::MAX)
        }
    }

    fn rungs(&mut self, action: Action) -> &mut Rungs {
        match action {
            Action::Broadcast => &mut self.broadcast,
            Action::Subscribe => &mut self.subscribe,
        }
    }

    /// Publishes when it is time, or when so many nodes got clients that questions would be cheaper with a new view.
    /// `pass`: what the pass cost that brought the news; it is part of the view's price. Answers what was spent here.
    pub(super) async fn publish(
        &mut self,
        handle: &Arc<GroupHandle>,
        shared: &Arc<Shared>,
        pass: Duration,
        now: UtcMs,
    ) -> Duration {
        let crowded = handle.offers.load().are_crowded();
        let due = self.urgent || crowded || (self.touched && now >= self.last + self.every);
        if !due {
            return Duration::ZERO;
        }
        self.cost = pass;
        let broadcast = self.offer(Action::Broadcast, handle, shared, now).await;
        let subscribe = self.offer(Action::Subscribe, handle, shared, now).await;
        handle.offers.store(Arc::new(Offers {
            broadcast: Some(broadcast),
            subscribe: Some(subscribe),
        }));
        let every = u64::try_from((self.cost * PREPARE_SHARE).as_millis()).unwrap_or(u64::MAX);
        self.every = VIEW_EVERY.max(DurationMs(every));
        self.last = now;
        self.touched = false;
        self.urgent = false;
        self.cost - pass
    }

    /// The offer for an action.
    async fn offer(
        &mut self,
        action: Action,
        handle: &Arc<GroupHandle>,
        shared: &Arc<Shared>,
        now: UtcMs,
    ) -> Arc<Offer> {
        let started = Instant::now();
        let (view, binding) = {
            let state = handle.state.read();
            let binding = state.binding(action.into()).clone();
            (Arc::new(state.view(action, now)), binding)
        };
        let previous = handle.offers.load().of(action).cloned();
        self.cost += started.elapsed();
        let mut prepared_in = Duration::ZERO;
        let rungs = self.rungs(action);
        let mut answering = None;
        for candidate in rungs.candidates(&handle.name, &binding, &shared.policies, now) {
            let Candidate {
                policy,
                binding,
                rung,
            } = candidate;
            let built = prepared(&view, &binding, policy.clone(), previous.clone()).await;
            prepared_in += Duration::from_micros(built.micros);
            match built.answer {
                Ok(pool) => {
                    answering = Some(Answering { policy, pool, rung });
                    break;
                }
                Err(fault) => {
                    rungs.record(&handle.name, &policy, rung, Err(&fault), now);
                }
            }
        }
        let status = rungs.status(
            &binding,
            answering.as_ref().map(|answering| &answering.policy),
        );
        handle.set_binding(status);
        let started = Instant::now();
        let offer = Offer::new(view, answering);
        self.cost += started.elapsed() + prepared_in;
        Arc::new(offer)
    }

    /// Tells the ladders how questions went since the last pass.
    pub(super) fn note_calls(&mut self, handle: &GroupHandle, now: UtcMs) {
        for action in [Action::Broadcast, Action::Subscribe] {
            let notes = handle.take_calls(action);
            let offers = handle.offers.load();
            let Some(answering) = offers.of(action).and_then(|offer| offer.answering.as_ref())
            else {
                continue;
            };
            let rungs = self.rungs(action);
            let mut stepped = false;
            // What another policy did before it was replaced is not held against this one.
            let of_this = |note: &CallNote| {
                note.rung == answering.rung && Arc::ptr_eq(&note.policy, &answering.policy)
            };
            for CallNote { policy, rung, went } in notes.into_iter().filter(of_this) {
                let (times, fault) = match went {
                    Ok(count) => (count.min(GOOD_CALLS), None),
                    Err(fault) => (1, Some(fault)),
                };
                for _ in 0..times {
                    let result = fault.as_ref().map_or(Ok(()), Err);
                    stepped |= rungs.record(&handle.name, &policy, rung, result, now);
                }
            }
            let retry = rungs.retry_at().is_some_and(|at| at <= now);
            if stepped || retry {
                self.wake();
            }
        }
    }
}

/// A pool of instances that were shown the view. On the way it asks one of the previous view's questions again: a
/// policy whose answers depend on earlier questions is told of in the log.
async fn prepared(
    view: &Arc<View>,
    binding: &Binding,
    policy: SharedPolicy,
    previous: Option<Arc<Offer>>,
) -> Outcome<PreparedPool> {
    let (view, settings) = (view.clone(), binding.settings.clone());
    let cores = std::thread::available_parallelism().map_or(2, std::num::NonZero::get);
    let slots = cores.min(MOST_SLOTS);
    let work = move || {
        let answering = previous.as_ref().and_then(|offer| offer.answering.as_ref());
        if let Some(dependence) = answering.and_then(|answering| answering.pool.recheck()) {
            let policy = policy.name();
            tracing::error!(
                policy,
                ?dependence,
                "a placement policy's answers depend on earlier questions: its author must mend it"
            );
        }
        PreparedPool::build(policy, view, &settings, slots)
    };
    tokio::task::spawn_blocking(work)
        .await
        .unwrap_or_else(|gone| Outcome {
            answer: Err(PolicyFault::Engine {
                message: gone.to_string(),
            }),
            fuel: 0,
            micros: 0,
        })
}
