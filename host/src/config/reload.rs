//! What a reload (SIGHUP) can change while the server runs.

use toml::Value;

use super::{Config, Secret, schema};

/// Settings and whole sections that are read anew at each use. Everything else is read once, at start.
pub(super) const RELOADABLE: [&str; 39] = [
    "auth.admin_token",
    "cloud.prices",
    "fleet.first_report_ms",
    "fleet.stuck_ms",
    "fleet.drain_deadline_ms",
    "fleet.drain_wait_ms",
    "fleet.reachable_silence_ms",
    "fleet.reservation_ms",
    "fleet.reservation_grace_ms",
    "fleet.reservations_per_client",
    "fleet.decide_every_ms",
    "fleet.cloud_sweep_ms",
    "fleet.path_check_ms",
    "fleet.idle_path_ms",
    "server.cors.admin",
    "server.cors.streams",
    "server.trusted_proxies",
    "server.max_connections",
    "server.max_connections_per_client",
    "server.request_head_ms",
    "fleet.min_free_memory_mib",
    "fleet.max_launches_per_minute",
    "fleet.max_nodes_per_group",
    "fleet.node_rtmp_port",
    "fleet.node_http_port",
    "fleet.parent_retry_s",
    "fleet.default_region",
    "fleet.strict_location",
    "reports.reporting_speed_ms",
    "placement.capacity",
    "placement.origin_serves",
    "placement.weights.streams",
    "placement.weights.connections",
    "placement.weights.subscribers",
    "placement.weights.memory",
    "placement.weights.restreamer",
    "proxy.enabled",
    "log.level",
    "log.access",
];

/// Settings that differ, in order of their keys, secrets last.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Changes {
    /// Those that take effect at run time.
    pub now: Vec<&'static str>,
    /// Those that take effect only after a restart.
    pub restart: Vec<&'static str>,
}

impl Config {
    /// What a reload of `new` changes and what it cannot.
    pub fn reloadable_diff(&self, new: &Config) -> Changes {
        let (before, after) = (Tree::of(self), Tree::of(new));
        let (now, restart) = schema::keys()
            .filter(|key| before.get(key) != after.get(key))
            .chain(changed_secrets(self, new))
            .partition(|key| RELOADABLE.contains(key));
        Changes { now, restart }
    }
}

struct Tree(Option<Value>);

impl Tree {
    fn of(config: &Config) -> Self {
        Self(Value::try_from(config).ok())
    }

    fn get(&self, key: &str) -> Option<&Value> {
        // Stars equal stars: secrets are compared apart.
        if schema::SECRETS.contains(&key) || key == STORE_URL {
            return None;
        }
        key.split('.')
            .try_fold(self.0.as_ref()?, |value, name| value.get(name))
    }
}

const STORE_URL: &str = "store.url";

fn changed_secrets(old: &Config, new: &Config) -> impl Iterator<Item = &'static str> {
    let secrets = |config: &Config| -> [Secret; 4] {
        [
            config.auth.admin_token.clone(),
            config.auth.cluster_password.clone(),
            config.cloud.ec2.access_key_id.clone(),
            config.cloud.ec2.secret_access_key.clone(),
        ]
    };
    let url = (old.store.url != new.store.url).then_some(STORE_URL);
    schema::SECRETS
        .into_iter()
        .zip(secrets(old).into_iter().zip(secrets(new)))
        .filter(|(_, (before, after))| before != after)
        .map(|(key, _)| key)
        .chain(url)
}
