//! Starts, restarts and ends the reconcilers, one per group, and the fleet-wide duties.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;

use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use parking_lot::{Mutex, RwLock};
use rand::SeedableRng;
use tokio::sync::mpsc;
use tokio::task::JoinSet;
use weir_core::group::{Group, GroupState as Phase};
use weir_core::group_state::GroupState;
use weir_core::ids::{GroupId, GroupName, RegionName};
use weir_core::reservations::ReservationBook;
use weir_core::units::DurationMs;

use super::configuration::documents;
use super::decide::Scaler;
use super::geography::Geography;
use super::group::GroupHandle;
use super::orders::ORDER_CAPACITY;
use super::publish::Publisher;
use super::reconciler::{Ended, Reconciler};
use super::restarts::Restarts;
use super::sweeper::Sweeper;
use super::{Executor, Fleet, FleetError, FleetSettings, NewGroup, Parts, Shared};
use crate::store::StoredGroup;

/// Pause before a group is read again after its task ended early.
const RESTART_PAUSE: DurationMs = DurationMs::secs(1);

/// The newest time in an identifier: a clock that went back must not make one twice.
fn newest_identifier(stored: &[StoredGroup]) -> u64 {
    let nodes = stored.iter().flat_map(|stored| &stored.nodes);
    let times = nodes.filter_map(|node| node.id.as_str().rsplit('-').next()?.parse().ok());
    times.max().unwrap_or(0)
}

impl Fleet {
    /// Reads every group from the store and starts its reconciler.
    ///
    /// # Errors
    /// [`FleetError::Store`], or [`FleetError::Refused`] when the cloud refuses to tell its regions.
    pub async fn start(parts: Parts, settings: FleetSettings) -> Result<Arc<Self>, FleetError> {
        let stored = parts.store.groups().await?;
        let geography = Geography::at_start(parts.cloud.as_ref(), &stored).await?;
        let shared = Arc::new(Shared {
            executor: Executor::new(parts.cloud.clone(), parts.link),
            store: parts.store,
            clock: parts.clock,
            policies: parts.policies,
            directory: super::Directory::default(),
            stopping: parts.stopping,
            cloud: parts.cloud,
            settings: RwLock::new(settings),
            geography,
            sweep: RwLock::default(),
            last_ms: Mutex::new(newest_identifier(&stored)),
            commands: AtomicU64::new(0),
            randomness: Mutex::new(rand::rngs::SmallRng::seed_from_u64(parts.seed)),
        });
        let fleet = Arc::new(Self {
            shared,
            groups: RwLock::default(),
            tasks: Mutex::new(JoinSet::new()),
            configuring: tokio::sync::Mutex::new(()),
            restarts: Restarts::default(),
        });
        for stored in stored {
            fleet.adopt(stored).await?;
        }
        fleet.start_sweeps();
        fleet.start_looking_around();
        Ok(fleet)
    }

    /// Makes a group; no node is launched.
    ///
    /// # Errors
    /// [`FleetError::Refused`] for unknown regions, [`FleetError::NotFound`] for unknown documents,
    /// [`crate::store::StoreError::Exists`] for a name that is taken.
    pub async fn create_group(self: &Arc<Self>, new: NewGroup) -> Result<Group, FleetError> {
        let group = Group {
            id: GroupId(0),
            name: new
                .name
                .unwrap_or_else(|| GroupName::from(format!("group-{}", uuid::Uuid::new_v4()))),
            regions: self.regions(&new.regions)?,
            launch_config: new.launch_config,
            limits: new.limits,
            state: Phase::New,
            created_at: self.shared.clock.now(),
            bindings: weir_core::group::OwnBindings::default(),
            next_no: 1,
            version: 0,
        };
        // Nobody may change its documents between reading them and handing the group over.
        let _turn = self.configuring.lock().await;
        documents(self.shared.store.as_ref(), &group).await?;
        let group = self.shared.store.create_group(&group).await?;
        let policy_state = crate::store::PolicyState::default();
        self.adopt(StoredGroup {
            group: group.clone(),
            nodes: Vec::new(),
            policy_state,
        })
        .await?;
        Ok(group)
    }

    /// Region codes as the cloud has them; a zone's code stands for its region.
    fn regions(&self, wanted: &[RegionName]) -> Result<Vec<RegionName>, FleetError> {
        let mut regions: Vec<RegionName> = Vec::new();
        for code in wanted {
            let region = self.shared.geography.region(code)?;
            if !regions.contains(&region) {
                regions.push(region);
            }
        }
        if regions.is_empty() {
            return Err(FleetError::Refused(
                "regions: name at least one region".to_owned(),
            ));
        }
        Ok(regions)
    }

    /// Deletes a group: at once when it has no node, else after its nodes. Answers its record as it was.
    ///
    /// # Errors
    /// [`FleetError::NotFound`], [`FleetError::Store`].
    pub async fn delete_group(&self, name_or_number: &str) -> Result<Group, FleetError> {
        let missing = || FleetError::NotFound {
            what: "node group",
            name: name_or_number.to_owned(),
        };
        let handle = self.group(name_or_number).ok_or_else(missing)?;
        let before = handle.group();
        handle.delete().await?;
        Ok(before)
    }

    /// Waits until every task has ended. Call after the stop signal.
    pub async fn stopped(&self) {
        let mut tasks = std::mem::take(&mut *self.tasks.lock());
        while tasks.join_next().await.is_some() {}
        self.groups.write().clear();
    }

    /// Starts the reconciler of a stored group. Boxed, because a task it starts may call it again.
    fn adopt<'a>(
        self: &'a Arc<Self>,
        stored: StoredGroup,
    ) -> BoxFuture<'a, Result<(), FleetError>> {
        Box::pin(async move {
            let (requests, receiver) = mpsc::channel(ORDER_CAPACITY);
            let settings = self.shared.settings.read().clone();
            let configuration = self.shared.configuration(&stored.group, &settings).await?;
            let now = self.shared.clock.now();
            let boots: Vec<_> = stored
                .nodes
                .iter()
                .filter_map(|node| Some((node.no, node.boot.clone()?)))
                .collect();
            let nodes = stored.nodes.clone();
            let state = GroupState::restore(
                stored.group,
                stored.nodes,
                configuration.spec,
                configuration.rules,
                configuration.places,
                now,
            );
            let book = ReservationBook::new(self.shared.reservation_limits());
            let handle = Arc::new(GroupHandle::new(state, book, requests, &self.shared));
            for (no, boot) in &boots {
                handle.mailbox.expect_boot(*no, boot);
            }
            let id = handle.id;
            let fence = self.shared.store.take_group(id, &settings.holder).await?;
            self.shared.directory.keep_only(id, &nodes);
            for node in &nodes {
                self.shared.directory.put(&handle, node);
            }
            self.groups.write().insert(id, handle.clone());
            let reconciler = Reconciler::new(
                handle,
                self.shared.clone(),
                fence,
                receiver,
                Scaler::new(stored.policy_state),
                Publisher::new(),
            );
            let fleet = Arc::downgrade(self);
            self.tasks.lock().spawn(async move {
                let ended = AssertUnwindSafe(reconciler.run()).catch_unwind().await;
                let Some(fleet) = fleet.upgrade() else { return };
                match ended {
                    Ok(Ended::Stopping) => {}
                    Ok(Ended::Deleted) => {
                        fleet.groups.write().remove(&id);
                        fleet.restarts.forget(id);
                    }
                    Ok(Ended::Outdated) => fleet.read_again(id).await,
                    Err(_) => fleet.start_broken_again(id).await,
                }
            });
            Ok(())
        })
    }

    /// Replaces a group's task that panicked, after a pause when it does so again and again.
    async fn start_broken_again(self: Arc<Self>, id: GroupId) {
        let pause = self.restarts.pause(id, self.shared.clock.now());
        tracing::error!(group.id = %id, "the task of the group broke; starting it again from the store in {pause}");
        let mut stopping = self.shared.stopping.clone();
        tokio::select! {
            _ = stopping.wait_for(|stopping| *stopping) => return,
            () = self.shared.clock.sleep(pause) => {}
        }
        self.read_again(id).await;
    }

    /// Replaces a group's task with one that starts from the store.
    async fn read_again(self: Arc<Self>, id: GroupId) {
        loop {
            let stored = self.shared.store.groups().await;
            let found =
                stored.map(|groups| groups.into_iter().find(|stored| stored.group.id == id));
            let adopted: Result<(), FleetError> = match found {
                Ok(None) => {
                    self.groups.write().remove(&id);
                    Ok(())
                }
                Ok(Some(stored)) => {
                    let _turn = self.configuring.lock().await;
                    self.adopt(stored).await
                }
                Err(error) => Err(error.into()),
            };
            let Err(error) = adopted else { return };
            tracing::error!(group.id = %id, error = %crate::telemetry::chain(&error), "could not read the group again; trying again");
            self.shared.clock.sleep(RESTART_PAUSE).await;
            if *self.shared.stopping.borrow() {
                return;
            }
        }
    }

    fn start_sweeps(self: &Arc<Self>) {
        let shared = self.shared.clone();
        self.tasks.lock().spawn(async move {
            let mut sweeper = Sweeper::new(shared.clone());
            let mut stopping = shared.stopping.clone();
            loop {
                let every = shared.settings.read().sweep_every;
                let sweep = async {
                    shared.clock.sleep(every).await;
                    sweeper.pass().await;
                };
                // A pass may be left at any point: what it ends is booked before the cloud is asked.
                tokio::select! {
                    _ = stopping.wait_for(|stopping| *stopping) => return,
                    () = sweep => {}
                }
            }
        });
    }
}
