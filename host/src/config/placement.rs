//! `placement.*`: choosing nodes for clients.

use serde::{Deserialize, Serialize};

use super::check::Check;

/// Choosing nodes for clients.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct PlacementConfig {
    /// Whether a node at its capacity is still offered.
    pub capacity: Capacity,
    /// When viewers may be sent to an origin.
    pub origin_serves: OriginServes,
    /// How much each figure counts for policies that weigh; relative to each other, 0 switches one off.
    pub weights: WeightsConfig,
}

/// Whether a node at its capacity is still offered.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Capacity {
    /// Yes: fullest is still better than refused. The default.
    #[default]
    Soft,
    /// No: the client is refused.
    Hard,
}

/// When viewers may be sent to an origin.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OriginServes {
    /// While the group has no edge: the default.
    #[default]
    WhenNoEdges,
    /// Always.
    Always,
    /// Never.
    Never,
}

/// How much each figure counts (0 to 1,000,000 each).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct WeightsConfig {
    /// Streams on the node; fewer is better. Default 30.
    pub streams: u32,
    /// Share of connections in use; less is better. Default 15.
    pub connections: u32,
    /// Subscribers on all edges of an origin; fewer is better. Default 60.
    pub subscribers: u32,
    /// Free memory; more is better. Default 20.
    pub memory: u32,
    /// Restreamers of a relay; fewer is better. Default 35.
    pub restreamer: u32,
}

impl Default for WeightsConfig {
    fn default() -> Self {
        Self {
            streams: 30,
            connections: 15,
            subscribers: 60,
            memory: 20,
            restreamer: 35,
        }
    }
}

impl WeightsConfig {
    /// Names (as policies know them) and values.
    pub fn entries(&self) -> [(&'static str, u32); 5] {
        [
            ("streams", self.streams),
            ("connections", self.connections),
            ("subscribers", self.subscribers),
            ("memory", self.memory),
            ("restreamer", self.restreamer),
        ]
    }
}

impl PlacementConfig {
    pub(super) fn validate(&self, check: &mut Check) {
        for (name, weight) in self.weights.entries() {
            check.range(&format!("weights.{name}"), weight, 0..=1_000_000, "");
        }
        if self
            .weights
            .entries()
            .iter()
            .all(|(_, weight)| *weight == 0)
        {
            check.warn("weights", "are all 0: every node is as good as any other");
        }
    }
}
