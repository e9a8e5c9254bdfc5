//! What is known of a policy once it was tried: what it says of itself, what it cost, and what is odd about it.

use serde::{Deserialize, Serialize};

/// What a policy says of itself.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct About {
    /// Its own name; it is known to this server by the one it was uploaded under.
    pub name: String,
    /// Its own version.
    pub version: String,
    /// A line on what it does.
    pub summary: String,
    /// JSON Schema of its settings for scaling.
    pub scaling_settings_schema: Option<String>,
    /// JSON Schema of its settings for placement.
    pub placement_settings_schema: Option<String>,
    /// Facts that it asks for.
    pub wants: Vec<String>,
}

/// One call of the trial.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Trial {
    /// The function.
    pub export: String,
    /// What it was given.
    pub input: String,
    /// Fuel it used.
    pub fuel: u64,
    /// Wall time, microseconds.
    pub micros: u64,
    /// Its words when it said that it cannot; it may do that.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub gave_up: Option<String>,
}

/// What a call costs on an ordinary input.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Price {
    /// The function.
    pub export: String,
    /// Nodes in the input.
    pub nodes: u32,
    /// Fuel of one call.
    pub fuel: u64,
    /// Middle wall time of several calls, microseconds.
    pub median_micros: f64,
}

/// What was found when a component was admitted.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct AdmissionReport {
    /// `component` or `core module`.
    pub kind: String,
    /// Time of the compilation, ms; 0 when its code was kept from an earlier one.
    pub compile_ms: u64,
    /// Its code was kept from an earlier compilation.
    pub cached: bool,
    /// Most linear memory that a call of the trial took, bytes.
    pub memory_bytes: usize,
    /// Every call of the trial.
    pub trials: Vec<Trial>,
    /// What calls cost on ordinary inputs.
    pub prices: Vec<Price>,
    /// What its author should look at; nothing that keeps it from being used.
    pub warnings: Vec<String>,
}

impl AdmissionReport {
    /// Middle time of one placement question among 100 nodes, microseconds; `None` for a policy that places nobody.
    pub fn select_micros(&self) -> Option<f64> {
        let select = self.prices.iter().find(|price| price.export == "select");
        select.map(|price| price.median_micros)
    }
}
