//! Settings in the words of the core: what groups, nodes and policies are given.

use weir_core::group::{Binding, Bindings};
use weir_core::group_state::{self, HostRules};
use weir_core::report::ClusterSettings;
use weir_core::timers::Timers;
use weir_core::units::DurationMs;

use super::Config;
use super::placement::{Capacity, OriginServes};

impl Config {
    /// The timers of the life cycle.
    pub fn timers(&self) -> Timers {
        Timers {
            reporting: DurationMs(self.reports.reporting_speed_ms),
            first_report: DurationMs(self.fleet.first_report_ms),
            stuck: DurationMs(self.fleet.stuck_ms),
            drain_deadline: DurationMs(self.fleet.drain_deadline_ms),
            drain_wait: DurationMs(self.fleet.drain_wait_ms),
            reachable_silence: DurationMs(self.fleet.reachable_silence_ms),
            zone_block: self.cloud.zone_block(),
            reservation: DurationMs(self.fleet.reservation_ms),
            reservation_grace: DurationMs(self.fleet.reservation_grace_ms),
            decide_every: DurationMs(self.fleet.decide_every_ms),
        }
    }

    /// The rules every group shares.
    pub fn host_rules(&self) -> HostRules {
        let weights = self.placement.weights.entries();
        let prices = self.cloud.prices.iter();
        HostRules {
            timers: self.timers(),
            min_free_memory_mib: self.fleet.min_free_memory_mib,
            rtmp_port: self.fleet.node_rtmp_port,
            prices: prices
                .map(|(name, price)| (name.as_str().into(), micros(*price)))
                .collect(),
            weights: weights
                .map(|(name, weight)| (name.to_owned(), f64::from(weight)))
                .into(),
            origin_serves: match self.placement.origin_serves {
                OriginServes::WhenNoEdges => group_state::OriginServes::WhenNoEdges,
                OriginServes::Always => group_state::OriginServes::Always,
                OriginServes::Never => group_state::OriginServes::Never,
            },
            hard_capacity: self.placement.capacity == Capacity::Hard,
            launches_per_minute: self.fleet.max_launches_per_minute,
            nodes_per_group: self.fleet.max_nodes_per_group,
        }
    }

    /// What nodes are told.
    pub fn cluster_settings(&self) -> ClusterSettings {
        ClusterSettings {
            mode: "auto".to_owned(),
            public_port: self.fleet.node_rtmp_port,
            access_port: self.fleet.node_http_port,
            retry_duration: self.fleet.parent_retry_s,
            reporting_speed: self.reports.reporting_speed_ms,
        }
    }

    /// Policies of groups whose documents bind none, with their own default settings.
    pub fn default_bindings(&self) -> Bindings {
        let binding = |policy: &str| Binding {
            policy: policy.to_owned(),
            settings: "{}".to_owned(),
        };
        Bindings {
            scaling: binding(&self.policy.default_scaling),
            broadcast: binding(&self.policy.default_broadcast),
            subscribe: binding(&self.policy.default_subscribe),
        }
    }
}

/// Millionths of the currency unit. Checked settings fit; anything else saturates.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "the cast saturates, and prices are checked to be 0 to 4,000"
)]
fn micros(price: f64) -> u32 {
    (price * 1_000_000.0).round() as u32
}
