//! Which policy answers now: the bound one, or a rung of the ladder below it.

use std::sync::Arc;

use weir_core::group::Binding;
use weir_core::ids::GroupName;
use weir_core::units::UtcMs;

use super::status::BindingStatus;
use crate::policy::PolicyRegistry;
use crate::policy::{PolicyFault, SharedPolicy};

/// A policy to ask.
pub(super) struct Candidate {
    pub(super) policy: SharedPolicy,
    pub(super) binding: Binding,
    /// It is the bound one.
    pub(super) bound: bool,
}

/// The ladder of one decision of one group.
pub(super) struct Rungs {
    decides: &'static str,
    builtin: &'static str,
    bound: Option<Binding>,
    faults: u64,
    last_fault: Option<String>,
}

impl Rungs {
    /// For `scaling`, `broadcast` or `subscribe`, with the built-in policy that stands in for the bound one.
    pub(super) fn new(decides: &'static str, builtin: &'static str) -> Self {
        Self {
            decides,
            builtin,
            bound: None,
            faults: 0,
            last_fault: None,
        }
    }

    /// The policies to ask, best first.
    pub(super) fn candidates(
        &mut self,
        binding: &Binding,
        policies: &Arc<PolicyRegistry>,
        now: UtcMs,
    ) -> Vec<Candidate> {
        if self.bound.as_ref() != Some(binding) {
            // Another policy or other settings: what the old one did is no longer held against it.
            self.bound = Some(binding.clone());
        }
        let mut candidates = Vec::new();
        let _ = now;
        {
            let policy = policies.get(&binding.policy);
            candidates.extend(policy.map(|policy| Candidate {
                policy,
                binding: binding.clone(),
                bound: true,
            }));
        }
        let _ = self.builtin;
        candidates
    }

    pub(super) fn fault(
        &mut self,
        group: &GroupName,
        candidate: &Candidate,
        fault: &PolicyFault,
        _now: UtcMs,
    ) {
        self.faults += 1;
        let policy = candidate.policy.name();
        tracing::warn!(%group, decides = self.decides, policy, %fault, blame = ?fault.blame(), "a policy failed");
        self.last_fault = Some(fault.to_string());
    }

    pub(super) fn answered(&mut self, _policy: &SharedPolicy, _now: UtcMs) {}

    pub(super) fn status(
        &self,
        binding: &Binding,
        answering: Option<&SharedPolicy>,
    ) -> BindingStatus {
        BindingStatus {
            decides: self.decides,
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
