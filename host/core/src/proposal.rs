//! What a scaling policy says. Only a wish: [`crate::guardrails`] cuts it.

use serde::{Deserialize, Serialize};

use crate::node::Role;

/// Nodes to add. Indices are those of the snapshot; the host chooses what is left open.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LaunchWish {
    /// Role.
    pub role: Role,
    /// Index into the regions.
    pub region: u32,
    /// Index into the zones.
    pub zone: Option<u32>,
    /// Index into the machine types.
    pub instance_type: Option<u32>,
    /// How many.
    pub count: u32,
}

/// A policy's answer. Ids are those of the snapshot's nodes.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Proposal {
    /// Nodes to add.
    pub launches: Vec<LaunchWish>,
    /// Nodes to drain and remove once empty.
    pub retirements: Vec<u32>,
    /// Draining nodes to take back.
    pub reinstatements: Vec<u32>,
    /// Launches in flight to give up.
    pub cancellations: Vec<u32>,
    /// The whole set of nodes that should empty.
    pub discouraged: Vec<u32>,
    /// Ask again after so many milliseconds.
    pub next_wake_ms: Option<u32>,
    /// Why, for people.
    pub reasons: Vec<String>,
    /// Numbers to plot, finite.
    pub signals: Vec<(String, f64)>,
    /// Handed back at the next call.
    pub state: Vec<u8>,
}
