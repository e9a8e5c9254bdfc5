//! `store.*`: what survives a restart.

use std::fmt;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize, Serializer};

use super::check::Check;
use crate::secret::STARS;

/// What survives a restart.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct StoreConfig {
    /// `sqlite:PATH` for the embedded store, `mysql://USER:PASSWORD@HOST:PORT/DATABASE` for MySQL (5.7 or newer) or MariaDB;
    /// `?ssl-mode=VERIFY_IDENTITY&ssl-ca=FILE` (or `VERIFY_CA`, `REQUIRED`) behind it insists on TLS. `postgres://…` is not in this
    /// release. Empty or `sqlite:`: the file `weir.db` in `server.data_dir`.
    pub url: StoreUrl,
    /// So long a start waits for a database server that does not answer, or for the end of another manager that uses the
    /// database, ms (0 to 3,600,000). Default 60,000.
    pub wait_ms: u64,
}

impl Default for StoreConfig {
    fn default() -> Self {
        Self {
            url: StoreUrl::default(),
            wait_ms: 60_000,
        }
    }
}

/// Address of a store; its password shows as stars.
#[derive(Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(transparent)]
pub struct StoreUrl(String);

/// Which store an address means.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum StoreTarget {
    /// The embedded one, in this file.
    Sqlite(PathBuf),
    /// A database on a MySQL or MariaDB server.
    MySql,
    /// A shared PostgreSQL.
    Postgres,
}

impl StoreUrl {
    /// Wraps the text.
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The text with its password: for connecting.
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for StoreUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Some((scheme, rest)) = self.0.split_once("://") else {
            return f.write_str(&self.0);
        };
        // The last @ ends the credentials: a password may hold one that was not escaped.
        match rest.rsplit_once('@') {
            Some((credentials, place)) => {
                let user = credentials
                    .split_once(':')
                    .map_or(credentials, |both| both.0);
                write!(f, "{scheme}://{user}:{STARS}@{place}")
            }
            None => f.write_str(&self.0),
        }
    }
}

impl fmt::Debug for StoreUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}", self.to_string())
    }
}

impl Serialize for StoreUrl {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl StoreConfig {
    /// What the address means; `None` when it is none we know.
    pub fn target(&self, data_dir: &Path) -> Option<StoreTarget> {
        let url = self.url.0.trim();
        if let Some(rest) = url.strip_prefix("sqlite:") {
            let path = rest.strip_prefix("//").unwrap_or(rest);
            return Some(StoreTarget::Sqlite(if path.is_empty() {
                data_dir.join("weir.db")
            } else {
                PathBuf::from(path)
            }));
        }
        match url.split_once("://").map_or(url, |both| both.0) {
            "" => Some(StoreTarget::Sqlite(data_dir.join("weir.db"))),
            "mysql" => Some(StoreTarget::MySql),
            "postgres" | "postgresql" => Some(StoreTarget::Postgres),
            _ => None,
        }
    }

    pub(super) fn validate(&self, check: &mut Check) {
        check.range("wait_ms", self.wait_ms, 0..=3_600_000, "ms");
        if self.target(Path::new("")).is_none() {
            check.refuse(
                "url",
                &self.url,
                "must be sqlite:PATH, mysql://USER:PASSWORD@HOST:PORT/DATABASE or postgres://…",
            );
        }
        if self.url.0.contains(":memory:") {
            check.refuse(
                "url",
                &self.url,
                "must name a file: what is not on disk does not survive a restart",
            );
        }
    }

    pub(super) fn servable(&self, check: &mut Check) {
        if self.target(Path::new("")) == Some(StoreTarget::Postgres) {
            let mend = "this release has no PostgreSQL store; use MySQL or MariaDB (mysql://…), or the embedded one with \
                        --store sqlite: (or WEIR_STORE__URL=sqlite:weir-data/weir.db)";
            check.refuse("url", &self.url, mend);
        }
    }
}
