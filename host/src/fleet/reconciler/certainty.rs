//! After a call of the store that failed: a write may have happened all the same.

use super::Reconciler;
use crate::fleet::FleetError;
use crate::store::StoreError;

impl Reconciler {
    /// Remembers the failure, and answers those who wait.
    pub(super) fn store_failed(&mut self, error: &StoreError) {
        tracing::error!(group.id = %self.handle.id, error = %crate::telemetry::chain(error), "the store did not take the group's plan; trying again");
        self.store_failed_at = Some(self.shared.clock.now());
        self.unsure = true;
        let orders = std::mem::take(&mut self.orders);
        for (_, reply) in orders {
            let _ = reply.send(Err(self.not_stored(error)));
        }
    }

    /// What is told to those who wait for what the store did not take.
    pub(super) fn not_stored(&self, error: &StoreError) -> FleetError {
        match error {
            StoreError::Conflict { .. } => self.handle.reading_again(),
            StoreError::Exists { .. }
            | StoreError::Unavailable { .. }
            | StoreError::Unreadable { .. } => StoreError::Unavailable {
                doing: "storing the order",
                source: "the store failed".into(),
            }
            .into(),
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
