//! What is stored, in SQL that all databases share. What they do not share stands in `dialect.rs`, and how one is opened
//! and held in [`super::sqlite`] and [`super::mysql`].

mod access;
mod components;
mod custody;
mod decisions;
pub(super) mod dialect;
mod documents;
mod groups;
mod plan;
mod rows;

use std::collections::BTreeSet;
use std::time::Duration;

use async_trait::async_trait;
use sqlx::AnyPool;
use weir_core::group::Group;
use weir_core::ids::{GroupId, NodeId};
use weir_core::node::Role;

use super::{
    AccessBook, Binding, Change, Components, Custody, DecisionFilter, DecisionLog, Document,
    DocumentKind, Fence, GroupWrite, NewComponent, Reaping, Store, StoreError, StoredComponent,
    StoredDecision, StoredGroup, StoredToken,
};
use dialect::Dialect;
pub(super) use rows::failed;

/// The right to use a database, and where that lies.
#[async_trait]
pub(super) trait Hold: Send + Sync + 'static {
    /// As [`Custody::place`].
    async fn place(&self, readers: &AnyPool) -> Result<String, StoreError>;

    /// Whether this process may write. [`StoreError::Unavailable`] while it does not know that it is the only one.
    fn check(&self) -> Result<(), StoreError>;

    /// As [`Custody::is_current`].
    fn is_current(&self) -> bool;

    /// As [`Custody::taken_over`].
    async fn taken_over(&self);

    /// Gives the right back.
    async fn let_go(&self);
}

/// A store in an SQL database.
pub struct SqlStore {
    writer: AnyPool,
    readers: AnyPool,
    dialect: Dialect,
    environment: String,
    hold: Box<dyn Hold>,
}

impl SqlStore {
    pub(super) fn new(
        (writer, readers): (AnyPool, AnyPool),
        dialect: Dialect,
        environment: String,
        hold: Box<dyn Hold>,
    ) -> Self {
        Self {
            writer,
            readers,
            dialect,
            environment,
            hold,
        }
    }

    /// Ends what goes on and closes every connection; later calls fail.
    pub async fn close(&self) {
        self.readers.close().await;
        self.writer.close().await;
        self.hold.let_go().await;
    }

    fn writer(&self) -> Result<&AnyPool, StoreError> {
        self.hold.check().map(|()| &self.writer)
    }

    fn writing(&self) -> Result<(&AnyPool, Dialect), StoreError> {
        Ok((self.writer()?, self.dialect))
    }
}

/// A database that does not answer at all is given up after so long: whoever waits for it has better things to do.
const LONGEST: Duration = Duration::from_secs(10);

/// A policy's bytes may take longer on their way.
const LONGEST_TRANSFER: Duration = Duration::from_secs(60);

/// The verb's answer, or [`StoreError::Unavailable`] when none comes. What came of a write is not known then.
async fn within<T>(verb: impl Future<Output = Result<T, StoreError>>) -> Result<T, StoreError> {
    within_time(LONGEST, verb).await
}

async fn within_time<T>(
    longest: Duration,
    verb: impl Future<Output = Result<T, StoreError>>,
) -> Result<T, StoreError> {
    let given_up = |error| StoreError::Unavailable {
        doing: "waiting for the database",
        source: Box::new(error),
    };
    tokio::time::timeout(longest, verb)
        .await
        .map_err(given_up)?
}

#[async_trait]
impl Store for SqlStore {
    async fn ping(&self) -> Result<(), StoreError> {
        let doing = "testing whether it can be written";
        within(async {
            let transaction = self.dialect.begin(self.writer()?).await;
            let transaction = transaction.map_err(failed(doing))?;
            transaction.rollback().await.map_err(failed(doing))
        })
        .await
    }

    async fn environment(&self) -> Result<String, StoreError> {
        Ok(self.environment.clone())
    }

    async fn create_document(&self, document: &Document) -> Result<(), StoreError> {
        within(documents::create(self.writer()?, document)).await
    }

    async fn replace_document(&self, document: &Document) -> Result<bool, StoreError> {
        within(documents::replace(self.writer()?, document)).await
    }

    async fn document(
        &self,
        kind: DocumentKind,
        name: &str,
    ) -> Result<Option<Document>, StoreError> {
        within(documents::read(&self.readers, kind, name)).await
    }

    async fn document_names(&self, kind: DocumentKind) -> Result<Vec<String>, StoreError> {
        within(documents::names(&self.readers, kind)).await
    }

    async fn delete_document(&self, kind: DocumentKind, name: &str) -> Result<bool, StoreError> {
        within(documents::delete(self.writer()?, kind, name)).await
    }

    async fn create_group(&self, group: &Group) -> Result<Group, StoreError> {
        within(groups::create(self.writing()?, group)).await
    }

    async fn groups(&self) -> Result<Vec<StoredGroup>, StoreError> {
        within(groups::all(&self.readers)).await
    }

    async fn delete_group(&self, group: GroupId, fence: Fence) -> Result<(), StoreError> {
        within(groups::delete(self.writer()?, group, fence)).await
    }

    async fn take_group(&self, group: GroupId, holder: &str) -> Result<Fence, StoreError> {
        within(groups::take(self.writing()?, group, holder)).await
    }

    async fn save_plan(
        &self,
        group: GroupId,
        fence: Fence,
        write: &GroupWrite<'_>,
    ) -> Result<(), StoreError> {
        within(plan::save(self.writing()?, group, fence, write)).await
    }

    async fn thresholds(&self) -> Result<Vec<(Role, u32)>, StoreError> {
        within(documents::thresholds(&self.readers)).await
    }

    async fn set_threshold(&self, role: Role, percent: u32) -> Result<(), StoreError> {
        within(documents::set_threshold(self.writing()?, role, percent)).await
    }
}

#[async_trait]
impl AccessBook for SqlStore {
    async fn add_token(&self, token: &StoredToken) -> Result<(), StoreError> {
        within(access::add_token(self.writer()?, token)).await
    }

    async fn tokens(&self) -> Result<Vec<StoredToken>, StoreError> {
        within(access::tokens(&self.readers)).await
    }

    async fn remove_token(&self, name: &str) -> Result<bool, StoreError> {
        within(access::remove_token(self.writer()?, name)).await
    }

    async fn begin_change(&self, change: &Change) -> Result<u64, StoreError> {
        within(access::begin_change(self.writing()?, change)).await
    }

    async fn end_change(&self, id: u64, status: u16, detail: &str) -> Result<(), StoreError> {
        within(access::end_change(self.writer()?, id, status, detail)).await
    }

    async fn changes(&self, before: Option<u64>, limit: u32) -> Result<Vec<Change>, StoreError> {
        within(access::changes(&self.readers, before, limit)).await
    }
}

#[async_trait]
impl Components for SqlStore {
    async fn add_component(&self, new: &NewComponent<'_>) -> Result<StoredComponent, StoreError> {
        within_time(LONGEST_TRANSFER, components::add(self.writing()?, new)).await
    }

    async fn components(&self) -> Result<Vec<StoredComponent>, StoreError> {
        within(components::all(&self.readers)).await
    }

    async fn component_bytes(
        &self,
        name: &str,
        number: u32,
    ) -> Result<Option<Vec<u8>>, StoreError> {
        let read = components::bytes(&self.readers, name, number);
        within_time(LONGEST_TRANSFER, read).await
    }

    async fn remove_component(&self, name: &str, number: u32) -> Result<bool, StoreError> {
        within(components::remove(self.writer()?, name, number)).await
    }
}

#[async_trait]
impl DecisionLog for SqlStore {
    async fn decisions(&self, filter: &DecisionFilter) -> Result<Vec<StoredDecision>, StoreError> {
        within(decisions::list(&self.readers, filter)).await
    }

    async fn decision(&self, id: u64) -> Result<Option<StoredDecision>, StoreError> {
        within(decisions::one(&self.readers, id)).await
    }

    async fn frames(
        &self,
        group: GroupId,
        chain: u64,
        link: u32,
    ) -> Result<Vec<Vec<u8>>, StoreError> {
        within(decisions::frames(&self.readers, group, chain, link)).await
    }
}

#[async_trait]
impl Custody for SqlStore {
    async fn place(&self) -> Result<String, StoreError> {
        within(self.hold.place(&self.readers)).await
    }

    fn is_current(&self) -> bool {
        self.hold.is_current()
    }

    async fn taken_over(&self) {
        self.hold.taken_over().await;
    }

    async fn binding(&self) -> Result<Option<Binding>, StoreError> {
        within(custody::binding(&self.readers)).await
    }

    async fn bind(
        &self,
        binding: &Binding,
        replacing: Option<&Binding>,
        ours: &[NodeId],
    ) -> Result<(), StoreError> {
        within(custody::bind(self.writing()?, binding, replacing, ours)).await
    }

    async fn once_on_record(&self, ids: &[NodeId]) -> Result<BTreeSet<NodeId>, StoreError> {
        within(custody::once_on_record(&self.readers, ids)).await
    }

    async fn record_reaping(&self, reaping: &Reaping) -> Result<(), StoreError> {
        within(custody::record_reaping(self.writing()?, reaping)).await
    }

    async fn reapings(&self, limit: u32) -> Result<Vec<Reaping>, StoreError> {
        within(custody::reapings(&self.readers, limit)).await
    }
}
