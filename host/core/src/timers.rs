//! How long things may take. One place, so that every judgement uses the same numbers.

use crate::units::DurationMs;

/// The timers of the life cycle. Defaults are those of the properties file this manager replaces, or Weir's own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Timers {
    /// Period at which nodes report (`cluster.reportingSpeed`). Default 10 s.
    pub reporting: DurationMs,
    /// Longest time from launch to the first report (`instancecontroller.newNodePingTimeThreshold`). Default 150 s.
    pub first_report: DurationMs,
    /// Longest stay in a transitional state (`instancecontroller.nodeStateToleranceTime`): a launch that takes longer is
    /// ended, an end that takes longer is told. Default 180 s.
    pub stuck: DurationMs,
    /// How long a drain may take before clients are cut. Default 300 s.
    pub drain_deadline: DurationMs,
    /// From the drain mark until an empty report counts: longer than a view and a reservation live. Default 20 s.
    pub drain_wait: DurationMs,
    /// A silent node whose port answers is drained after so long. Default 600 s.
    pub reachable_silence: DurationMs,
    /// A zone is left alone this long after a failed launch (`aws.faultZoneBlockMilliseconds`). Default 1 h.
    pub zone_block: DurationMs,
    /// Life of a reservation. Default 15 s.
    pub reservation: DurationMs,
    /// A report frees a reservation that is at least this old: the client had time to connect. Default 2 s.
    pub reservation_grace: DurationMs,
    /// Between two scaling decisions when nothing happens. Default 10 s.
    pub decide_every: DurationMs,
    /// Between two looks at the paths streams take (`instancecontroller.pathMonitorInterval`). Default 30 s.
    pub path_check: DurationMs,
    /// A path made on demand is let go when nobody watched a stream on it for so long
    /// (`cluster.idleClusterPathThreshold`). Default 30 s.
    pub idle_path: DurationMs,
}

impl Default for Timers {
    fn default() -> Self {
        Self {
            reporting: DurationMs::secs(10),
            first_report: DurationMs::secs(150),
            stuck: DurationMs::secs(180),
            drain_deadline: DurationMs::secs(300),
            drain_wait: DurationMs::secs(20),
            reachable_silence: DurationMs::secs(600),
            zone_block: DurationMs::secs(3_600),
            reservation: DurationMs::secs(15),
            reservation_grace: DurationMs::secs(2),
            decide_every: DurationMs::secs(10),
            path_check: DurationMs::secs(30),
            idle_path: DurationMs::secs(30),
        }
    }
}

impl Timers {
    /// Silence after which a node is unresponsive: three reporting periods, 30 s at least. Twice that: dead.
    pub fn missed(&self) -> DurationMs {
        DurationMs((3 * self.reporting.0).max(30_000))
    }
}
