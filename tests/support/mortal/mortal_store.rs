//! A store whose writes are points at which the server may die. Reads are none: nothing is left half done by them.

use std::collections::BTreeSet;
use std::sync::Arc;

use async_trait::async_trait;
use weir::store::{
    AccessBook, Binding, Change, Components, Custody, DecisionFilter, DecisionLog, Document,
    DocumentKind, Fence, GroupWrite, NewComponent, Reaping, Store, StoreError, StoredComponent,
    StoredDecision, StoredGroup, StoredToken,
};
use weir_core::group::Group;
use weir_core::ids::{GroupId, NodeId};
use weir_core::node::Role;

use super::{Deaths, names};

/// The wrapper.
pub struct MortalStore {
    inner: Arc<dyn Store>,
    deaths: Arc<Deaths>,
}

impl MortalStore {
    /// Round another store.
    pub fn new(inner: Arc<dyn Store>, deaths: Arc<Deaths>) -> Self {
        Self { inner, deaths }
    }
}

#[async_trait]
impl Store for MortalStore {
    async fn ping(&self) -> Result<(), StoreError> {
        self.inner.ping().await
    }

    async fn environment(&self) -> Result<String, StoreError> {
        self.inner.environment().await
    }

    async fn create_document(&self, document: &Document) -> Result<(), StoreError> {
        let what = match document {
            Document::Limits(_) => "create_document limits",
            Document::Launch(_) => "create_document launch",
        };
        let step = self.inner.create_document(document);
        self.deaths.around(&[what.to_owned()], step).await
    }

    async fn replace_document(&self, document: &Document) -> Result<bool, StoreError> {
        let step = self.inner.replace_document(document);
        self.deaths
            .around(&["replace_document".to_owned()], step)
            .await
    }

    async fn document(
        &self,
        kind: DocumentKind,
        name: &str,
    ) -> Result<Option<Document>, StoreError> {
        self.inner.document(kind, name).await
    }

    async fn document_names(&self, kind: DocumentKind) -> Result<Vec<String>, StoreError> {
        self.inner.document_names(kind).await
    }

    async fn delete_document(&self, kind: DocumentKind, name: &str) -> Result<bool, StoreError> {
        let step = self.inner.delete_document(kind, name);
        self.deaths
            .around(&["delete_document".to_owned()], step)
            .await
    }

    async fn create_group(&self, group: &Group) -> Result<Group, StoreError> {
        let step = self.inner.create_group(group);
        self.deaths.around(&["create_group".to_owned()], step).await
    }

    async fn groups(&self) -> Result<Vec<StoredGroup>, StoreError> {
        self.inner.groups().await
    }

    async fn delete_group(&self, group: GroupId, fence: Fence) -> Result<(), StoreError> {
        let step = self.inner.delete_group(group, fence);
        self.deaths.around(&["delete_group".to_owned()], step).await
    }

    async fn take_group(&self, group: GroupId, holder: &str) -> Result<Fence, StoreError> {
        let step = self.inner.take_group(group, holder);
        self.deaths.around(&["take_group".to_owned()], step).await
    }

    async fn save_plan(
        &self,
        group: GroupId,
        fence: Fence,
        write: &GroupWrite<'_>,
    ) -> Result<(), StoreError> {
        let what = names::plan(write, &self.deaths);
        let step = self.inner.save_plan(group, fence, write);
        self.deaths.around(&what, step).await
    }

    async fn thresholds(&self) -> Result<Vec<(Role, u32)>, StoreError> {
        self.inner.thresholds().await
    }

    async fn set_threshold(&self, role: Role, percent: u32) -> Result<(), StoreError> {
        let step = self.inner.set_threshold(role, percent);
        self.deaths
            .around(&["set_threshold".to_owned()], step)
            .await
    }
}

#[async_trait]
impl AccessBook for MortalStore {
    async fn add_token(&self, token: &StoredToken) -> Result<(), StoreError> {
        let step = self.inner.add_token(token);
        self.deaths.around(&["add_token".to_owned()], step).await
    }

    async fn tokens(&self) -> Result<Vec<StoredToken>, StoreError> {
        self.inner.tokens().await
    }

    async fn remove_token(&self, name: &str) -> Result<bool, StoreError> {
        let step = self.inner.remove_token(name);
        self.deaths.around(&["remove_token".to_owned()], step).await
    }

    // The book of changes is written around every call: a death there is one before or after the call's own steps.
    async fn begin_change(&self, change: &Change) -> Result<u64, StoreError> {
        self.inner.begin_change(change).await
    }

    async fn end_change(&self, id: u64, status: u16, detail: &str) -> Result<(), StoreError> {
        self.inner.end_change(id, status, detail).await
    }

    async fn changes(&self, before: Option<u64>, limit: u32) -> Result<Vec<Change>, StoreError> {
        self.inner.changes(before, limit).await
    }
}

#[async_trait]
impl Components for MortalStore {
    async fn add_component(&self, new: &NewComponent<'_>) -> Result<StoredComponent, StoreError> {
        let step = self.inner.add_component(new);
        self.deaths
            .around(&["add_component".to_owned()], step)
            .await
    }

    async fn components(&self) -> Result<Vec<StoredComponent>, StoreError> {
        self.inner.components().await
    }

    async fn component_bytes(
        &self,
        name: &str,
        number: u32,
    ) -> Result<Option<Vec<u8>>, StoreError> {
        self.inner.component_bytes(name, number).await
    }

    async fn remove_component(&self, name: &str, number: u32) -> Result<bool, StoreError> {
        let step = self.inner.remove_component(name, number);
        self.deaths
            .around(&["remove_component".to_owned()], step)
            .await
    }
}

#[async_trait]
impl DecisionLog for MortalStore {
    async fn decisions(&self, filter: &DecisionFilter) -> Result<Vec<StoredDecision>, StoreError> {
        self.inner.decisions(filter).await
    }

    async fn decision(&self, id: u64) -> Result<Option<StoredDecision>, StoreError> {
        self.inner.decision(id).await
    }

    async fn frames(
        &self,
        group: GroupId,
        chain: u64,
        link: u32,
    ) -> Result<Vec<Vec<u8>>, StoreError> {
        self.inner.frames(group, chain, link).await
    }
}

#[async_trait]
impl Custody for MortalStore {
    async fn place(&self) -> Result<String, StoreError> {
        self.inner.place().await
    }

    fn is_current(&self) -> bool {
        self.inner.is_current()
    }

    async fn taken_over(&self) {
        self.inner.taken_over().await;
    }

    async fn binding(&self) -> Result<Option<Binding>, StoreError> {
        self.inner.binding().await
    }

    async fn bind(
        &self,
        binding: &Binding,
        replacing: Option<&Binding>,
        ours: &[NodeId],
    ) -> Result<(), StoreError> {
        let step = self.inner.bind(binding, replacing, ours);
        self.deaths.around(&["bind".to_owned()], step).await
    }

    async fn once_on_record(&self, ids: &[NodeId]) -> Result<BTreeSet<NodeId>, StoreError> {
        self.inner.once_on_record(ids).await
    }

    async fn record_reaping(&self, reaping: &Reaping) -> Result<(), StoreError> {
        let what = match reaping.accepted_at {
            None => "record_reaping ordered",
            Some(_) => "record_reaping accepted",
        };
        let step = self.inner.record_reaping(reaping);
        self.deaths.around(&[what.to_owned()], step).await
    }

    async fn reapings(&self, limit: u32) -> Result<Vec<Reaping>, StoreError> {
        self.inner.reapings(limit).await
    }
}
