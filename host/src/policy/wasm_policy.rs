//! A component as a [`Policy`]: a fresh instance for every decision, one kept instance for every view.

use std::sync::Arc;

use wasmtime::component::InstancePre;
use weir_core::proposal::Proposal;
use weir_core::snapshot::{Snapshot, View};

use super::contract::{placement, scaling};
use super::engine::Core;
use super::guest::{Caps, Guest};
use super::limits::Budget;
use super::prepared::WasmPrepared;
use super::report::About;
use super::schema::SettingsSchema;
use super::{Outcome, Policy, PolicyFault, Prepared, from_guest, to_guest};

/// What the settings of each world have to look like, where the policy says so.
#[derive(Default)]
pub(super) struct Schemas {
    pub(super) scaling: Option<SettingsSchema>,
    pub(super) placement: Option<SettingsSchema>,
}

/// A component that was admitted.
pub(super) struct WasmPolicy {
    pub(super) core: Arc<Core>,
    pub(super) name: String,
    pub(super) digest: String,
    pub(super) about: About,
    pub(super) schemas: Schemas,
    pub(super) pre: InstancePre<Caps>,
    pub(super) scaling: Option<scaling::GuestIndices>,
    pub(super) placement: Option<placement::GuestIndices>,
}

impl WasmPolicy {
    pub(super) fn start(&self, lifted: usize, budget: Budget) -> Result<Guest, PolicyFault> {
        Guest::start(&self.pre, self.core.limits.memory_bytes, lifted, budget)
    }

    fn start_placement(&self, budget: Budget) -> Result<(Guest, placement::Guest), PolicyFault> {
        let indices = self.placement.as_ref().ok_or_else(|| lacks("placement"))?;
        let mut guest = self.start(self.core.limits.placement_lifted_bytes, budget)?;
        let placement = guest.load(|store, instance| indices.load(store, instance))?;
        Ok((guest, placement))
    }

    fn start_scaling(&self, budget: Budget) -> Result<(Guest, scaling::Guest), PolicyFault> {
        let indices = self.scaling.as_ref().ok_or_else(|| lacks("scaling"))?;
        let mut guest = self.start(self.core.limits.scaling_lifted_bytes, budget)?;
        let scaling = guest.load(|store, instance| indices.load(store, instance))?;
        Ok((guest, scaling))
    }

    /// One decision, and the linear memory it took, bytes.
    pub(super) fn propose_measured(
        &self,
        snapshot: &Snapshot,
        settings: &str,
        state: &[u8],
    ) -> (Outcome<Proposal>, usize) {
        let limits = &self.core.limits;
        let budget = limits.scaling();
        let (mut guest, scaling) = match self.start_scaling(budget) {
            Ok(started) => started,
            Err(fault) => return (nothing(fault), 0),
        };
        let call = guest.call(budget, |store| {
            to_guest::with_input(snapshot, |input| {
                scaling.call_propose(store, input, settings, state)
            })
        });
        let judged = call.and_then(|answer| match answer {
            Ok(proposal) => from_guest::proposal(proposal, snapshot, limits),
            Err(message) => Err(gave_up(message)),
        });
        (judged, guest.memory())
    }
}

impl Policy for WasmPolicy {
    fn name(&self) -> &str {
        &self.name
    }

    fn about(&self) -> &About {
        &self.about
    }

    fn digest(&self) -> &str {
        &self.digest
    }

    fn engine(&self) -> &str {
        &self.core.fingerprint
    }

    fn check_scaling_settings(&self, settings: &str) -> Result<Vec<String>, PolicyFault> {
        let misfits = problems_by(self.schemas.scaling.as_ref(), settings);
        if !misfits.is_empty() {
            return Ok(misfits);
        }
        let budget = self.core.limits.scaling();
        let (mut guest, scaling) = self.start_scaling(budget)?;
        let call = guest.call(budget, |store| scaling.call_check_settings(store, settings));
        call.answer.map(problems)
    }

    fn check_placement_settings(&self, settings: &str) -> Result<Vec<String>, PolicyFault> {
        let misfits = problems_by(self.schemas.placement.as_ref(), settings);
        if !misfits.is_empty() {
            return Ok(misfits);
        }
        let budget = self.core.limits.scaling();
        let (mut guest, placement) = self.start_placement(budget)?;
        let call = guest.call(budget, |store| {
            placement.call_check_settings(store, settings)
        });
        call.answer.map(problems)
    }

    fn scales(&self) -> bool {
        self.scaling.is_some()
    }

    fn places(&self) -> bool {
        self.placement.is_some()
    }

    fn propose(&self, snapshot: &Snapshot, settings: &str, state: &[u8]) -> Outcome<Proposal> {
        self.propose_measured(snapshot, settings, state).0
    }

    fn prepare(&self, view: &View, settings: &str) -> Outcome<Box<dyn Prepared>> {
        let budget = self.core.limits.prepare(view.nodes.id.len());
        let (mut guest, placement) = match self.start_placement(budget) {
            Ok(started) => started,
            Err(fault) => return nothing(fault),
        };
        let call = guest.call(budget, |store| {
            to_guest::with_view(view, |view| placement.call_prepare(store, view, settings))
        });
        call.and_then(|answer| match answer {
            Ok(()) => Ok(Box::new(WasmPrepared::new(
                Arc::clone(&self.core),
                guest,
                placement,
                &view.nodes.id,
            )) as Box<dyn Prepared>),
            Err(message) => Err(gave_up(message)),
        })
    }
}

fn problems_by(schema: Option<&SettingsSchema>, settings: &str) -> Vec<String> {
    schema.map_or_else(Vec::new, |schema| schema.problems(settings))
}

fn problems(answer: Result<(), Vec<String>>) -> Vec<String> {
    answer.err().unwrap_or_default()
}

fn gave_up(message: String) -> PolicyFault {
    PolicyFault::GaveUp {
        message: from_guest::cut(message),
    }
}

/// A caller asked a policy for something it does not export: a binding that was not checked.
fn lacks(world: &str) -> PolicyFault {
    PolicyFault::Engine {
        message: format!("the policy has no {world} interface"),
    }
}

fn nothing<T>(fault: PolicyFault) -> Outcome<T> {
    Outcome {
        answer: Err(fault),
        fuel: 0,
        micros: 0,
    }
}
