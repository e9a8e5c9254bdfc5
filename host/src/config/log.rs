//! `log.*`: what is written to standard error.

use serde::{Deserialize, Serialize};
use tracing_subscriber::EnvFilter;

use super::check::Check;

/// What is written to standard error.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct LogConfig {
    /// `error`, `warn`, `info`, `debug`, `trace`, or a list of `target=level` (`info,weir::fleet=debug`).
    /// Default `info`.
    pub level: String,
    /// Form of a line.
    pub format: Format,
    /// Let the admin API list and download logs. Default false: it answers 400.
    pub access: bool,
}

/// Form of a log line.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Format {
    /// For people: the default.
    #[default]
    Text,
    /// One JSON object a line.
    Json,
}

impl Default for LogConfig {
    fn default() -> Self {
        Self {
            level: "info".to_owned(),
            format: Format::Text,
            access: false,
        }
    }
}

impl LogConfig {
    pub(super) fn validate(&self, check: &mut Check) {
        // An empty filter would silence even errors.
        if self.level.trim().is_empty() || EnvFilter::try_new(&self.level).is_err() {
            check.refuse(
                "level",
                format!("{:?}", self.level),
                "must be error, warn, info, debug, trace, or a list such as info,weir::fleet=debug",
            );
        }
    }
}
