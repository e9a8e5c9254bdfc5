//! Policies: WebAssembly components that decide, behind one trait. Only this folder knows wasmtime.
//!
//! A policy is code of somebody else: it gets fuel, time and memory, its answers are checked, and whatever it does
//! ends as a [`PolicyFault`] that says who is to blame.

mod admission;
mod artifacts;
mod builtin;
mod compile_child;
mod compiler;
mod contract;
mod edge_cases;
mod engine;
mod engine_config;
mod from_guest;
mod guest;
mod ladder;
mod limits;
mod ordinary;
mod patience;
pub mod pool;
mod prepared;
mod registry;
mod report;
mod scan;
mod schema;
pub mod scripted;
mod ticker;
mod to_guest;
mod trial;
mod wasm_policy;

use std::sync::Arc;

use serde::{Deserialize, Serialize};
use weir_core::placement::{Refusal, SelectRequest};
use weir_core::proposal::Proposal;
use weir_core::snapshot::{Snapshot, View};

pub use builtin::BUILTINS;
pub use compile_child::compile_child_main;
pub use compiler::Compiler;
pub use engine::{EngineError, EngineSettings, WasmEngine};
pub use ladder::{FAULTS_IN_A_ROW, GOOD_CALLS, Ladder, LadderEvent, Rung, Step};
pub use limits::Limits;
pub use pool::{Dependence, PreparedPool};
pub use registry::{BindError, LoadError, PolicyRegistry, family};
pub use report::{About, AdmissionReport, Price, Trial};

/// Who has to mend it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Blame {
    /// The policy's author.
    Guest,
    /// This server.
    Host,
}

/// Why a call of a policy gave no answer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error, Serialize, Deserialize)]
pub enum PolicyFault {
    /// The fuel of the call ran out. Deterministic: the same input does it again.
    #[error("it used up its fuel of {limit}")]
    OutOfFuel {
        /// Fuel given.
        limit: u64,
    },
    /// The wall clock of the call ran out. Not replayable.
    #[error("it took longer than {limit_ms} ms")]
    Deadline {
        /// Time given.
        limit_ms: u64,
    },
    /// It asked for more memory than it may have.
    #[error("it asked for more than {limit_bytes} bytes of memory")]
    OutOfMemory {
        /// Linear memory allowed.
        limit_bytes: usize,
    },
    /// It trapped (panic, unreachable, division by zero ...).
    #[error("it trapped: {trap}")]
    Trapped {
        /// The engine's name of the trap.
        trap: String,
    },
    /// It answered something that cannot be: an index past the end, NaN, too many actions.
    #[error("its answer cannot be used: {problem}")]
    BadAnswer {
        /// What is wrong with it.
        problem: String,
    },
    /// It said itself that it cannot.
    #[error("it gave up: {message}")]
    GaveUp {
        /// Its words.
        message: String,
    },
    /// This server could not run it.
    #[error("the engine failed: {message}")]
    Engine {
        /// What failed.
        message: String,
    },
}

impl PolicyFault {
    /// Who has to mend it.
    pub fn blame(&self) -> Blame {
        match self {
            PolicyFault::Engine { .. } => Blame::Host,
            PolicyFault::OutOfFuel { .. }
            | PolicyFault::Deadline { .. }
            | PolicyFault::OutOfMemory { .. }
            | PolicyFault::Trapped { .. }
            | PolicyFault::BadAnswer { .. }
            | PolicyFault::GaveUp { .. } => Blame::Guest,
        }
    }
}

/// What a call cost and what came of it.
#[derive(Debug, Clone, PartialEq)]
pub struct Outcome<T> {
    /// The answer, or why there is none.
    pub answer: Result<T, PolicyFault>,
    /// Fuel used.
    pub fuel: u64,
    /// Wall time, microseconds.
    pub micros: u64,
}

impl<T> Outcome<T> {
    /// Judges or turns the answer; what the call cost stays.
    pub fn and_then<U>(self, judge: impl FnOnce(T) -> Result<U, PolicyFault>) -> Outcome<U> {
        Outcome {
            answer: self.answer.and_then(judge),
            fuel: self.fuel,
            micros: self.micros,
        }
    }
}

/// A policy that was admitted and can be called; cheap to clone.
pub trait Policy: Send + Sync + 'static {
    /// Name, as bound; of an uploaded policy `name@number`.
    fn name(&self) -> &str;
    /// Its own version.
    fn version(&self) -> &str {
        &self.about().version
    }
    /// What it says of itself.
    fn about(&self) -> &About;
    /// SHA-256 of the bytes that were loaded, hex.
    fn digest(&self) -> &str;
    /// The engine that runs it, by version and settings: on another one the same call may cost another amount of fuel.
    fn engine(&self) -> &str {
        ""
    }
    /// The texts of the policy's own check; empty when the settings are fine.
    fn check_scaling_settings(&self, settings: &str) -> Result<Vec<String>, PolicyFault>;
    /// As above, for placement.
    fn check_placement_settings(&self, settings: &str) -> Result<Vec<String>, PolicyFault>;
    /// Exports the scaling world.
    fn scales(&self) -> bool;
    /// Exports the placement world.
    fn places(&self) -> bool;
    /// One scaling decision on a fresh instance. Blocks for up to the wall-clock limit: call it off the runtime.
    fn propose(&self, snapshot: &Snapshot, settings: &str, state: &[u8]) -> Outcome<Proposal>;
    /// A fresh instance that was shown the view. Blocks for up to the wall-clock limit.
    fn prepare(&self, view: &View, settings: &str) -> Outcome<Box<dyn Prepared>>;
}

/// An instance that was shown a view and answers questions about it. One thread at a time.
pub trait Prepared: Send {
    /// One placement decision; ids are those of the view. After any fault the instance is spent: drop it.
    fn select(&mut self, request: &SelectRequest) -> Outcome<Result<Vec<u32>, Refusal>>;
    /// Linear memory it has, bytes; 0 when it has none.
    fn memory_bytes(&self) -> usize {
        0
    }
    /// It should be replaced although it did nothing wrong: its memory grew.
    fn is_worn(&self) -> bool {
        false
    }
}

/// A policy everybody may hold.
pub type SharedPolicy = Arc<dyn Policy>;

/// Why a component was not admitted. Always the component's fault, but for `Engine`.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AdmitError {
    /// Larger than the cap.
    #[error("it has {size} bytes, more than the {limit} allowed")]
    TooLarge {
        /// Its size.
        size: usize,
        /// The cap.
        limit: usize,
    },
    /// Not a component or core module that can be read.
    #[error("it is no WebAssembly component: {problem}")]
    NotAComponent {
        /// What the reader said.
        problem: String,
    },
    /// It wants something from outside.
    #[error("it imports {import}; policies import nothing but weir:policy/types: {mend}")]
    Imports {
        /// The import.
        import: String,
        /// How to be rid of it.
        mend: String,
    },
    /// It lacks an export, or has it with other types.
    #[error("it does not export {export} as the contract has it: {problem}")]
    Exports {
        /// The export.
        export: String,
        /// What differs.
        problem: String,
    },
    /// The schema by which it describes its settings cannot be used.
    #[error("its schema of {world} settings cannot be used: {problem}")]
    Schema {
        /// The world whose settings are meant.
        world: String,
        /// What is wrong with it.
        problem: String,
    },
    /// Compiling took more than it may.
    #[error("compiling it failed: {problem}")]
    Compile {
        /// What happened.
        problem: String,
    },
    /// It failed when it was tried.
    #[error("{export} failed when it was tried: {fault}")]
    Trial {
        /// The export.
        export: String,
        /// What it did.
        fault: PolicyFault,
    },
    /// This server could not do it.
    #[error("the engine failed: {message}")]
    Engine {
        /// What failed.
        message: String,
    },
}

/// A policy that was admitted, and what was found on the way.
pub struct Admitted {
    /// The policy.
    pub policy: SharedPolicy,
    /// What was found.
    pub report: AdmissionReport,
}

/// Turns bytes into policies.
#[async_trait::async_trait]
pub trait PolicyEngine: Send + Sync + 'static {
    /// Checks, compiles (in a child process, cached by digest) and tries a component.
    ///
    /// # Errors
    /// [`AdmitError`]: nothing was kept.
    async fn admit_with_report(&self, name: &str, bytes: &[u8]) -> Result<Admitted, AdmitError>;

    /// As [`PolicyEngine::admit_with_report`], for those who only want to use it.
    ///
    /// # Errors
    /// As there.
    async fn admit(&self, name: &str, bytes: &[u8]) -> Result<SharedPolicy, AdmitError> {
        let admitted = self.admit_with_report(name, bytes).await?;
        Ok(admitted.policy)
    }

    /// Largest component it takes, bytes.
    fn upload_bytes(&self) -> usize;
}

#[cfg(test)]
mod tests;
