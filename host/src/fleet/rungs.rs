//! Which policy answers now: the bound one, or a rung of the ladder below it.

use std::sync::Arc;

use weir_core::group::{Binding, Decides};
use weir_core::ids::GroupName;
use weir_core::units::UtcMs;

use super::status::BindingStatus;
use crate::policy::{
    Blame, Ladder, LadderEvent, PolicyFault, PolicyRegistry, Rung, SharedPolicy, Step,
};

/// A policy to ask.
pub(super) struct Candidate {
    pub(super) policy: SharedPolicy,
    pub(super) binding: Binding,
    pub(super) rung: Rung,
}

/// The policy of this program that stands in for a bound one.
fn builtin(decides: Decides) -> &'static str {
    match decides {
        Decides::Scaling => "threshold",
        Decides::Broadcast => "round-robin",
        Decides::Subscribe => "weighted",
    }
}

/// The ladder of one decision of one group.
pub(super) struct Rungs {
    decides: Decides,
    ladder: Ladder,
    bound: Option<Binding>,
    last_good: Option<Binding>,
    /// The bound policy has answered since it was bound.
    proven: bool,
    faults: u64,
    last_fault: Option<String>,
}

impl Rungs {
    /// Nothing is bound yet.
    pub(super) fn new(decides: Decides) -> Self {
        Self {
            decides,
            ladder: Ladder::new(false, false),
            bound: None,
            last_good: None,
            proven: false,
            faults: 0,
            last_fault: None,
        }
    }

    /// When the bound policy is to be tried again.
    pub(super) fn retry_at(&self) -> Option<UtcMs> {
        self.ladder.retry_at()
    }

    /// The policies to ask, best first: the rung that decides, then those that stand in for one call.
    pub(super) fn candidates(
        &mut self,
        group: &GroupName,
        binding: &Binding,
        policies: &Arc<PolicyRegistry>,
        now: UtcMs,
    ) -> Vec<Candidate> {
        self.rebind(binding);
        if let Some(event) = self.ladder.tick(now) {
            self.tell(group, &event);
        }
        let mut candidates = Vec::new();
        let mut rung = self.ladder.rung();
        while rung != Rung::Hold {
            let binding = self.binding_of(rung, binding);
            let policy = binding
                .as_ref()
                .and_then(|binding| policies.get(&binding.policy));
            match (policy, binding) {
                (Some(policy), Some(binding)) => candidates.push(Candidate {
                    policy,
                    binding,
                    rung,
                }),
                (None, Some(binding)) => {
                    self.last_fault = Some(format!(
                        "there is no policy {:?}: load it or bind another",
                        binding.policy
                    ));
                }
                (_, None) => {}
            }
            rung = self.ladder.below(rung);
        }
        candidates
    }

    /// Another policy or other settings: what the old one did is no longer held against it, and if it worked, it
    /// becomes the first stand-in.
    fn rebind(&mut self, binding: &Binding) {
        if self.bound.as_ref() == Some(binding) {
            return;
        }
        let old = self.bound.replace(binding.clone());
        if self.proven {
            self.last_good = old;
        }
        self.proven = false;
        self.ladder = Ladder::new(
            self.last_good.is_some(),
            binding.policy == builtin(self.decides),
        );
    }

    fn binding_of(&self, rung: Rung, bound: &Binding) -> Option<Binding> {
        match rung {
            Rung::Bound => Some(bound.clone()),
            Rung::LastGood => self.last_good.clone(),
            Rung::BuiltIn => Some(Binding {
                policy: builtin(self.decides).to_owned(),
                settings: "{}".to_owned(),
            }),
            Rung::Hold => None,
        }
    }

    /// What a call did. Answers whether another policy decides from now on.
    pub(super) fn record(
        &mut self,
        group: &GroupName,
        policy: &SharedPolicy,
        rung: Rung,
        result: Result<(), &PolicyFault>,
        now: UtcMs,
    ) -> bool {
        match result {
            Ok(()) => self.proven |= rung == Rung::Bound,
            Err(fault) => {
                self.faults += 1;
                let who = format!("{} {}", policy.name(), policy.version());
                let blame = match fault.blame() {
                    Blame::Guest => "its author",
                    Blame::Host => "this server",
                };
                tracing::warn!(%group, decides = self.decides.as_str(), policy = who, %fault, blame, "a policy failed");
                self.last_fault = Some(format!("{who}: {fault} (to be mended by {blame})"));
            }
        }
        let event = self.ladder.record(now, rung, result);
        if let Some(event) = &event {
            self.tell(group, event);
        }
        event.is_some()
    }

    fn tell(&self, group: &GroupName, event: &LadderEvent) {
        let (decides, from, to) = (self.decides.as_str(), event.from, event.to);
        let retry_at = event.retry_at.map(|at| at.0);
        match event.step {
            Step::SteppedDown => {
                let fault = event.fault.as_ref().map(ToString::to_string);
                let blame = event.blame();
                tracing::error!(%group, decides, ?from, ?to, fault, ?blame, retry_at, "a policy failed three times in a row: another one decides");
            }
            Step::TrialFailed => {
                tracing::warn!(%group, decides, retry_at, "the bound policy failed its trial")
            }
            Step::TriedAgain => tracing::info!(%group, decides, "the bound policy is tried again"),
            Step::Restored => tracing::info!(%group, decides, "the bound policy is trusted again"),
        }
    }

    /// How the binding fares, for people.
    pub(super) fn status(
        &self,
        binding: &Binding,
        answering: Option<&SharedPolicy>,
    ) -> BindingStatus {
        BindingStatus {
            decides: self.decides.as_str(),
            policy: binding.policy.clone(),
            answering: answering.map(|policy| policy.name().to_owned()),
            version: answering.map(|policy| policy.version().to_owned()),
            digest: answering.map(|policy| policy.digest().to_owned()),
            settings: binding.settings.clone(),
            faults: self.faults,
            last_fault: self.last_fault.clone(),
        }
    }
}
