//! What a backtest runs on: the machines, their audience's habits, and the limits of the group.

mod boots;

use weir_core::group::DEFAULT_THRESHOLD;
use weir_core::group_state::HostRules;
use weir_core::units::DurationMs;

pub use boots::{Boots, BootsError};

/// How the audience behaves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// As a fluid: spread evenly over the nodes that take viewers, at once.
    Fluid,
    /// As single viewers, each of them sent somewhere by the placement policy.
    Viewers,
}

/// What happens to a viewer when every node is full.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Admission {
    /// Let in all the same: the node is over its capacity.
    Soft,
    /// Turned away, and does not come again.
    Hard,
}

/// The machines and the audience's habits.
#[derive(Debug, Clone, PartialEq)]
pub struct Plant {
    /// Viewers that one node carries; 1 at least.
    pub capacity: u32,
    /// From the launch asked to the node's first report.
    pub boots: Boots,
    /// How long a draining node keeps its viewers at the most.
    pub drain: DurationMs,
    /// Mean length of a viewer's stay.
    pub session: DurationMs,
    /// Price of a node for an hour, millionths of the currency unit; 0: not known.
    pub price_micros: u32,
    /// Part of the launches whose node never speaks, 0 to 1.
    pub launch_failures: f64,
    /// Everything drawn by lot follows from it.
    pub seed: u64,
    /// Between two looks.
    pub tick: DurationMs,
    /// How the audience behaves.
    pub mode: Mode,
    /// When every node is full.
    pub admission: Admission,
    /// Streams the audience watches, the n-th 1/n as often as the first; only told apart by single viewers. 1 at least.
    pub streams: u32,
}

/// The group's limits, as an operator would set them.
#[derive(Debug, Clone, PartialEq)]
pub struct Limits {
    /// Fewest edges.
    pub min: u32,
    /// Most edges.
    pub max: u32,
    /// Edges a policy may add at a time (`threshold` adds so many).
    pub step: u32,
    /// Load above which a policy should add nodes, percent.
    pub threshold_percent: u32,
    /// Delay before a scale-out, if stated.
    pub scale_out_wait: Option<DurationMs>,
    /// Delay before a scale-in, if stated.
    pub scale_in_wait: Option<DurationMs>,
    /// A launch counts as settling for so long, if stated.
    pub warm_up: Option<DurationMs>,
    /// Between two scale-ins, if stated.
    pub cool_down: Option<DurationMs>,
    /// Launches of the group per minute at the most.
    pub launches_per_minute: u32,
}

/// All that is the same for every policy of a comparison.
#[derive(Debug, Clone, PartialEq)]
pub struct Setup {
    /// Machines and audience.
    pub plant: Plant,
    /// The group's limits.
    pub limits: Limits,
}

impl Plant {
    /// The usual one, for nodes that carry so many viewers.
    pub fn of(capacity: u32) -> Self {
        Self {
            capacity: capacity.max(1),
            boots: Boots::Uniform {
                shortest: DurationMs::secs(60),
                longest: DurationMs::secs(200),
            },
            drain: DurationMs::secs(300),
            session: DurationMs::secs(1_800),
            price_micros: 0,
            launch_failures: 0.0,
            seed: 1,
            tick: DurationMs::secs(10),
            mode: Mode::Fluid,
            admission: Admission::Soft,
            streams: 1,
        }
    }
}

impl Limits {
    /// Two edges at least and so many at most, everything else as the server has it where nothing is set.
    pub fn up_to(max: u32) -> Self {
        Self {
            min: 2.min(max),
            max,
            step: 1,
            threshold_percent: DEFAULT_THRESHOLD,
            scale_out_wait: None,
            scale_in_wait: None,
            warm_up: None,
            cool_down: None,
            launches_per_minute: HostRules::default().launches_per_minute,
        }
    }
}

impl Setup {
    /// Nodes that so many viewers need: no node over its capacity, the minimum at least.
    pub fn needed(&self, viewers: f64) -> u32 {
        // A hair under the next whole number is rounding, not a viewer.
        let nodes = (viewers / f64::from(self.plant.capacity) - 1e-9).ceil();
        (nodes.max(0.0) as u32).max(self.limits.min)
    }

    /// Edges a run begins with: the first audience at the threshold.
    pub fn first_edges(&self, viewers: f64) -> u32 {
        let part = f64::from(self.limits.threshold_percent.max(1)) / 100.0;
        self.needed(viewers / part).min(self.limits.max.max(1))
    }
}
