//! How a server under test is set up.

use weir::config::{Config, Secret};
use weir::policy::SharedPolicy;
use weir_cloud::simulated::{BootTime, SimulatedSettings};

use crate::{secs, tutorial};

/// Simulated time goes so many times as fast, unless a test says otherwise.
const SPEED: u32 = 100;
/// The cluster password of the tutorial.
const PASSWORD: &str = "red5pro123";

/// How a server under test is set up: the defaults of the product, the tutorial's token and password, a fast clock.
pub struct Options {
    /// The server's settings.
    pub config: Config,
    /// What the cloud and its nodes are like.
    pub cloud: SimulatedSettings,
    pub(crate) speed: u32,
    pub(crate) policies: Vec<SharedPolicy>,
}

impl Default for Options {
    fn default() -> Self {
        let mut config = Config::default();
        config.server.listen = ([127, 0, 0, 1], 0).into();
        config.auth.admin_token = Secret::new(tutorial::TOKEN);
        config.auth.cluster_password = Secret::new(PASSWORD);
        let mut cloud = SimulatedSettings::default();
        cloud.nodes.cluster_password = PASSWORD.to_owned();
        Self {
            config,
            cloud,
            speed: SPEED,
            policies: Vec::new(),
        }
    }
}

impl Options {
    /// All waits as short as the settings allow, so that a story takes half a minute of simulated time. For stories
    /// that are told dozens of times; the clock goes slower, so that loaded machines do not look like dead nodes.
    pub fn brisk() -> Self {
        let options = Self::default().speed(40).settings(|config| {
            config.reports.reporting_speed_ms = 1_000;
            config.fleet.decide_every_ms = 1_000;
            config.fleet.reservation_ms = 1_000;
            config.fleet.reservation_grace_ms = 500;
            config.fleet.drain_wait_ms = 1_500;
            config.fleet.cloud_sweep_ms = 10_000;
        });
        options.cloud(|cloud| {
            cloud.boot = BootTime::always(secs(2));
            cloud.ending = secs(1);
            cloud.nodes.reporting = secs(1);
        })
    }

    /// The clock's speed.
    #[must_use]
    pub fn speed(mut self, speed: u32) -> Self {
        self.speed = speed;
        self
    }

    /// Changes the server's settings.
    #[must_use]
    pub fn settings(mut self, change: impl FnOnce(&mut Config)) -> Self {
        change(&mut self.config);
        self
    }

    /// Changes what the cloud and its nodes are like.
    #[must_use]
    pub fn cloud(mut self, change: impl FnOnce(&mut SimulatedSettings)) -> Self {
        change(&mut self.cloud);
        self
    }

    /// Adds a policy beside the built-in ones.
    #[must_use]
    pub fn policy(mut self, policy: SharedPolicy) -> Self {
        self.policies.push(policy);
        self
    }
}
