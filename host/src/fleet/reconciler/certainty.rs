//! After a write whose outcome nobody knows.

use super::Reconciler;
use crate::store::StoreError;

impl Reconciler {
    /// After a failed write: does the store hold what this task knows? Soft facts are kept when it does.
    pub(super) async fn is_outdated(&self) -> Result<bool, StoreError> {
        let stored = self.shared.store.groups().await?;
        let stored = stored
            .iter()
            .find(|stored| stored.group.id == self.handle.id);
        let state = self.handle.state.read();
        Ok(!stored.is_some_and(|stored| state.agrees_with(&stored.group, &stored.nodes)))
    }
}
