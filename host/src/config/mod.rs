//! Settings: one struct a section, each with its defaults, units and checks.
//!
//! Layers, the later wins: defaults, a `red5-web.properties` file, `weir.toml`, environment (`WEIR_SECTION__KEY`,
//! `WEIR_SECTION__KEY_FILE`), flags. A key nobody knows is an error that names the nearest one; a secret prints as
//! stars wherever it is shown.

pub mod auth;
pub mod check;
pub mod cloud;
pub mod fleet;
mod layers;
pub mod log;
pub mod placement;
pub mod policy;
mod print;
pub mod properties;
pub mod proxy;
pub mod reload;
pub mod reports;
mod schema;
pub mod server;
pub mod store;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use weir_core::timers::Timers;
use weir_core::units::DurationMs;

pub use crate::secret::Secret;
pub use check::{ConfigError, Problem, Warning};
pub use layers::{ConfigFile, Flag, Sources, load, load_to_serve};

use check::Check;

/// Everything that can be set.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// Where this server listens and keeps its files.
    pub server: server::ServerConfig,
    /// Who may call it.
    pub auth: auth::AuthConfig,
    /// What survives a restart.
    pub store: store::StoreConfig,
    /// Where instances come from.
    pub cloud: cloud::CloudConfig,
    /// Reports of nodes.
    pub reports: reports::ReportsConfig,
    /// The life of nodes.
    pub fleet: fleet::FleetConfig,
    /// WebAssembly policies.
    pub policy: policy::PolicyConfig,
    /// Choosing nodes for clients.
    pub placement: placement::PlacementConfig,
    /// The signalling proxy.
    pub proxy: proxy::ProxyConfig,
    /// Logs.
    pub log: log::LogConfig,
}

/// Settings as they were put together.
#[derive(Debug, Clone)]
pub struct Loaded {
    /// The result.
    pub config: Config,
    /// What an operator should know; nothing in it stops the server.
    pub warnings: Vec<Warning>,
    /// Where each setting that is no default came from, by dotted key.
    pub sources: BTreeMap<String, String>,
}

impl Loaded {
    /// The effective settings as TOML, secrets starred, with the source of each that is no default.
    pub fn to_toml(&self) -> String {
        print::to_toml(&self.config, &self.sources)
    }
}

impl Config {
    /// Checks every section, then what sections say of each other.
    ///
    /// # Errors
    /// [`ConfigError`] with every problem found, not only the first.
    pub fn validate(&self) -> Result<Vec<Warning>, ConfigError> {
        let mut check = Check::default();
        self.server.validate(check.section("server"));
        self.auth.validate(check.section("auth"));
        self.store.validate(check.section("store"));
        self.cloud.validate(check.section("cloud"));
        self.reports.validate(check.section("reports"));
        self.fleet.validate(check.section("fleet"));
        self.policy.validate(check.section("policy"));
        self.placement.validate(check.section("placement"));
        self.proxy.validate(check.section("proxy"));
        self.log.validate(check.section("log"));
        self.validate_together(&mut check);
        check.finish()
    }

    /// Says what this build can be asked to read but not to run: other clouds, other stores.
    ///
    /// # Errors
    /// [`ConfigError`] that names the setting and how to override it.
    pub fn servable(&self) -> Result<(), ConfigError> {
        let mut check = Check::default();
        self.cloud.servable(check.section("cloud"));
        self.store.servable(check.section("store"));
        check.finish().map(drop)
    }

    fn validate_together(&self, check: &mut Check) {
        let check = check.section("");
        if !self.server.listen.ip().is_loopback() && self.auth.cluster_password.reveal() == SHIPPED
        {
            check.refuse(
                "auth.cluster_password",
                "the shipped one",
                "anybody could pose as a node, as server.listen is reachable from outside: set another one here and in \
                 the nodes' cluster.xml",
            );
        }
        if self.cloud.provider == cloud::Provider::Ec2 && self.fleet.node_name_prefix == "node" {
            check.warn(
                "fleet.node_name_prefix",
                "is node, as everybody's: give this environment its own, so that people can tell its instances apart",
            );
        }
        if self.fleet.first_report_ms > self.fleet.stuck_ms {
            check.warn(
                "fleet.stuck_ms",
                "is shorter than fleet.first_report_ms: a slow launch is ended as stuck before its first report is due",
            );
        }
        let silence = self.timers().missed().0;
        if self.fleet.drain_wait_ms < self.fleet.reservation_ms {
            check.refuse(
                "fleet.drain_wait_ms",
                self.fleet.drain_wait_ms,
                "must be at least fleet.reservation_ms, or a viewer on his way could be cut",
            );
        }
        let target = self.store.target(&self.server.data_dir);
        if target == Some(store::StoreTarget::MySql) && self.fleet.drain_wait_ms < 10_000 {
            check.warn(
                "fleet.drain_wait_ms",
                "is shorter than the 10 s for which a manager that lost its database answers from memory: another one may \
                 end a node to which viewers are still sent",
            );
        }
        // A viewer takes up his reservation, and the next report shows him.
        let seen = self.fleet.reservation_ms + self.reports.reporting_speed_ms;
        if self.fleet.idle_path_ms < seen {
            check.warn(
                "fleet.idle_path_ms",
                &format!(
                    "is shorter than a reservation and a reporting period ({seen} ms): a path may go while its first \
                     viewer is on his way"
                ),
            );
        }
        if self.server.request_head_ms <= self.reports.reporting_speed_ms {
            check.warn(
                "server.request_head_ms",
                "is no longer than reports.reporting_speed_ms: nodes have to connect anew for every report",
            );
        }
        if self.fleet.stuck_ms < silence {
            check.warn(
                "fleet.stuck_ms",
                &format!(
                    "is shorter than the silence after which a node is unresponsive ({silence} ms)"
                ),
            );
        }
    }

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
            path_check: DurationMs(self.fleet.path_check_ms),
            idle_path: DurationMs(self.fleet.idle_path_ms),
        }
    }
}

/// The cluster password of the original's samples.
const SHIPPED: &str = "changeme";

#[cfg(test)]
mod tests;
