//! `fleet.*`: the life of nodes, from launch to end.

use serde::{Deserialize, Serialize};

use super::check::Check;

/// The life of nodes, from launch to end.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct FleetConfig {
    /// Name of this manager: holder of groups in the store, and in logs. Unique among managers that share a store.
    /// Empty: made at start.
    pub manager_id: String,
    /// First part of node identifiers (1 to 32 letters, digits, dashes). Default `node`.
    pub node_name_prefix: String,
    /// Longest time from launch to the first report, ms (10,000 to 3,600,000). Default 150,000.
    pub first_report_ms: u64,
    /// Longest stay in a transitional state, ms (10,000 to 3,600,000): a launch that takes longer is ended, an end that
    /// takes longer is told. Default 180,000.
    pub stuck_ms: u64,
    /// Clients of a draining node are cut after so long, ms (10,000 to 604,800,000). Default 300,000.
    pub drain_deadline_ms: u64,
    /// From the drain mark until an empty report counts, ms (at least `reservation_ms`, at most 600,000).
    /// Default 20,000.
    pub drain_wait_ms: u64,
    /// A silent node whose port answers is drained after so long, ms (30,000 to 86,400,000). Default 600,000.
    pub reachable_silence_ms: u64,
    /// Life of a client's reservation, ms (1,000 to 300,000). Default 15,000.
    pub reservation_ms: u64,
    /// A report frees a reservation that is at least this old, ms (0 to `reservation_ms`). Default 2,000.
    pub reservation_grace_ms: u64,
    /// Reservations of one client address at a time (1 to 1,000,000); beyond, 429. Default 100.
    pub reservations_per_client: u32,
    /// Between two scaling decisions when nothing happens, ms (1,000 to 600,000). Default 10,000.
    pub decide_every_ms: u64,
    /// Period of the sweep for instances without a record and records without an instance, ms (10,000 to
    /// 86,400,000). Default 180,000.
    pub cloud_sweep_ms: u64,
    /// Between two looks at the paths that streams take from origins over relays to edges, ms (1,000 to 3,600,000).
    /// Default 30,000.
    pub path_check_ms: u64,
    /// A link that was made for a stream's viewers alone is let go when nobody watched for so long, ms (10,000 to
    /// 3,600,000). Default 30,000.
    pub idle_path_ms: u64,
    /// A node with less free memory is not offered, MiB (0 to 1,048,576). Default 50.
    pub min_free_memory_mib: u32,
    /// Launches of a group per minute, whatever its policy wants (1 to 10,000). Default 60.
    pub max_launches_per_minute: u32,
    /// Nodes of a group, whatever its policy wants (1 to 10,000). Default 1,000.
    pub max_nodes_per_group: u32,
    /// RTMP port of nodes, told to children as their parents' port. Default 1935.
    pub node_rtmp_port: u16,
    /// HTTP port of nodes. Default 5080.
    pub node_http_port: u16,
    /// A child waits so long before it tries a lost parent again, **seconds** (1 to 3,600), told to nodes. Default 30.
    pub parent_retry_s: u32,
    /// Region preferred when a client names none. Empty: any.
    pub default_region: String,
    /// A client that names a region gets a node there or none, unless it says otherwise. Default false.
    pub strict_location: bool,
}

impl Default for FleetConfig {
    fn default() -> Self {
        Self {
            manager_id: String::new(),
            node_name_prefix: "node".to_owned(),
            first_report_ms: 150_000,
            stuck_ms: 180_000,
            drain_deadline_ms: 300_000,
            drain_wait_ms: 20_000,
            reachable_silence_ms: 600_000,
            reservation_ms: 15_000,
            reservation_grace_ms: 2_000,
            reservations_per_client: 100,
            decide_every_ms: 10_000,
            cloud_sweep_ms: 180_000,
            path_check_ms: 30_000,
            idle_path_ms: 30_000,
            min_free_memory_mib: 50,
            max_launches_per_minute: 60,
            max_nodes_per_group: 1_000,
            node_rtmp_port: 1_935,
            node_http_port: 5_080,
            parent_retry_s: 30,
            default_region: String::new(),
            strict_location: false,
        }
    }
}

const DAY_MS: u64 = 86_400_000;
const HOUR_MS: u64 = 3_600_000;

impl FleetConfig {
    pub(super) fn validate(&self, check: &mut Check) {
        let prefix = &self.node_name_prefix;
        let plain = |c: char| c.is_ascii_alphanumeric() || c == '-';
        if prefix.is_empty() || prefix.len() > 32 || !prefix.chars().all(plain) {
            check.refuse(
                "node_name_prefix",
                format!("{prefix:?}"),
                "must be 1 to 32 letters, digits and dashes",
            );
        }
        let grace = self.reservation_grace_ms;
        let ms = [
            ("first_report_ms", self.first_report_ms, 10_000..=HOUR_MS),
            ("stuck_ms", self.stuck_ms, 10_000..=HOUR_MS),
            (
                "drain_deadline_ms",
                self.drain_deadline_ms,
                10_000..=7 * DAY_MS,
            ),
            ("drain_wait_ms", self.drain_wait_ms, 1_000..=600_000),
            (
                "reachable_silence_ms",
                self.reachable_silence_ms,
                30_000..=DAY_MS,
            ),
            ("reservation_ms", self.reservation_ms, 1_000..=300_000),
            ("reservation_grace_ms", grace, 0..=self.reservation_ms),
            ("decide_every_ms", self.decide_every_ms, 1_000..=600_000),
            ("cloud_sweep_ms", self.cloud_sweep_ms, 10_000..=DAY_MS),
            ("path_check_ms", self.path_check_ms, 1_000..=HOUR_MS),
            ("idle_path_ms", self.idle_path_ms, 10_000..=HOUR_MS),
        ];
        for (key, value, allowed) in ms {
            check.range(key, value, allowed, "ms");
        }
        let counts = [
            (
                "reservations_per_client",
                self.reservations_per_client,
                1_000_000,
            ),
            (
                "max_launches_per_minute",
                self.max_launches_per_minute,
                10_000,
            ),
            ("max_nodes_per_group", self.max_nodes_per_group, 10_000),
            ("node_rtmp_port", self.node_rtmp_port.into(), 65_535),
            ("node_http_port", self.node_http_port.into(), 65_535),
        ];
        for (key, value, most) in counts {
            check.range(key, value, 1..=most, "");
        }
        check.range(
            "min_free_memory_mib",
            self.min_free_memory_mib,
            0..=1_048_576,
            "MiB",
        );
        check.range("parent_retry_s", self.parent_retry_s, 1..=3_600, "s");
        if self.first_report_ms < 120_000 {
            check.warn(
                "first_report_ms",
                "is below 120000: a cloud that boots slowly would see its nodes ended before they report",
            );
        }
    }

    /// Name of this manager; one made from the process when none is set.
    pub fn manager_id(&self) -> String {
        if self.manager_id.is_empty() {
            format!("weir-{}", std::process::id())
        } else {
            self.manager_id.clone()
        }
    }
}
