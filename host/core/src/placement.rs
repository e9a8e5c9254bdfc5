//! One placement question and its answer, as the policy contract has them.

use serde::{Deserialize, Serialize};

use crate::node::Role;

/// Who asks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Action {
    /// A publisher looks for an origin.
    Broadcast,
    /// A viewer looks for an edge.
    Subscribe,
}

impl Action {
    /// The word on the wire.
    pub fn as_str(self) -> &'static str {
        match self {
            Action::Broadcast => "broadcast",
            Action::Subscribe => "subscribe",
        }
    }

    /// The role that serves it first.
    pub fn role(self) -> Role {
        match self {
            Action::Broadcast => Role::Origin,
            Action::Subscribe => Role::Edge,
        }
    }
}

/// Most nodes one question may ask for, and most ids in a choice.
pub const MAX_CHOICES: usize = 8;

/// One question. Indices are those of the view it is asked about.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(missing_docs, reason = "documented in wit/types.wit, one by one")]
pub struct SelectRequest {
    pub action: Action,
    pub stream_key: u32,
    pub path: Option<String>,
    pub region: Option<u32>,
    pub zone: Option<u32>,
    pub strict: bool,
    pub count: u32,
    pub carriers: Vec<u32>,
    /// (id, count) pairs: clients handed out since the view was made.
    pub handed_out: Vec<(u32, u32)>,
    pub sequence: u32,
    pub random: u32,
}

/// Why a policy chose nobody.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Refusal {
    /// Every node it would take is full.
    Full,
    /// No node in the wanted place.
    NoSuchPlace,
    /// Ask again after so many milliseconds.
    RetryAfterMs(u32),
    /// In the policy's own words.
    Other(String),
}
