//! What is kept of a decision.

use serde::{Deserialize, Serialize};
use weir_core::proposal::Proposal;
use weir_core::snapshot::Snapshot;

use crate::policy::PolicyFault;

/// One policy that was asked, with all it was given and what came of it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Attempt {
    /// The policy, as it was bound.
    pub policy: String,
    /// SHA-256 of its bytes, hex.
    pub digest: String,
    /// The engine that ran it ([`crate::policy::Policy::engine`]).
    pub engine: String,
    /// Settings it was given, JSON.
    pub settings: String,
    /// State it was given.
    pub state: Vec<u8>,
    /// Fuel it used.
    pub fuel: u64,
    /// Wall time, microseconds. Another one each time.
    pub micros: u64,
    /// What it answered.
    pub answer: Result<Proposal, PolicyFault>,
}

/// One decision.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Entry {
    /// What every policy was shown.
    pub snapshot: Snapshot,
    /// The policies that were asked, in their order: the last one answered, unless all failed.
    pub attempts: Vec<Attempt>,
    /// What was made of it, as it is shown (JSON).
    pub document: String,
}
