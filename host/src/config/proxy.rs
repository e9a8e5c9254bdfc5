//! `proxy.*`: the signalling proxy for browsers.

use serde::{Deserialize, Serialize};

use super::check::Check;

/// The signalling proxy for browsers.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ProxyConfig {
    /// Relay WebSocket signalling between browsers and nodes. Default false: an upgrade is refused.
    pub enabled: bool,
}

impl ProxyConfig {
    pub(super) fn validate(&self, check: &mut Check) {
        if self.enabled {
            check.warn(
                "enabled",
                "has no effect in this release: WebSocket upgrades are refused",
            );
        }
    }
}
