//! After a call of the store that failed: a write may have happened all the same.

use super::Reconciler;
use crate::store::StoreError;

impl Reconciler {
    /// Remembers the failure, and answers those who wait.
    pub(super) fn store_failed(&mut self, error: &StoreError) {
        tracing::error!(group.id = %self.handle.id, error = %crate::telemetry::chain(error), "the store did not take the group's plan; trying again");
        self.store_failed_at = Some(self.shared.clock.now());
        self.unsure = true;
        for (_, reply) in self.orders.drain(..) {
            let unavailable = StoreError::Unavailable {
                doing: "storing the plan",
                source: "the store failed".into(),
            };
            let _ = reply.send(Err(unavailable.into()));
        }
    }

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
