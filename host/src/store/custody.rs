//! What the store knows of its own place and of instances that were this environment's: the ground on which the sweep
//! may end an instance that has no record.
//!
//! A copied store knows the same environment id as its original, a restored one has forgotten launches. Both would take
//! the other's instances for nobody's. So the environment is bound to the place of its store and to the cloud account,
//! and an identifier that was never on record here is not this store's to end.

use std::collections::BTreeSet;

use async_trait::async_trait;
use serde::{Deserialize, Serialize};
use weir_core::ids::{NodeId, PlatformId, RegionName, ZoneName};
use weir_core::units::UtcMs;

use super::StoreError;

/// Where an environment lives: in which store, and in whose cloud. Both are compared whole, never parsed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Binding {
    /// The store, as [`Custody::place`] names it.
    pub store: String,
    /// The cloud's account.
    pub account: String,
}

/// An instance that the sweep ends, or has ended: who, when and why.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Reaping {
    /// Its tag `identifier`.
    pub node: NodeId,
    /// The cloud's id.
    pub instance: PlatformId,
    /// Region it is in.
    pub region: RegionName,
    /// Zone it is in.
    pub zone: ZoneName,
    /// Name of the manager that ends it.
    pub by: String,
    /// Why, in words.
    pub why: String,
    /// When a sweep first found it without a record, ms.
    pub found_at: UtcMs,
    /// When its end was decided: stored before the cloud is asked, ms.
    pub ordered_at: UtcMs,
    /// When the cloud took the order, ms.
    pub accepted_at: Option<UtcMs>,
}

/// The part of the store that the sweep stands on. All errors leave it unchanged.
#[async_trait]
pub trait Custody: Send + Sync + 'static {
    /// Where the data of this store really lies: the same after a restart of manager or database, another for a copy.
    async fn place(&self) -> Result<String, StoreError>;

    /// What this process remembers of the store may be told to clients: the store is its own, or was a moment ago. False once
    /// another process may have had it for long enough to end what is remembered.
    fn is_current(&self) -> bool;

    /// Ends when another process had this store since it was opened here: what this process knows may be old, and it has to
    /// end and start anew. Never ends otherwise.
    async fn taken_over(&self);

    /// What the environment was bound to last; `None` until it was.
    async fn binding(&self) -> Result<Option<Binding>, StoreError>;

    /// Binds the environment, and takes these identifiers for ones that were on record here, in one transaction.
    /// [`StoreError::Conflict`] when it is not bound to `replacing` any more.
    async fn bind(
        &self,
        binding: &Binding,
        replacing: Option<&Binding>,
        ours: &[NodeId],
    ) -> Result<(), StoreError>;

    /// Those of the identifiers that were on record here and are not any more. Remembered for the newest 100,000.
    async fn once_on_record(&self, ids: &[NodeId]) -> Result<BTreeSet<NodeId>, StoreError>;

    /// Stores a reaping, in the place of an earlier one of the same instance. The newest 10,000 are kept.
    async fn record_reaping(&self, reaping: &Reaping) -> Result<(), StoreError>;

    /// Newest reapings, newest first, at most `limit`.
    async fn reapings(&self, limit: u32) -> Result<Vec<Reaping>, StoreError>;
}
