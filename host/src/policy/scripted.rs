//! A policy without WebAssembly whose answers its owner writes: for tests of everything around policies.

use std::sync::Arc;

use weir_core::placement::{Refusal, SelectRequest};
use weir_core::proposal::Proposal;
use weir_core::snapshot::{Snapshot, View};

use super::{About, Outcome, Policy, PolicyFault, Prepared};

type Propose = dyn Fn(&Snapshot, &str, &[u8]) -> Result<Proposal, PolicyFault> + Send + Sync;
type Select =
    dyn Fn(&View, &SelectRequest) -> Result<Result<Vec<u32>, Refusal>, PolicyFault> + Send + Sync;
type Check = dyn Fn(&str) -> Vec<String> + Send + Sync;

/// What every call says it cost.
const FUEL: u64 = 1;

/// A policy made of closures. It exports the worlds that were given a closure.
pub struct ScriptedPolicy {
    name: String,
    about: About,
    propose: Option<Arc<Propose>>,
    select: Option<Arc<Select>>,
    check: Arc<Check>,
}

impl ScriptedPolicy {
    /// A policy that can do nothing yet and accepts all settings.
    pub fn new(name: &str) -> Self {
        Self {
            name: name.to_owned(),
            about: About {
                name: name.to_owned(),
                version: "scripted".to_owned(),
                summary: "Answers as its owner wrote.".to_owned(),
                ..About::default()
            },
            propose: None,
            select: None,
            check: Arc::new(|_| Vec::new()),
        }
    }

    /// Answers scaling decisions: snapshot, settings, state.
    #[must_use]
    pub fn proposing(
        mut self,
        propose: impl Fn(&Snapshot, &str, &[u8]) -> Result<Proposal, PolicyFault>
        + Send
        + Sync
        + 'static,
    ) -> Self {
        self.propose = Some(Arc::new(propose));
        self
    }

    /// Answers placement questions: the view, the question.
    #[must_use]
    pub fn selecting(
        mut self,
        select: impl Fn(&View, &SelectRequest) -> Result<Result<Vec<u32>, Refusal>, PolicyFault>
        + Send
        + Sync
        + 'static,
    ) -> Self {
        self.select = Some(Arc::new(select));
        self
    }

    /// Checks settings.
    #[must_use]
    pub fn checking(mut self, check: impl Fn(&str) -> Vec<String> + Send + Sync + 'static) -> Self {
        self.check = Arc::new(check);
        self
    }
}

impl Policy for ScriptedPolicy {
    fn name(&self) -> &str {
        &self.name
    }

    fn about(&self) -> &About {
        &self.about
    }

    fn digest(&self) -> &str {
        "scripted"
    }

    fn check_scaling_settings(&self, settings: &str) -> Result<Vec<String>, PolicyFault> {
        Ok((self.check)(settings))
    }

    fn check_placement_settings(&self, settings: &str) -> Result<Vec<String>, PolicyFault> {
        Ok((self.check)(settings))
    }

    fn scales(&self) -> bool {
        self.propose.is_some()
    }

    fn places(&self) -> bool {
        self.select.is_some()
    }

    fn propose(&self, snapshot: &Snapshot, settings: &str, state: &[u8]) -> Outcome<Proposal> {
        outcome(match &self.propose {
            Some(propose) => propose(snapshot, settings, state),
            None => Err(unscripted("propose")),
        })
    }

    fn prepare(&self, view: &View, _settings: &str) -> Outcome<Box<dyn Prepared>> {
        outcome(match &self.select {
            Some(select) => Ok(Box::new(ScriptedPrepared {
                view: view.clone(),
                select: Arc::clone(select),
            }) as Box<dyn Prepared>),
            None => Err(unscripted("select")),
        })
    }
}

struct ScriptedPrepared {
    view: View,
    select: Arc<Select>,
}

impl Prepared for ScriptedPrepared {
    fn select(&mut self, request: &SelectRequest) -> Outcome<Result<Vec<u32>, Refusal>> {
        outcome((self.select)(&self.view, request))
    }
}

fn outcome<T>(answer: Result<T, PolicyFault>) -> Outcome<T> {
    Outcome {
        answer,
        fuel: FUEL,
        micros: 0,
    }
}

fn unscripted(what: &str) -> PolicyFault {
    PolicyFault::Engine {
        message: format!("no answer to {what} was scripted"),
    }
}
