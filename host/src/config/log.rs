//! `log.*`: what is written to standard error and, where wanted, to files.

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use tracing_subscriber::EnvFilter;

use super::check::Check;

/// What is written to standard error and, where wanted, to files.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct LogConfig {
    /// `error`, `warn`, `info`, `debug`, `trace`, or a list of `target=level` (`info,weir::fleet=debug`).
    /// Default `info`.
    pub level: String,
    /// Form of a line.
    pub format: Format,
    /// Let the admin API list and download log files. Default false: it answers 400.
    pub access: bool,
    /// Folder of daily log files, of which the newest seven are kept. Empty: `logs` in `server.data_dir` if `access`,
    /// else no files.
    pub dir: String,
    /// Life of a prepared download, ms (1,000 to 86,400,000). Default 60,000.
    pub download_ms: u64,
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
            dir: String::new(),
            download_ms: 60_000,
        }
    }
}

impl LogConfig {
    /// Folder of log files; `None`: none are written.
    pub fn dir(&self, data_dir: &Path) -> Option<PathBuf> {
        if !self.dir.is_empty() {
            Some(PathBuf::from(&self.dir))
        } else {
            self.access.then(|| data_dir.join("logs"))
        }
    }

    pub(super) fn validate(&self, check: &mut Check) {
        check.range("download_ms", self.download_ms, 1_000..=86_400_000, "ms");
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
