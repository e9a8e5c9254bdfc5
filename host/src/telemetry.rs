//! Logs: their form, their files, the names of their spans and fields, and how secrets stay out of them.
//!
//! ERROR means a person must act; WARN means we carried on. A message reads well alone, and its values are fields too.

use std::borrow::Cow;
use std::error::Error;
use std::fmt;
use std::fs::DirBuilder;
use std::io::IsTerminal;
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};

use tracing::Subscriber;
use tracing_appender::non_blocking::WorkerGuard;
use tracing_appender::rolling::{InitError, RollingFileAppender, Rotation};
use tracing_subscriber::fmt::MakeWriter;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::registry::LookupSpan;
use tracing_subscriber::util::{SubscriberInitExt, TryInitError};
use tracing_subscriber::{EnvFilter, Layer, Registry, reload};

use crate::config::log::{Format, LogConfig};
use crate::secret::STARS;

/// Names of spans.
pub mod span {
    /// One report of a node.
    pub const REPORTS_RECEIVE: &str = "http.reports.receive";
    /// One pass over a group.
    pub const RECONCILE: &str = "fleet.reconcile";
    /// One scaling decision.
    pub const PROPOSE: &str = "policy.propose";
    /// One launch.
    pub const LAUNCH: &str = "cloud.launch";
    /// One plan stored.
    pub const SAVE_PLAN: &str = "store.save_plan";
}

/// Names of fields. Times end in `_ms`, bit rates in `_kbps`.
pub mod field {
    /// Number of a group.
    pub const GROUP_ID: &str = "group.id";
    /// Identifier of a node.
    pub const NODE_ID: &str = "node.id";
    /// SHA-256 of a policy's bytes, hex.
    pub const POLICY_DIGEST: &str = "policy.digest";
    /// Number of a decision.
    pub const DECISION_ID: &str = "decision.id";
}

/// Daily files kept.
const FILES_KEPT: usize = 7;

/// Logging could not be started.
#[derive(Debug, thiserror::Error)]
pub enum TelemetryError {
    /// The level cannot be read.
    #[error("log.level {level:?} cannot be read")]
    Level {
        /// As it was set.
        level: String,
        /// The reader's error.
        #[source]
        source: tracing_subscriber::filter::ParseError,
    },
    /// The folder of log files cannot be used.
    #[error("log files cannot be written to {folder}: mend its rights or set log.dir")]
    Files {
        /// The folder.
        folder: PathBuf,
        /// The appender's error.
        #[source]
        source: InitError,
    },
    /// Somebody set logging up already.
    #[error("logging was set up before")]
    Twice(#[source] TryInitError),
}

/// Logging as it runs. Dropping it writes out what is still buffered.
pub struct Telemetry {
    filter: reload::Handle<EnvFilter, Registry>,
    _file: Option<WorkerGuard>,
}

impl Telemetry {
    /// Starts logging to standard error and, where the settings want it, to files.
    ///
    /// # Errors
    /// [`TelemetryError`]; nothing was started.
    pub fn start(config: &LogConfig, data_dir: &Path) -> Result<Self, TelemetryError> {
        let (filter, handle) = reload::Layer::new(filter(&config.level)?);
        let stderr = lines(
            config.format,
            std::io::stderr,
            std::io::stderr().is_terminal(),
        );
        let (file, guard) = match config.dir(data_dir) {
            Some(folder) => {
                let (writer, guard) = tracing_appender::non_blocking(files(folder)?);
                (Some(lines(config.format, writer, false)), Some(guard))
            }
            None => (None, None),
        };
        tracing_subscriber::registry()
            .with(filter)
            .with(stderr)
            .with(file)
            .try_init()
            .map_err(TelemetryError::Twice)?;
        Ok(Self {
            filter: handle,
            _file: guard,
        })
    }

    /// Changes the level of a running server.
    ///
    /// # Errors
    /// [`TelemetryError::Level`]; the level stays.
    pub fn set_level(&self, level: &str) -> Result<(), TelemetryError> {
        // It fails only when logging is gone, and then there is no level to change.
        let _ = self.filter.reload(filter(level)?);
        Ok(())
    }
}

fn filter(level: &str) -> Result<EnvFilter, TelemetryError> {
    EnvFilter::try_new(level).map_err(|source| TelemetryError::Level {
        level: level.to_owned(),
        source,
    })
}

fn files(folder: PathBuf) -> Result<RollingFileAppender, TelemetryError> {
    // Names and addresses of clients are nobody else's business. If this fails, so does the appender, with its reason.
    let _ = DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(&folder);
    RollingFileAppender::builder()
        .rotation(Rotation::DAILY)
        .filename_prefix("weir")
        .filename_suffix("log")
        .max_log_files(FILES_KEPT)
        .build(&folder)
        .map_err(|source| TelemetryError::Files { folder, source })
}

fn lines<S, W>(format: Format, writer: W, colours: bool) -> Box<dyn Layer<S> + Send + Sync>
where
    S: Subscriber + for<'a> LookupSpan<'a>,
    W: for<'a> MakeWriter<'a> + Send + Sync + 'static,
{
    let layer = tracing_subscriber::fmt::layer().with_writer(writer);
    match format {
        Format::Text => layer.with_ansi(colours).boxed(),
        Format::Json => layer.json().flatten_event(true).boxed(),
    }
}

/// An error with everything that caused it, in one line: `outer: inner: innermost`.
pub fn chain<'a>(error: &'a (dyn Error + 'a)) -> Chain<'a> {
    Chain(error)
}

/// Prints an error with its causes; made by [`chain`].
pub struct Chain<'a>(&'a (dyn Error + 'a));

impl fmt::Display for Chain<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut said = self.0.to_string();
        f.write_str(&said)?;
        let mut cause = self.0.source();
        while let Some(error) = cause {
            let text = error.to_string();
            // Some libraries tell of the cause in their own words already.
            if !said.ends_with(&text) {
                write!(f, ": {text}")?;
            }
            said = text;
            cause = error.source();
        }
        Ok(())
    }
}

/// Ends of the names of query parameters that are secrets, in any case: `accessToken` is one.
const SECRET_PARAMETERS: [&str; 4] = ["token", "password", "signature", "secret"];

/// A request's path and query with every secret starred. Clients write broken queries (`?a=1?accessToken=x`,
/// `%3FaccessToken=x`), so the text is searched, not parsed.
pub fn redact_query(url: &str) -> Cow<'_, str> {
    if !url.contains('=') {
        return Cow::Borrowed(url);
    }
    let mut out = String::with_capacity(url.len());
    let mut rest = url;
    let mut changed = false;
    while let Some(at) = rest.find('=') {
        let (name, value) = (&rest[..at], &rest[at + 1..]);
        let lower = name.to_ascii_lowercase();
        out.push_str(&rest[..=at]);
        rest = value;
        if SECRET_PARAMETERS
            .iter()
            .any(|secret| lower.ends_with(secret))
        {
            let end = value.find(['&', '?', '#']).unwrap_or(value.len());
            out.push_str(STARS);
            rest = &value[end..];
            changed = true;
        }
    }
    out.push_str(rest);
    if changed {
        Cow::Owned(out)
    } else {
        Cow::Borrowed(url)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_in_queries_are_starred() {
        let cases = [
            ("/a?accessToken=x", "/a?accessToken=********"),
            ("/a?ACCESSTOKEN=x/&b=1", "/a?ACCESSTOKEN=********&b=1"),
            ("/a?t= 60?accessToken= x y", "/a?t= 60?accessToken=********"),
            ("/a%3FaccessToken=x&c=2", "/a%3FaccessToken=********&c=2"),
            ("/a?accessToken=a=b&c=d", "/a?accessToken=********&c=d"),
            ("/a?accessToken=", "/a?accessToken=********"),
            ("/a?type=edge&threshold=60", "/a?type=edge&threshold=60"),
            ("/a", "/a"),
        ];
        for (url, wanted) in cases {
            assert_eq!(redact_query(url), wanted);
        }
    }

    #[test]
    fn chain_tells_every_cause_once() {
        let inner = crate::store::StoreError::Conflict { what: "group" };
        let outer = crate::store::StoreError::Unavailable {
            doing: "storing a plan",
            source: Box::new(inner),
        };
        assert_eq!(
            chain(&outer).to_string(),
            "the store failed while storing a plan: group was changed by somebody else meanwhile"
        );
        let inner = std::io::Error::other("no room");
        let outer = sqlx::Error::Io(inner);
        assert_eq!(
            chain(&outer).to_string(),
            "error communicating with database: no room"
        );
    }
}
