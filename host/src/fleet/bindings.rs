//! Which policies decide for a group, from where that was said, and who uses a policy.

use weir_core::group::{Binding, Decides, LimitsDocument};
use weir_core::plan::OperatorOrder;

use super::configuration::documents;
use super::{Fleet, FleetError, GroupHandle};
use crate::store::{Document, DocumentKind, Store};

/// Who said what decides.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BoundFrom {
    /// An operator, for this group alone.
    Group,
    /// The group's limits document.
    Document,
    /// The settings.
    Default,
}

/// A decision of a group and what makes it.
#[derive(Debug, Clone)]
pub struct GroupBinding {
    /// The decision.
    pub decides: Decides,
    /// What decides.
    pub binding: Binding,
    /// Who said so.
    pub from: BoundFrom,
    /// What a roll-back would bring back: `None` when nothing was bound before, `Some(None)` for what documents and
    /// settings say.
    pub previous: Option<Option<Binding>>,
}

impl GroupHandle {
    /// Lets this policy decide in the group from the next decision on; none: what documents and settings say. Answers
    /// once it is stored. The binding is not checked here.
    ///
    /// # Errors
    /// [`FleetError::Store`], and those of a group whose task does not run.
    pub async fn bind(&self, decides: Decides, binding: Option<Binding>) -> Result<(), FleetError> {
        let order = OperatorOrder::Bind(decides, binding);
        self.order(order).await.map(drop)
    }

    /// Lets what decided before the last binding decide again.
    ///
    /// # Errors
    /// [`FleetError::Refused`] when nothing was bound before; as [`GroupHandle::bind`].
    pub async fn roll_back(&self, decides: Decides) -> Result<(), FleetError> {
        self.order(OperatorOrder::RollBack(decides)).await.map(drop)
    }

    /// What a roll-back would bring back, if it is a policy of the group's own.
    pub fn previous_binding(&self, decides: Decides) -> Option<Binding> {
        let state = self.state.read();
        state.group().bindings.previous(decides)?.cloned()
    }
}

impl Fleet {
    /// What decides in a group, and who said so.
    ///
    /// # Errors
    /// [`FleetError::Store`], [`FleetError::NotFound`] for a document that is gone.
    pub async fn bindings(&self, handle: &GroupHandle) -> Result<Vec<GroupBinding>, FleetError> {
        let (limits, _) = documents(self.shared.store.as_ref(), &handle.group()).await?;
        let state = handle.state.read();
        let own = &state.group().bindings;
        let shown = |decides: Decides| GroupBinding {
            decides,
            binding: state.binding(decides).clone(),
            from: match (own.current(decides), limits.bindings.of(decides)) {
                (Some(_), _) => BoundFrom::Group,
                (None, Some(_)) => BoundFrom::Document,
                (None, None) => BoundFrom::Default,
            },
            previous: own.previous(decides).map(|binding| binding.cloned()),
        };
        Ok(Decides::ALL.into_iter().map(shown).collect())
    }

    /// Who lets this policy decide, in words: groups, limits documents, settings.
    ///
    /// # Errors
    /// [`FleetError::Store`].
    pub async fn bound_by(&self, policy: &str) -> Result<Vec<String>, FleetError> {
        let mut users = Vec::new();
        for handle in self.groups() {
            let group = handle.group();
            let uses = |decides: &Decides| {
                let own = group.bindings.current(*decides);
                own.is_some_and(|binding| binding.policy == policy)
            };
            let decisions = Decides::ALL.into_iter().filter(uses);
            users.extend(decisions.map(|decides| format!("group {} {decides}", group.name)));
        }
        for limits in limits_documents(self.shared.store.as_ref()).await? {
            let uses = |decides: &Decides| {
                let stated = limits.bindings.of(*decides);
                stated.is_some_and(|binding| binding.policy == policy)
            };
            let decisions = Decides::ALL.into_iter().filter(uses);
            users
                .extend(decisions.map(|decides| format!("scale policy {} {decides}", limits.name)));
        }
        let defaults = &self.shared.settings.read().default_bindings;
        let uses = |decides: &Decides| defaults.of(*decides).policy == policy;
        let decisions = Decides::ALL.into_iter().filter(uses);
        users.extend(decisions.map(|decides| format!("policy.default_{decides}")));
        Ok(users)
    }
}

/// Every limits document there is.
async fn limits_documents(store: &dyn Store) -> Result<Vec<LimitsDocument>, FleetError> {
    let mut all = Vec::new();
    for name in store.document_names(DocumentKind::Limits).await? {
        if let Some(Document::Limits(limits)) = store.document(DocumentKind::Limits, &name).await? {
            all.push(limits);
        }
    }
    Ok(all)
}

/// Every policy that is bound by what the store holds: by groups and by limits documents.
///
/// # Errors
/// [`FleetError::Store`].
pub async fn stored_bindings(store: &dyn Store) -> Result<Vec<Binding>, FleetError> {
    let groups = store.groups().await?;
    let mut bindings: Vec<Binding> = Vec::new();
    for stored in &groups {
        let current = |decides| stored.group.bindings.current(decides);
        bindings.extend(Decides::ALL.into_iter().filter_map(current).cloned());
    }
    for limits in limits_documents(store).await? {
        let stated = |decides| limits.bindings.of(decides);
        bindings.extend(Decides::ALL.into_iter().filter_map(stated).cloned());
    }
    Ok(bindings)
}
