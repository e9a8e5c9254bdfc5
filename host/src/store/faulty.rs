//! A store that fails on request, round another one: for tests and for rehearsing outages.
//!
//! A fault is scripted for the next call of a verb, or an outage for all of them. `AfterCommit` is the nasty one: the
//! inner store did it, the caller is told that it failed.

use std::collections::{BTreeSet, HashMap, VecDeque};
use std::sync::Arc;

use async_trait::async_trait;
use parking_lot::Mutex;
use weir_core::group::Group;
use weir_core::ids::{GroupId, NodeId};
use weir_core::node::Role;

use super::{
    AccessBook, Binding, Change, Components, Custody, DecisionFilter, DecisionLog, Document,
    DocumentKind, Fence, GroupWrite, NewComponent, Reaping, Store, StoreError, StoredComponent,
    StoredDecision, StoredGroup, StoredToken,
};

/// How a call fails.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// The inner store is not asked; `Unavailable`.
    Before,
    /// The inner store did it; `Unavailable` all the same.
    AfterCommit,
    /// The inner store is not asked; `Conflict`, as if somebody else had taken the group.
    Conflict,
}

/// The verbs of [`Store`] and of what it is made of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[expect(missing_docs, reason = "named as the methods they stand for")]
pub enum Verb {
    Ping,
    Environment,
    CreateDocument,
    ReplaceDocument,
    Document,
    DocumentNames,
    DeleteDocument,
    CreateGroup,
    Groups,
    DeleteGroup,
    TakeGroup,
    SavePlan,
    Decisions,
    Thresholds,
    SetThreshold,
    Place,
    Binding,
    Bind,
    OnceOnRecord,
    RecordReaping,
    Reapings,
    AddComponent,
    Components,
    ComponentBytes,
    RemoveComponent,
    Decision,
    Frames,
    AddToken,
    Tokens,
    RemoveToken,
    BeginChange,
    EndChange,
    Changes,
}

#[derive(Default)]
struct Script {
    next: HashMap<Verb, VecDeque<Fault>>,
    numbered: HashMap<(Verb, u64), Fault>,
    outage: Option<Fault>,
    calls: HashMap<Verb, u64>,
}

/// The wrapper.
pub struct FaultyStore {
    inner: Arc<dyn Store>,
    script: Mutex<Script>,
}

/// The source of a scripted failure.
#[derive(Debug, thiserror::Error)]
#[error("a scripted fault of {0:?}")]
struct Scripted(Verb);

impl FaultyStore {
    /// Passes everything on until told otherwise.
    pub fn new(inner: Arc<dyn Store>) -> Self {
        Self {
            inner,
            script: Mutex::default(),
        }
    }

    /// The next call of `verb` that has no fault yet fails like this.
    pub fn fail_next(&self, verb: Verb, fault: Fault) {
        let mut script = self.script.lock();
        script.next.entry(verb).or_default().push_back(fault);
    }

    /// The call of `verb` with this number, counted from 1 over the life of the wrapper, fails like this.
    pub fn fail_call(&self, verb: Verb, number: u64, fault: Fault) {
        self.script.lock().numbered.insert((verb, number), fault);
    }

    /// Every call fails like this until called with `None`; scripted faults wait meanwhile.
    pub fn outage(&self, fault: Option<Fault>) {
        self.script.lock().outage = fault;
    }

    /// Calls of a verb so far, failed ones included.
    pub fn calls(&self, verb: Verb) -> u64 {
        self.script.lock().calls.get(&verb).copied().unwrap_or(0)
    }

    fn fault(&self, verb: Verb) -> Option<Fault> {
        let mut script = self.script.lock();
        let calls = script.calls.entry(verb).or_default();
        *calls += 1;
        let number = *calls;
        let numbered = script.numbered.remove(&(verb, number));
        script
            .outage
            .or(numbered)
            .or_else(|| script.next.get_mut(&verb).and_then(VecDeque::pop_front))
    }

    async fn around<T>(
        &self,
        verb: Verb,
        call: impl Future<Output = Result<T, StoreError>> + Send,
    ) -> Result<T, StoreError> {
        let failed = || StoreError::Unavailable {
            doing: "acting on a scripted fault",
            source: Box::new(Scripted(verb)),
        };
        match self.fault(verb) {
            None => call.await,
            Some(Fault::Before) => Err(failed()),
            Some(Fault::AfterCommit) => call.await.and_then(|_| Err(failed())),
            Some(Fault::Conflict) => Err(StoreError::Conflict { what: "record" }),
        }
    }
}

#[async_trait]
impl Store for FaultyStore {
    async fn ping(&self) -> Result<(), StoreError> {
        self.around(Verb::Ping, self.inner.ping()).await
    }

    async fn environment(&self) -> Result<String, StoreError> {
        self.around(Verb::Environment, self.inner.environment())
            .await
    }

    async fn create_document(&self, document: &Document) -> Result<(), StoreError> {
        let call = self.inner.create_document(document);
        self.around(Verb::CreateDocument, call).await
    }

    async fn replace_document(&self, document: &Document) -> Result<bool, StoreError> {
        let call = self.inner.replace_document(document);
        self.around(Verb::ReplaceDocument, call).await
    }

    async fn document(
        &self,
        kind: DocumentKind,
        name: &str,
    ) -> Result<Option<Document>, StoreError> {
        self.around(Verb::Document, self.inner.document(kind, name))
            .await
    }

    async fn document_names(&self, kind: DocumentKind) -> Result<Vec<String>, StoreError> {
        self.around(Verb::DocumentNames, self.inner.document_names(kind))
            .await
    }

    async fn delete_document(&self, kind: DocumentKind, name: &str) -> Result<bool, StoreError> {
        let call = self.inner.delete_document(kind, name);
        self.around(Verb::DeleteDocument, call).await
    }

    async fn create_group(&self, group: &Group) -> Result<Group, StoreError> {
        self.around(Verb::CreateGroup, self.inner.create_group(group))
            .await
    }

    async fn groups(&self) -> Result<Vec<StoredGroup>, StoreError> {
        self.around(Verb::Groups, self.inner.groups()).await
    }

    async fn delete_group(&self, group: GroupId, fence: Fence) -> Result<(), StoreError> {
        let call = self.inner.delete_group(group, fence);
        self.around(Verb::DeleteGroup, call).await
    }

    async fn take_group(&self, group: GroupId, holder: &str) -> Result<Fence, StoreError> {
        self.around(Verb::TakeGroup, self.inner.take_group(group, holder))
            .await
    }

    async fn save_plan(
        &self,
        group: GroupId,
        fence: Fence,
        write: &GroupWrite<'_>,
    ) -> Result<(), StoreError> {
        let call = self.inner.save_plan(group, fence, write);
        self.around(Verb::SavePlan, call).await
    }

    async fn thresholds(&self) -> Result<Vec<(Role, u32)>, StoreError> {
        self.around(Verb::Thresholds, self.inner.thresholds()).await
    }

    async fn set_threshold(&self, role: Role, percent: u32) -> Result<(), StoreError> {
        let call = self.inner.set_threshold(role, percent);
        self.around(Verb::SetThreshold, call).await
    }
}

#[async_trait]
impl AccessBook for FaultyStore {
    async fn add_token(&self, token: &StoredToken) -> Result<(), StoreError> {
        self.around(Verb::AddToken, self.inner.add_token(token))
            .await
    }

    async fn tokens(&self) -> Result<Vec<StoredToken>, StoreError> {
        self.around(Verb::Tokens, self.inner.tokens()).await
    }

    async fn remove_token(&self, name: &str) -> Result<bool, StoreError> {
        self.around(Verb::RemoveToken, self.inner.remove_token(name))
            .await
    }

    async fn begin_change(&self, change: &Change) -> Result<u64, StoreError> {
        self.around(Verb::BeginChange, self.inner.begin_change(change))
            .await
    }

    async fn end_change(&self, id: u64, status: u16, detail: &str) -> Result<(), StoreError> {
        let call = self.inner.end_change(id, status, detail);
        self.around(Verb::EndChange, call).await
    }

    async fn changes(&self, before: Option<u64>, limit: u32) -> Result<Vec<Change>, StoreError> {
        self.around(Verb::Changes, self.inner.changes(before, limit))
            .await
    }
}

#[async_trait]
impl Components for FaultyStore {
    async fn add_component(&self, new: &NewComponent<'_>) -> Result<StoredComponent, StoreError> {
        self.around(Verb::AddComponent, self.inner.add_component(new))
            .await
    }

    async fn components(&self) -> Result<Vec<StoredComponent>, StoreError> {
        self.around(Verb::Components, self.inner.components()).await
    }

    async fn component_bytes(
        &self,
        name: &str,
        number: u32,
    ) -> Result<Option<Vec<u8>>, StoreError> {
        let call = self.inner.component_bytes(name, number);
        self.around(Verb::ComponentBytes, call).await
    }

    async fn remove_component(&self, name: &str, number: u32) -> Result<bool, StoreError> {
        let call = self.inner.remove_component(name, number);
        self.around(Verb::RemoveComponent, call).await
    }
}

#[async_trait]
impl DecisionLog for FaultyStore {
    async fn decisions(&self, filter: &DecisionFilter) -> Result<Vec<StoredDecision>, StoreError> {
        self.around(Verb::Decisions, self.inner.decisions(filter))
            .await
    }

    async fn decision(&self, id: u64) -> Result<Option<StoredDecision>, StoreError> {
        self.around(Verb::Decision, self.inner.decision(id)).await
    }

    async fn frames(
        &self,
        group: GroupId,
        chain: u64,
        link: u32,
    ) -> Result<Vec<Vec<u8>>, StoreError> {
        let call = self.inner.frames(group, chain, link);
        self.around(Verb::Frames, call).await
    }
}

#[async_trait]
impl Custody for FaultyStore {
    async fn place(&self) -> Result<String, StoreError> {
        self.around(Verb::Place, self.inner.place()).await
    }

    fn is_current(&self) -> bool {
        self.inner.is_current()
    }

    async fn taken_over(&self) {
        self.inner.taken_over().await;
    }

    async fn binding(&self) -> Result<Option<Binding>, StoreError> {
        self.around(Verb::Binding, self.inner.binding()).await
    }

    async fn bind(
        &self,
        binding: &Binding,
        replacing: Option<&Binding>,
        ours: &[NodeId],
    ) -> Result<(), StoreError> {
        let call = self.inner.bind(binding, replacing, ours);
        self.around(Verb::Bind, call).await
    }

    async fn once_on_record(&self, ids: &[NodeId]) -> Result<BTreeSet<NodeId>, StoreError> {
        let call = self.inner.once_on_record(ids);
        self.around(Verb::OnceOnRecord, call).await
    }

    async fn record_reaping(&self, reaping: &Reaping) -> Result<(), StoreError> {
        let call = self.inner.record_reaping(reaping);
        self.around(Verb::RecordReaping, call).await
    }

    async fn reapings(&self, limit: u32) -> Result<Vec<Reaping>, StoreError> {
        self.around(Verb::Reapings, self.inner.reapings(limit))
            .await
    }
}
