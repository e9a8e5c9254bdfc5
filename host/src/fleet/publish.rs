//! Publishes views: when, from which policy, and at what price.

use std::sync::Arc;

use weir_core::group::Binding;
use weir_core::placement::Action;
use weir_core::snapshot::View;
use weir_core::units::{DurationMs, UtcMs};

use super::Shared;
use super::group::GroupHandle;
use super::reconciler::Crossing;
use super::rungs::Rungs;
use super::view::{Answering, Offer, Offers};
use crate::policy::pool::PreparedPool;

/// Views of small groups are at most this old when a report changed something.
const VIEW_EVERY: DurationMs = DurationMs(50);
/// Preparing views may take one part in so many of a core.
const PREPARE_SHARE: u64 = 100;

/// Keeps the group's offers fresh.
pub(super) struct Publisher {
    pub(super) crossing: Crossing,
    broadcast: Rungs,
    subscribe: Rungs,
    touched: bool,
    urgent: bool,
    last: UtcMs,
    every: DurationMs,
}

impl Publisher {
    pub(super) fn new() -> Self {
        Self {
            crossing: Crossing::default(),
            broadcast: Rungs::new("broadcast", "round-robin"),
            subscribe: Rungs::new("subscribe", "weighted"),
            touched: true,
            urgent: true,
            last: UtcMs(0),
            every: VIEW_EVERY,
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

    /// A placement policy failed in answering a question.
    pub(super) fn rungs(&mut self, action: Action) -> &mut Rungs {
        match action {
            Action::Broadcast => &mut self.broadcast,
            Action::Subscribe => &mut self.subscribe,
        }
    }

    /// Publishes when it is time.
    pub(super) async fn publish(
        &mut self,
        handle: &Arc<GroupHandle>,
        shared: &Arc<Shared>,
        now: UtcMs,
    ) {
        let due = self.urgent || (self.touched && now >= self.last + self.every);
        if !due {
            return;
        }
        let (broadcast, first) = self.offer(Action::Broadcast, handle, shared, now).await;
        let (subscribe, second) = self.offer(Action::Subscribe, handle, shared, now).await;
        handle.offers.store(Arc::new(Offers {
            broadcast: Some(broadcast),
            subscribe: Some(subscribe),
        }));
        let micros = first + second;
        self.every = DurationMs(VIEW_EVERY.0.max(micros * PREPARE_SHARE / 1_000));
        self.last = now;
        self.touched = false;
        self.urgent = false;
    }

    /// The offer for an action, and what preparing it cost in microseconds.
    async fn offer(
        &mut self,
        action: Action,
        handle: &Arc<GroupHandle>,
        shared: &Arc<Shared>,
        now: UtcMs,
    ) -> (Arc<Offer>, u64) {
        let (view, binding) = {
            let state = handle.state.read();
            let bindings = &state.spec().bindings;
            let binding = match action {
                Action::Broadcast => bindings.broadcast.clone(),
                Action::Subscribe => bindings.subscribe.clone(),
            };
            (Arc::new(state.view(action, now)), binding)
        };
        let rungs = self.rungs(action);
        let mut micros = 0;
        let mut answering = None;
        for rung in rungs.candidates(&binding, &shared.policies, now) {
            let (built, took) = prepared(&view, &rung.binding, rung.policy.clone()).await;
            micros += took;
            match built {
                Ok(pool) => {
                    answering = Some(Answering {
                        policy: rung.policy,
                        pool,
                        bound: rung.bound,
                    });
                    break;
                }
                Err(fault) => rungs.fault(&handle.name, &rung, &fault, now),
            }
        }
        if let Some(answering) = answering.as_ref().filter(|answering| answering.bound) {
            rungs.answered(&answering.policy, now);
        }
        let status = rungs.status(
            &binding,
            answering.as_ref().map(|answering| &answering.policy),
        );
        handle.set_binding(status);
        (Arc::new(Offer::new(view, answering)), micros)
    }
}

async fn prepared(
    view: &Arc<View>,
    binding: &Binding,
    policy: crate::policy::SharedPolicy,
) -> (Result<PreparedPool, crate::policy::PolicyFault>, u64) {
    let (view, settings) = (view.clone(), binding.settings.clone());
    let slots = std::thread::available_parallelism().map_or(2, std::num::NonZero::get);
    let work = move || {
        let started = std::time::Instant::now();
        let pool = PreparedPool::build(policy, view, settings, slots);
        (
            pool,
            u64::try_from(started.elapsed().as_micros()).unwrap_or(u64::MAX),
        )
    };
    match tokio::task::spawn_blocking(work).await {
        Ok(built) => built,
        Err(gone) => (
            Err(crate::policy::PolicyFault::Engine {
                message: gone.to_string(),
            }),
            0,
        ),
    }
}
