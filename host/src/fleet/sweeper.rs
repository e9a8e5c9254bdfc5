//! Instances without a record: found by this environment's exact tag, given one pass's grace, then ended.
//!
//! ```text
//! listed ─▶ on record? ─▶ ours once? ─▶ suspect ─▶ (next pass, bound here) ─▶ booked ─▶ the cloud is asked
//!                             └─▶ stranger: an operator is asked
//! ```
//!
//! An instance without the tag is never touched, whatever its name. One whose identifier was never on record in this
//! store is another store's, or this store was put back to an earlier time: it is shown, not ended. And nothing is
//! ended while the environment is bound to another store or another account than those at hand: a copied store knows
//! the same environment. A pass that could not read the store, or the cloud's whole list, proves nothing and changes
//! nothing.

mod verdict;

use std::collections::BTreeSet;
use std::sync::Arc;

use serde::Serialize;
use weir_cloud::Instance;
use weir_core::ids::{NodeId, PlatformId, RegionName, ZoneName};
use weir_core::units::UtcMs;

use super::{FleetError, Shared};
use crate::store::{Binding, Reaping, StoreError};
use crate::telemetry::chain;
use verdict::{Suspects, Verdict};

/// Why an instance of ours is ended, in the book of reapings.
const WHY: &str = "two sweeps in a row found it without a record";

/// How the sweep stands, for those who look.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct SweepStatus {
    /// When the last whole pass was made, ms.
    pub at: Option<UtcMs>,
    /// What the environment is bound to.
    pub bound: Option<Binding>,
    /// The store and the account at hand.
    pub here: Option<Binding>,
    /// Why nothing is ended, and what to do; absent while the environment is bound to what is at hand.
    pub held: Option<String>,
    /// Instances without a record that were ours: the next pass ends them.
    pub suspects: Vec<Unrecorded>,
    /// Instances of this environment that were never on record here: an operator has to say whose they are.
    pub strangers: Vec<Unrecorded>,
}

/// An instance of this environment without a record.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Unrecorded {
    /// Its tag `identifier`.
    pub identifier: Option<NodeId>,
    /// The cloud's id.
    pub instance: PlatformId,
    /// Region of `zone`.
    pub region: RegionName,
    /// Zone it is in.
    pub zone: ZoneName,
    /// When a pass first found it so, ms.
    pub found_at: UtcMs,
}

/// Remembers what the last pass could not place.
pub(super) struct Sweeper {
    shared: Arc<Shared>,
    suspects: Suspects,
    status: SweepStatus,
}

impl Sweeper {
    pub(super) fn new(shared: Arc<Shared>) -> Self {
        Self {
            shared,
            suspects: Suspects::default(),
            status: SweepStatus::default(),
        }
    }

    /// One pass; what it could not find out is said in the log, and nothing changes then.
    pub(super) async fn pass(&mut self) {
        // A store that cannot be read may hold records we do not know of.
        if let Err(error) = self.shared.store.ping().await {
            tracing::warn!(error = %chain(&error), "no sweep while the store is away");
            return;
        }
        let listed = match self.shared.cloud.list_owned().await {
            Ok(listed) => listed,
            Err(error) => {
                tracing::warn!(%error, "the sweep could not list the cloud's instances; it will try again");
                return;
            }
        };
        if let Err(error) = self.judge(listed).await {
            tracing::warn!(error = %chain(&error), "the sweep could not find out what it may end; it will try again");
        }
    }

    async fn judge(&mut self, listed: Vec<Instance>) -> Result<(), FleetError> {
        let now = self.shared.clock.now();
        let orphans = verdict::unrecorded(listed, |instance| self.is_on_record(instance));
        let (here, bound) = bind_first(&self.shared).await?;
        let held = reason_to_hold(&here, bound.as_ref());
        let ids: Vec<NodeId> = orphans.iter().filter_map(|one| one.id.clone()).collect();
        let once_ours = if ids.is_empty() {
            BTreeSet::new()
        } else {
            self.shared.store.once_on_record(&ids).await?
        };
        let verdict = self
            .suspects
            .judge(orphans, &once_ours, held.is_some(), now);
        self.tell(&verdict, held.as_deref());
        self.status = SweepStatus {
            at: Some(now),
            bound,
            here: Some(here),
            held,
            suspects: verdict.suspects,
            strangers: verdict.strangers,
        };
        *self.shared.sweep.write() = Arc::new(self.status.clone());
        for orphan in &verdict.to_end {
            self.end(orphan, now).await?;
        }
        Ok(())
    }

    /// Whether a record stands for this very instance. Another one that carries the identifier of a record is none of
    /// ours: somebody copied its tags.
    fn is_on_record(&self, instance: &Instance) -> bool {
        let id = instance.id.as_ref();
        let Some(entry) = id.and_then(|id| self.shared.directory.by_id(id.as_str())) else {
            return false;
        };
        let state = entry.group.state.read();
        let member = state.member(entry.no);
        let recorded = member.and_then(|member| member.node.platform_id.as_ref());
        recorded.is_none_or(|recorded| *recorded == instance.platform_id)
    }

    /// Says what is new since the last pass, once.
    fn tell(&self, verdict: &Verdict, held: Option<&str>) {
        if held != self.status.held.as_deref()
            && let Some(why) = held
        {
            tracing::warn!("the sweep ends nothing: {why}");
        }
        let known = |old: &[Unrecorded], new: &Unrecorded| {
            old.iter().any(|one| one.instance == new.instance)
        };
        for suspect in &verdict.suspects {
            if !known(&self.status.suspects, suspect) {
                tracing::warn!(node.id = ?suspect.identifier, instance = %suspect.instance, "an instance of this environment has no record; the next sweep ends it");
            }
        }
        for stranger in &verdict.strangers {
            if !known(&self.status.strangers, stranger) {
                tracing::warn!(node.id = ?stranger.identifier, instance = %stranger.instance, "an instance of this environment was never on record in this store: is it another store's, or was this one restored? Nothing is done until POST /weir/v1/sweep/confirm says whose it is");
            }
        }
    }

    /// Books it, then asks the cloud; a pass that finds it again asks again.
    async fn end(&self, orphan: &Unrecorded, now: UtcMs) -> Result<(), StoreError> {
        let shared = &self.shared;
        let Some(id) = &orphan.identifier else {
            return Ok(());
        };
        // The cloud is asked by identifier: one that is on record would end the record's instance.
        if shared.directory.by_id(id.as_str()).is_some() {
            return Ok(());
        }
        let mut reaping = Reaping {
            node: id.clone(),
            instance: orphan.instance.clone(),
            region: orphan.region.clone(),
            zone: orphan.zone.clone(),
            by: shared.settings.read().holder.clone(),
            why: WHY.to_owned(),
            found_at: orphan.found_at,
            ordered_at: now,
            accepted_at: None,
        };
        shared.store.record_reaping(&reaping).await?;
        match shared.cloud.terminate(&orphan.region, id).await {
            Ok(()) => {
                tracing::warn!(node.id = %id, instance = %orphan.instance, "ended an instance that two sweeps found without a record");
                metrics::counter!("weir_sweep_ended_total").increment(1);
                reaping.accepted_at = Some(shared.clock.now());
                shared.store.record_reaping(&reaping).await
            }
            Err(error) => {
                tracing::warn!(node.id = %id, %error, "an instance without a record could not be ended; the next sweep tries again");
                Ok(())
            }
        }
    }
}

/// The store and account at hand, and what the environment is bound to: to these, when it was bound to nothing yet.
async fn bind_first(shared: &Shared) -> Result<(Binding, Option<Binding>), FleetError> {
    let here = at_hand(shared).await?;
    if let Some(bound) = shared.store.binding().await? {
        return Ok((here, Some(bound)));
    }
    shared.store.bind(&here, None, &[]).await?;
    tracing::info!(store = %here.store, account = %here.account, "this environment is bound to this store and this account");
    Ok((here.clone(), Some(here)))
}

async fn at_hand(shared: &Shared) -> Result<Binding, FleetError> {
    let account = shared.cloud.account().await;
    Ok(Binding {
        store: shared.store.place().await?,
        account: account.map_err(|error| FleetError::Refused(error.to_string()))?,
    })
}

fn reason_to_hold(here: &Binding, bound: Option<&Binding>) -> Option<String> {
    let bound = bound?;
    let what = match (bound.store == here.store, bound.account == here.account) {
        (true, true) => return None,
        (false, true) => {
            "this store is a copy of the one that the environment is bound to, or was moved or restored"
        }
        (true, false) => "the environment is bound to another cloud account",
        (false, false) => "the environment is bound to another store and another cloud account",
    };
    Some(format!(
        "{what}. If no other manager works with this environment any more, confirm it with POST \
         /weir/v1/sweep/confirm; if one does, stop this one and give it a store of its own"
    ))
}

impl super::Fleet {
    /// How the sweep stands.
    pub fn sweep(&self) -> Arc<SweepStatus> {
        self.shared.sweep.read().clone()
    }

    /// Newest instances that the sweep ended, newest first.
    ///
    /// # Errors
    /// [`FleetError::Store`].
    pub async fn reapings(&self, limit: u32) -> Result<Vec<Reaping>, FleetError> {
        Ok(self.shared.store.reapings(limit).await?)
    }

    /// An operator's word: this store and this account are those of the environment, and these strangers are its
    /// instances. The sweep ends them, as others without a record, after two more passes.
    ///
    /// # Errors
    /// [`FleetError::Refused`] when the environment is another one or an identifier is no stranger's;
    /// [`FleetError::Store`]. Nothing is changed then.
    pub async fn confirm_environment(
        &self,
        environment: &str,
        ours: &[NodeId],
    ) -> Result<(), FleetError> {
        let shared = &self.shared;
        let own = shared.store.environment().await?;
        if environment != own {
            return Err(FleetError::Refused(format!(
                "environment: this store's environment is {own:?}, not {environment:?}"
            )));
        }
        let status = self.sweep();
        let strangers: BTreeSet<_> = status
            .strangers
            .iter()
            .filter_map(|one| one.identifier.as_ref())
            .collect();
        if let Some(other) = ours.iter().find(|id| !strangers.contains(id)) {
            return Err(FleetError::Refused(format!(
                "instances: {other} is not among the strangers that GET /weir/v1/sweep shows"
            )));
        }
        let on_record = |id: &&NodeId| shared.directory.by_id(id.as_str()).is_some();
        if let Some(twin) = ours.iter().find(on_record) {
            return Err(FleetError::Refused(format!(
                "instances: {twin} is the identifier of a node on record, which has another instance; end the stranger \
                 in the cloud's own console"
            )));
        }
        let here = at_hand(shared).await?;
        let bound = shared.store.binding().await?;
        shared.store.bind(&here, bound.as_ref(), ours).await?;
        let confirmed = SweepStatus {
            bound: Some(here.clone()),
            here: Some(here.clone()),
            held: None,
            ..SweepStatus::clone(&status)
        };
        *shared.sweep.write() = Arc::new(confirmed);
        tracing::info!(store = %here.store, account = %here.account, instances = ours.len(), "an operator confirmed this environment's store and account");
        Ok(())
    }
}
