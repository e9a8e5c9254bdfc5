//! The embedded store: one SQLite file, exclusive to one process.
//!
//! Write-ahead log with `synchronous = FULL`: a verb that returned `Ok` survives a power cut. One connection writes, a
//! few read beside it. An operating-system lock on `<file>.lock` is held as long as the store lives.
//!
//! The statements keep to the subset that MySQL 5.7 shares; `migrations/README.md` has the rules.

mod custody;
mod documents;
mod file;
mod groups;
mod plan;
mod rows;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use async_trait::async_trait;
use sqlx::SqlitePool;
use weir_core::group::Group;
use weir_core::ids::{GroupId, NodeId};
use weir_core::node::Role;

pub use file::OpenError;

use super::{
    Binding, Custody, Document, DocumentKind, Fence, GroupWrite, Reaping, Store, StoreError,
    StoredDecision, StoredGroup,
};
use rows::failed;

/// Newest decisions kept of each group; older ones go in the transaction that stores a newer one.
pub const DECISIONS_KEPT: u32 = 1_000;

/// A transaction that will write takes the lock at its begin: two that began as readers could only fail each other.
const BEGIN: &str = "BEGIN IMMEDIATE";

/// The store in one SQLite file.
pub struct SqliteStore {
    /// One connection: SQLite has one writer anyway, and waiting in the pool is fairer than its busy loop.
    writer: SqlitePool,
    readers: SqlitePool,
    path: PathBuf,
    environment: String,
    // Held, never read: dropping it lets another process in.
    _lock: file::FileLock,
}

impl SqliteStore {
    /// Opens the file, makes it (mode 0600, folders 0700) when absent, takes its lock and brings its tables up to
    /// date.
    ///
    /// # Errors
    /// [`OpenError`]: nothing was changed, except that migrations which succeeded stay applied.
    pub async fn open(path: &Path) -> Result<Self, OpenError> {
        let lock = file::FileLock::take(path)?;
        file::make_private(path)?;
        let (writer, readers) = file::connect(path).await?;
        let environment = file::environment(&writer, path).await?;
        Ok(Self {
            writer,
            readers,
            path: path.to_owned(),
            environment,
            _lock: lock,
        })
    }

    /// The database file.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Writes what the log holds into the file and closes every connection; later calls fail.
    pub async fn close(&self) {
        self.readers.close().await;
        self.writer.close().await;
    }
}

#[async_trait]
impl Store for SqliteStore {
    async fn ping(&self) -> Result<(), StoreError> {
        let doing = "testing whether it can be written";
        let transaction = self.writer.begin_with(BEGIN).await.map_err(failed(doing))?;
        transaction.rollback().await.map_err(failed(doing))
    }

    async fn environment(&self) -> Result<String, StoreError> {
        Ok(self.environment.clone())
    }

    async fn create_document(&self, document: &Document) -> Result<(), StoreError> {
        documents::create(&self.writer, document).await
    }

    async fn replace_document(&self, document: &Document) -> Result<bool, StoreError> {
        documents::replace(&self.writer, document).await
    }

    async fn document(
        &self,
        kind: DocumentKind,
        name: &str,
    ) -> Result<Option<Document>, StoreError> {
        documents::read(&self.readers, kind, name).await
    }

    async fn document_names(&self, kind: DocumentKind) -> Result<Vec<String>, StoreError> {
        documents::names(&self.readers, kind).await
    }

    async fn delete_document(&self, kind: DocumentKind, name: &str) -> Result<bool, StoreError> {
        documents::delete(&self.writer, kind, name).await
    }

    async fn create_group(&self, group: &Group) -> Result<Group, StoreError> {
        groups::create(&self.writer, group).await
    }

    async fn groups(&self) -> Result<Vec<StoredGroup>, StoreError> {
        groups::all(&self.readers).await
    }

    async fn delete_group(&self, group: GroupId, fence: Fence) -> Result<(), StoreError> {
        groups::delete(&self.writer, group, fence).await
    }

    async fn take_group(&self, group: GroupId, holder: &str) -> Result<Fence, StoreError> {
        groups::take(&self.writer, group, holder).await
    }

    async fn save_plan(
        &self,
        group: GroupId,
        fence: Fence,
        write: &GroupWrite<'_>,
    ) -> Result<(), StoreError> {
        plan::save(&self.writer, group, fence, write).await
    }

    async fn decisions(
        &self,
        group: GroupId,
        limit: u32,
    ) -> Result<Vec<StoredDecision>, StoreError> {
        plan::decisions(&self.readers, group, limit).await
    }

    async fn thresholds(&self) -> Result<Vec<(Role, u32)>, StoreError> {
        documents::thresholds(&self.readers).await
    }

    async fn set_threshold(&self, role: Role, percent: u32) -> Result<(), StoreError> {
        documents::set_threshold(&self.writer, role, percent).await
    }
}

#[async_trait]
impl Custody for SqliteStore {
    async fn place(&self) -> Result<String, StoreError> {
        custody::place(&self.path).await
    }

    async fn binding(&self) -> Result<Option<Binding>, StoreError> {
        custody::binding(&self.readers).await
    }

    async fn bind(
        &self,
        binding: &Binding,
        replacing: Option<&Binding>,
        ours: &[NodeId],
    ) -> Result<(), StoreError> {
        custody::bind(&self.writer, binding, replacing, ours).await
    }

    async fn once_on_record(&self, ids: &[NodeId]) -> Result<BTreeSet<NodeId>, StoreError> {
        custody::once_on_record(&self.readers, ids).await
    }

    async fn record_reaping(&self, reaping: &Reaping) -> Result<(), StoreError> {
        custody::record_reaping(&self.writer, reaping).await
    }

    async fn reapings(&self, limit: u32) -> Result<Vec<Reaping>, StoreError> {
        custody::reapings(&self.readers, limit).await
    }
}
