//! The embedded store: one SQLite file, exclusive to one process.
//!
//! Write-ahead log with `synchronous = FULL`: a verb that returned `Ok` survives a power cut. One connection writes, a
//! few read beside it. An operating-system lock on `<file>.lock` is held as long as the store lives.

mod file;
mod place;

use std::path::{Path, PathBuf};

use async_trait::async_trait;
use sqlx::AnyPool;

pub use file::OpenError;

use super::StoreError;
use super::sql::dialect::Dialect;
use super::sql::{Hold, SqlStore};

/// Opens the file, makes it (mode 0600, folders 0700) when absent, takes its lock and brings its tables up to date.
///
/// # Errors
/// [`OpenError`]: nothing was changed, except that migrations which succeeded stay applied.
pub async fn open(path: &Path) -> Result<SqlStore, OpenError> {
    let lock = file::FileLock::take(path)?;
    file::make_private(path)?;
    let (writer, readers) = file::connect(path).await?;
    let environment = file::environment(&writer, path).await?;
    let held = Held {
        path: path.to_owned(),
        _lock: lock,
    };
    Ok(SqlStore::new(
        (writer, readers),
        Dialect::Sqlite,
        environment,
        Box::new(held),
    ))
}

struct Held {
    path: PathBuf,
    // Held, never read: dropping it lets another process in.
    _lock: file::FileLock,
}

#[async_trait]
impl Hold for Held {
    async fn place(&self, _: &AnyPool) -> Result<String, StoreError> {
        place::of(&self.path).await
    }

    /// The system keeps the lock as long as this process lives.
    fn check(&self) -> Result<(), StoreError> {
        Ok(())
    }

    /// The lock is the system's to keep: nobody else can have it.
    fn is_current(&self) -> bool {
        true
    }

    /// As above: never.
    async fn taken_over(&self) {
        std::future::pending().await
    }

    async fn let_go(&self) {}
}
