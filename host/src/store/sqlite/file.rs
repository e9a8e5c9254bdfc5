//! The file itself: its lock, its mode, its connections, its tables and the id it carries.

use std::fs::{DirBuilder, File, OpenOptions, TryLockError};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::time::Duration;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_encode};

use sqlx::any::{AnyConnectOptions, AnyPoolOptions};
use sqlx::{AnyConnection, AnyPool, AssertSqlSafe, Executor};

use crate::store::sql::dialect::Dialect;
use crate::store::tables;

/// Another process's backup or shell may hold the file for a moment; the reconciler may wait so long, no longer.
const BUSY: Duration = Duration::from_secs(5);

/// Readers beside the one writer: lists asked through the API, never the hot path.
const READERS: u32 = 4;

/// Why the store could not be opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// Another process has it.
    #[error(
        "{file} is in use by another weir process{holder}: stop that one, or give this one its own file (store.url or \
         server.data_dir)"
    )]
    InUse {
        /// The database file.
        file: PathBuf,
        /// ` (pid 123)`, where known.
        holder: String,
    },
    /// The file or its folder cannot be made or read.
    #[error("{file} cannot be opened: check that this user may read and write it and its folder")]
    File {
        /// The file or folder.
        file: PathBuf,
        /// The system's error.
        #[source]
        source: std::io::Error,
    },
    /// SQLite refused the file.
    #[error("{file} is no usable SQLite database")]
    Database {
        /// The database file.
        file: PathBuf,
        /// The driver's error.
        #[source]
        source: sqlx::Error,
    },
    /// The tables are those of a newer release, or were edited.
    #[error(
        "the tables of {file} do not fit this release: use the release that wrote it or a later one"
    )]
    Tables {
        /// The database file.
        file: PathBuf,
        /// The migration's error.
        #[source]
        source: sqlx::migrate::MigrateError,
    },
}

/// The right to use a database file, held by this process until dropped; the system frees it when the process dies.
pub(super) struct FileLock {
    _file: File,
}

impl FileLock {
    /// Takes `<path>.lock`; makes the folder (0700) when absent.
    pub(super) fn take(path: &Path) -> Result<Self, OpenError> {
        if let Some(folder) = path
            .parent()
            .filter(|folder| !folder.as_os_str().is_empty())
        {
            DirBuilder::new()
                .recursive(true)
                .mode(0o700)
                .create(folder)
                .map_err(at(folder))?;
        }
        let mut name = path.as_os_str().to_owned();
        name.push(".lock");
        let name = PathBuf::from(name);
        let file = private().open(&name).map_err(at(&name))?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                let pid = std::fs::read_to_string(&name).unwrap_or_default();
                let pid = pid.trim();
                return Err(OpenError::InUse {
                    file: path.to_owned(),
                    holder: if pid.is_empty() {
                        String::new()
                    } else {
                        format!(" (pid {pid})")
                    },
                });
            }
            Err(TryLockError::Error(source)) => return Err(at(&name)(source)),
        }
        // For the message above only; the lock is what counts, so a full disk is no reason to refuse.
        let _ = file.set_len(0);
        let _ = std::io::Write::write_all(&mut &file, std::process::id().to_string().as_bytes());
        Ok(Self { _file: file })
    }
}

/// Makes the database file with mode 0600, or takes the rights of others from one that exists. SQLite gives the same
/// mode to the files beside it.
pub(super) fn make_private(path: &Path) -> Result<(), OpenError> {
    let file = private().open(path).map_err(at(path))?;
    let mode = file.metadata().map_err(at(path))?.permissions().mode();
    if mode & 0o077 != 0 {
        file.set_permissions(std::fs::Permissions::from_mode(mode & 0o700))
            .map_err(at(path))?;
    }
    Ok(())
}

/// Opens the connections and brings the tables up to date.
pub(super) async fn connect(path: &Path) -> Result<(AnyPool, AnyPool), OpenError> {
    sqlx::any::install_default_drivers();
    let broken = |source| OpenError::Database {
        file: path.to_owned(),
        source,
    };
    let options = options(path).map_err(broken)?;
    let pool = |connections| {
        AnyPoolOptions::new()
            .max_connections(connections)
            .acquire_timeout(BUSY)
            .after_connect(|connection, _| Box::pin(prepare(connection)))
            .connect_with(options.clone())
    };
    // One connection: SQLite has one writer anyway, and waiting in the pool is fairer than its busy loop.
    let writer = pool(1).await.map_err(broken)?;
    tables::sqlite()
        .run(&writer)
        .await
        .map_err(|source| OpenError::Tables {
            file: path.to_owned(),
            source,
        })?;
    let readers = pool(READERS).await.map_err(broken)?;
    Ok((writer, readers))
}

/// What may stand in the address of a file as it is.
const ESCAPED: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'/')
    .remove(b'.')
    .remove(b'-')
    .remove(b'_');

fn options(path: &Path) -> Result<AnyConnectOptions, sqlx::Error> {
    let path = std::path::absolute(path)?;
    let path = percent_encode(path.as_os_str().as_encoded_bytes(), ESCAPED);
    AnyConnectOptions::from_str(&format!("sqlite://{path}"))
}

async fn prepare(connection: &mut AnyConnection) -> Result<(), sqlx::Error> {
    let pragmas = format!(
        "PRAGMA busy_timeout = {}; PRAGMA foreign_keys = ON; PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;",
        BUSY.as_millis()
    );
    connection.execute(AssertSqlSafe(pragmas)).await.map(|_| ())
}

pub(super) async fn environment(writer: &AnyPool, path: &Path) -> Result<String, OpenError> {
    let broken = |source| OpenError::Database {
        file: path.to_owned(),
        source,
    };
    let mut connection = writer.acquire().await.map_err(broken)?;
    Dialect::Sqlite
        .environment(&mut connection)
        .await
        .map_err(broken)
}

fn private() -> OpenOptions {
    let mut options = OpenOptions::new();
    options.read(true).write(true).create(true).truncate(false);
    options.mode(0o600);
    options
}

fn at(file: &Path) -> impl Fn(std::io::Error) -> OpenError {
    move |source| OpenError::File {
        file: file.to_owned(),
        source,
    }
}
