//! Where a database is, and the way to it.

use std::str::FromStr;
use std::time::{Duration, Instant};

use sqlx::any::{AnyConnectOptions, AnyPoolOptions};
use sqlx::{AnyConnection, AnyPool, ConnectOptions, Executor};
use weir_core::units::DurationMs;

use super::OpenError;

/// Writes at once. Each group writes one plan at a time; more wait their turn.
const WRITERS: u32 = 8;
/// Reads at once: lists asked through the API, never the hot path.
const READERS: u32 = 4;
/// The reconciler may wait so long for a connection, no longer.
const ACQUIRE: Duration = Duration::from_secs(5);
/// One try to reach the server.
const CONNECT: Duration = Duration::from_secs(5);
/// Between two tries: doubled each time, up to the second.
const RETRY: [Duration; 2] = [Duration::from_millis(250), Duration::from_secs(5)];

/// What a writer's session is told. A group's row is locked before the rest, so nothing needs the gaps between rows, and
/// locks on these only meet. And a statement that nobody waits for any more must not wait for a lock for the server's
/// own minute, or year, and then write.
const WRITER: [&str; 3] = [
    "SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED",
    "SET SESSION innodb_lock_wait_timeout = 5",
    "SET SESSION lock_wait_timeout = 5",
];

/// A database.
pub(super) struct Target {
    options: AnyConnectOptions,
    /// Host, port and database, for messages.
    pub(super) place: String,
    pub(super) database: String,
}

impl Target {
    pub(super) fn read(url: &str) -> Result<Self, OpenError> {
        sqlx::any::install_default_drivers();
        // Fails when it was done before. Without it VERIFY_CA would not know by which of the linked providers to verify.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let wrong = |problem: String| OpenError::Address { problem };
        let options = AnyConnectOptions::from_str(url.trim());
        let options = options.map_err(|error| wrong(error.to_string()))?;
        let url = &options.database_url;
        let database = url.path().trim_matches('/').to_owned();
        if database.is_empty() {
            return Err(wrong("it names no database".to_owned()));
        }
        let host = url.host_str().unwrap_or("localhost");
        let port = url.port().unwrap_or(3306);
        Ok(Self {
            place: format!("{host}:{port}/{database}"),
            database,
            options,
        })
    }

    pub(super) fn broken(&self, source: sqlx::Error) -> OpenError {
        use std::io::ErrorKind::{InvalidData, NotFound, PermissionDenied};
        let place = self.place.clone();
        match &source {
            sqlx::Error::Database(_) => OpenError::Refused { place, source },
            sqlx::Error::Configuration(problem) => OpenError::Address {
                problem: problem.to_string(),
            },
            sqlx::Error::Tls(_) => OpenError::Untrusted { place, source },
            // A certificate that does not pass, and files of certificates.
            sqlx::Error::Io(error)
                if matches!(error.kind(), InvalidData | NotFound | PermissionDenied) =>
            {
                OpenError::Untrusted { place, source }
            }
            _ => OpenError::Away { place, source },
        }
    }

    pub(super) async fn connect(&self) -> Result<AnyConnection, sqlx::Error> {
        let connecting = tokio::time::timeout(CONNECT, self.options.connect());
        let late = || sqlx::Error::Io(std::io::ErrorKind::TimedOut.into());
        connecting.await.unwrap_or_else(|_| Err(late()))
    }
}

/// A connection, as soon as the server answers. Refusals are not waited for: they need an operator.
#[expect(
    clippy::disallowed_methods,
    reason = "a database server lives by the machine's clock, also where the fleet's runs faster"
)]
pub(super) async fn patiently(
    target: &Target,
    patience: DurationMs,
) -> Result<AnyConnection, OpenError> {
    let (started, [mut pause, longest]) = (Instant::now(), RETRY);
    loop {
        let error = match target.connect().await {
            Ok(connection) => return Ok(connection),
            Err(error) => target.broken(error),
        };
        let left = patience.to_std().saturating_sub(started.elapsed());
        if left.is_zero() || !matches!(error, OpenError::Away { .. }) {
            return Err(error);
        }
        let place = &target.place;
        tracing::warn!(%place, left_s = left.as_secs(), "no database server answers: trying again");
        tokio::time::sleep(pause.min(left)).await;
        pause = (pause * 2).min(longest);
    }
}

/// Connections for writers and for readers, made when they are needed.
pub(super) fn pools(target: &Target) -> (AnyPool, AnyPool) {
    let pool = |connections| {
        AnyPoolOptions::new()
            .max_connections(connections)
            .acquire_timeout(ACQUIRE)
    };
    let writer = pool(WRITERS)
        .after_connect(|connection, _| {
            Box::pin(async move {
                for setting in WRITER {
                    connection.execute(setting).await?;
                }
                Ok(())
            })
        })
        .connect_lazy_with(target.options.clone());
    let readers = pool(READERS).connect_lazy_with(target.options.clone());
    (writer, readers)
}
