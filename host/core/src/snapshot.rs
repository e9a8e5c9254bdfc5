//! What policies are shown: the input of a scaling decision and the view of a placement decision.
//!
//! The shapes are those of the policy contract (`wit/types.wit`), kept in columns from the start so that handing
//! them to a guest costs a copy and no rearrangement. All columns of [`Nodes`] have one length, all indices are valid.

use serde::{Deserialize, Serialize};

use crate::ids::{InstanceType, RegionName, ZoneName};
use crate::node::Role;
use crate::placement::Action;
use crate::units::UtcMs;

/// Bit of [`Nodes::flags`]: takes no new clients, leaves when empty.
pub const FLAG_DRAINING: u8 = 1;
/// Bit of [`Nodes::flags`]: sunset by the operator.
pub const FLAG_SUNSET: u8 = 2;
/// Bit of [`Nodes::flags`]: the scaling policy wants it to empty.
pub const FLAG_DISCOURAGED: u8 = 4;
/// Bit of [`Nodes::flags`]: a publisher is connected.
pub const FLAG_PUBLISHERS: u8 = 8;

/// "There was none" in a column of milliseconds.
pub const NEVER_MS: u32 = u32::MAX;

/// One column per fact; row i is one node. Units and meaning as in the contract.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[expect(missing_docs, reason = "documented in wit/types.wit, one by one")]
pub struct Nodes {
    pub id: Vec<u32>,
    pub role: Vec<u8>,
    pub state: Vec<u8>,
    pub flags: Vec<u8>,
    pub zone: Vec<u32>,
    pub instance_type: Vec<u32>,
    pub age_s: Vec<u32>,
    pub report_age_ms: Vec<u32>,
    pub capacity: Vec<u32>,
    pub connections: Vec<u32>,
    pub publishers: Vec<u32>,
    pub streams: Vec<u32>,
    pub edge_subscribers: Vec<u32>,
    pub restreamers: Vec<u32>,
    pub assigned: Vec<u32>,
    pub free_memory_mib: Vec<u32>,
    pub max_memory_mib: Vec<u32>,
}

/// A further column, by name.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Metric {
    /// Dotted name.
    pub name: String,
    /// One value per node.
    pub values: Vec<u32>,
}

/// A named number; finite.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Fact {
    /// Name.
    pub name: String,
    /// Value.
    pub value: f64,
}

/// A zone of the group's regions.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ZoneRow {
    /// Name.
    pub name: ZoneName,
    /// Index into the regions.
    pub region: u32,
    /// A launch failed here lately.
    pub blocked: bool,
}

/// A machine type in use.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TypeRow {
    /// Name.
    pub name: InstanceType,
    /// Connections.
    pub capacity: u32,
    /// Price, 0 when unknown.
    pub price_micros_per_hour: u32,
}

/// Limits of one role in one region.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[expect(missing_docs, reason = "documented in wit/types.wit, one by one")]
pub struct LimitsRow {
    pub role: Role,
    pub region: u32,
    pub min: u32,
    pub max: u32,
    pub max_step: u32,
    pub threshold_permille: u32,
    pub scale_out_wait_ms: u32,
    pub scale_in_wait_ms: u32,
    pub warm_up_ms: u32,
    pub cool_down_ms: u32,
    pub since_launch_ms: u32,
    pub since_retirement_ms: u32,
}

/// A launch whose node is not in service yet.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[expect(missing_docs, reason = "documented in wit/types.wit, one by one")]
pub struct InFlightRow {
    pub id: u32,
    pub role: Role,
    pub zone: u32,
    pub instance_type: u32,
    pub age_ms: u32,
}

/// Measured boot times of a role.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[expect(missing_docs, reason = "documented in wit/types.wit, one by one")]
pub struct BootRow {
    pub role: Role,
    pub samples: u32,
    pub median_ms: u32,
    pub p95_ms: u32,
}

/// What a series counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Measure {
    /// Direct clients at the end of the bucket.
    Connections,
    /// Questions answered with a node in the bucket.
    Joins,
    /// Questions refused in the bucket.
    Refused,
}

impl Measure {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Connections, Self::Joins, Self::Refused];
}

/// Demand history of a role in a region, oldest first.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[expect(missing_docs, reason = "documented in wit/types.wit, one by one")]
pub struct SeriesRow {
    pub measure: Measure,
    pub role: Role,
    pub region: u32,
    pub bucket_ms: u32,
    pub until: UtcMs,
    pub values: Vec<u32>,
}

/// Something announced.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[expect(missing_docs, reason = "documented in wit/types.wit, one by one")]
pub struct CalendarRow {
    pub title: String,
    pub starts: UtcMs,
    pub ends: UtcMs,
    pub expected_peak: u32,
}

/// Input of a scaling decision.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[expect(missing_docs, reason = "documented in wit/types.wit, one by one")]
pub struct Snapshot {
    pub now: UtcMs,
    pub seed: u32,
    pub group: String,
    pub regions: Vec<RegionName>,
    pub zones: Vec<ZoneRow>,
    pub instance_types: Vec<TypeRow>,
    pub nodes: Nodes,
    pub metrics: Vec<Metric>,
    pub in_flight: Vec<InFlightRow>,
    pub limits: Vec<LimitsRow>,
    pub boot: Vec<BootRow>,
    pub history: Vec<SeriesRow>,
    pub calendar: Vec<CalendarRow>,
    pub facts: Vec<Fact>,
}

/// What a placement policy is shown: the nodes that may be chosen for one action.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[expect(missing_docs, reason = "documented in wit/types.wit, one by one")]
pub struct View {
    pub now: UtcMs,
    pub group: String,
    pub action: Action,
    pub regions: Vec<RegionName>,
    pub zones: Vec<ZoneRow>,
    pub nodes: Nodes,
    pub metrics: Vec<Metric>,
    pub facts: Vec<Fact>,
}
