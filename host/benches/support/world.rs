//! A server at work: groups whose nodes are all in service, records in a database on disk, the built-in policies on
//! the real engine, a cloud that says when it was asked to launch.

use std::path::Path;
use std::sync::Arc;
use std::time::Instant;

use async_trait::async_trait;
use tempfile::TempDir;
use tokio::sync::{mpsc, watch};
use weir::fleet::{Fleet, FleetSettings, Parts};
use weir::nodes::TcpLink;
use weir::policy::{EngineSettings, PolicyRegistry, WasmEngine};
use weir::store::sqlite;
use weir::store::{Document, GroupWrite, Store};
use weir_cloud::clock::{Clock, SystemClock};
use weir_cloud::{CloudController, CloudError, Instance, InstanceState, LaunchRequest, Location};
use weir_core::group::Bindings;
use weir_core::group_state::HostRules;
use weir_core::ids::{NodeId, RegionName};
use weir_core::node::Node;
use weir_core::report::ClusterSettings;
use weir_core::units::DurationMs;

use crate::records::{self, Crew, REGION, ZONES, bound};

const DAY: DurationMs = DurationMs::secs(86_400);

/// A running fleet.
pub struct World {
    pub fleet: Arc<Fleet>,
    pub store: Arc<dyn Store>,
    /// The nodes, group by group, by number.
    pub nodes: Vec<Vec<Node>>,
    _stopping: watch::Sender<bool>,
    _folder: TempDir,
}

impl World {
    /// Groups with these nodes, read from the store as at any start. Nobody has reported yet. `launches` is told who
    /// was launched, and when the cloud was asked.
    pub async fn start(
        crews: &[Crew],
        launches: mpsc::UnboundedSender<(NodeId, Instant)>,
    ) -> anyhow::Result<Self> {
        let folder = tempfile::tempdir()?;
        let store: Arc<dyn Store> = Arc::new(sqlite::open(&folder.path().join("weir.db")).await?);
        let mut nodes = Vec::new();
        for (at, crew) in crews.iter().enumerate() {
            nodes.push(write_group(store.as_ref(), at as u32 + 1, crew).await?);
        }
        let (stopping, stop) = watch::channel(false);
        let parts = Parts {
            store: store.clone(),
            cloud: Arc::new(QuietCloud { launches }),
            link: Arc::new(TcpLink { port: 9 }),
            clock: Arc::new(SystemClock),
            policies: policies(folder.path())?,
            stopping: stop,
            seed: 7,
        };
        Ok(Self {
            fleet: Fleet::start(parts, settings()).await?,
            store,
            nodes,
            _stopping: stopping,
            _folder: folder,
        })
    }
}

/// As shipped, but that silence is not noticed and that one address may ask as often as it likes: benches have one.
fn settings() -> FleetSettings {
    let mut rules = HostRules {
        nodes_per_group: 100_000,
        ..HostRules::default()
    };
    rules.timers.reporting = DAY;
    FleetSettings {
        name_prefix: "node".to_owned(),
        holder: "bench".to_owned(),
        rules,
        default_bindings: Bindings {
            scaling: bound("threshold"),
            broadcast: bound("round-robin"),
            subscribe: bound("weighted"),
        },
        cluster: ClusterSettings {
            mode: "auto".to_owned(),
            public_port: 1935,
            access_port: 5080,
            retry_duration: 30,
            reporting_speed: 10_000,
        },
        open_questions_per_client: u32::MAX,
        sweep_every: DAY,
        decisions_kept: DAY,
    }
}

fn policies(cache: &Path) -> anyhow::Result<Arc<PolicyRegistry>> {
    let registry = PolicyRegistry::new();
    let engine = WasmEngine::new(EngineSettings {
        cache: Some(cache.join("policies")),
        ..EngineSettings::default()
    })?;
    registry.load_builtins(&engine)?;
    Ok(Arc::new(registry))
}

async fn write_group(store: &dyn Store, number: u32, crew: &Crew) -> anyhow::Result<Vec<Node>> {
    let group = records::group(number, crew, SystemClock.now());
    let limits = records::limits(&group.limits, crew);
    let launch = records::launch(&group.launch_config, crew);
    store.create_document(&Document::Limits(limits)).await?;
    store.create_document(&Document::Launch(launch)).await?;
    let group = store.create_group(&group).await?;
    let nodes = records::nodes(number, crew, SystemClock.now());
    let fence = store.take_group(group.id, "bench").await?;
    let write = GroupWrite {
        nodes: nodes.iter().collect(),
        ..GroupWrite::default()
    };
    store.save_plan(group.id, fence, &write).await?;
    Ok(nodes)
}

/// Every instance it is asked for runs as recorded; launches stay pending.
struct QuietCloud {
    launches: mpsc::UnboundedSender<(NodeId, Instant)>,
}

fn instance(id: &NodeId, state: InstanceState) -> Instance {
    Instance {
        id: Some(id.clone()),
        platform_id: format!("i-{id}").into(),
        region: REGION.into(),
        zone: ZONES[0].into(),
        state,
        address: None,
        private_address: None,
        hostname: None,
    }
}

#[async_trait]
impl CloudController for QuietCloud {
    fn name(&self) -> &'static str {
        "quiet"
    }

    async fn launch(&self, request: &LaunchRequest) -> Result<Instance, CloudError> {
        // Benches that launch nothing do not listen.
        let _ = self.launches.send((request.id.clone(), Instant::now()));
        Ok(instance(&request.id, InstanceState::Pending))
    }

    async fn terminate(&self, _: &RegionName, _: &NodeId) -> Result<(), CloudError> {
        Ok(())
    }

    async fn describe(&self, _: &RegionName, id: &NodeId) -> Result<Option<Instance>, CloudError> {
        Ok(Some(instance(id, InstanceState::Running)))
    }

    async fn list_owned(&self) -> Result<Vec<Instance>, CloudError> {
        Ok(Vec::new())
    }

    async fn locations(&self) -> Result<Vec<Location>, CloudError> {
        let location = |zone: &str| Location {
            region: REGION.into(),
            zone: zone.into(),
        };
        Ok(ZONES.map(location).to_vec())
    }

    async fn account(&self) -> Result<String, CloudError> {
        Ok("quiet".to_owned())
    }
}
