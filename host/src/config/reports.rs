//! `reports.*`: what nodes send.

use serde::{Deserialize, Serialize};

use super::check::Check;

/// What nodes send.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ReportsConfig {
    /// Period at which nodes report, ms (1,000 to 30,000; below 5,000 is unusual). Told to nodes; base of all
    /// judgements about silence. Default 10,000.
    pub reporting_speed_ms: u64,
    /// Largest report taken, bytes after decompression (1,024 to 67,108,864). Default 1,048,576.
    pub max_body_bytes: u64,
}

impl Default for ReportsConfig {
    fn default() -> Self {
        Self {
            reporting_speed_ms: 10_000,
            max_body_bytes: 1_048_576,
        }
    }
}

impl ReportsConfig {
    pub(super) fn validate(&self, check: &mut Check) {
        let speed = self.reporting_speed_ms;
        check.range("reporting_speed_ms", speed, 1_000..=30_000, "ms");
        if (1_000..5_000).contains(&speed) {
            check.warn(
                "reporting_speed_ms",
                "is below 5000: quicker, but every node sends more often than the original was made for",
            );
        }
        check.range(
            "max_body_bytes",
            self.max_body_bytes,
            1_024..=67_108_864,
            "bytes",
        );
    }
}
