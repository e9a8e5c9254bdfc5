//! A server process in miniature: started, stopped, crashed and started again on the same store and the same cloud.

use std::sync::Arc;
use std::time::Duration;

use metrics_exporter_prometheus::PrometheusBuilder;
use tokio::runtime::{Builder, Runtime};
use weir::app::{App, Outside};
use weir::config::Config;
use weir::config::store::StoreTarget;
use weir::fleet::status::{GroupStatus, NodeStatus};
use weir::fleet::{Fleet, GroupHandle};
use weir::policy::SharedPolicy;
use weir::shutdown::Shutdown;
use weir::store::faulty::FaultyStore;
use weir::store::sql::SqlStore;
use weir::store::{mysql, sqlite};
use weir_cloud::clock::{Clock, PacedClock};
use weir_cloud::scripted::ScriptedCloud;
use weir_cloud::simulated::SimulatedCloud;
use weir_cloud::{CloudController, Instance};
use weir_core::node::{NodeState, Role};
use weir_core::units::{DurationMs, UtcMs};

use crate::far_cloud::FarCloud;
use crate::logs::Logs;
use crate::waiting::LOOK_EVERY;
use crate::{Options, policies, secs};

/// Start of simulated time.
const START: UtcMs = UtcMs(1_700_000_000_000);
/// Real time for tasks to end after the server said that it stopped.
const ENDING: Duration = Duration::from_secs(5);
/// Simulated time in which deleted groups must be gone.
const DELETING: DurationMs = DurationMs::secs(120);

struct Process {
    runtime: Runtime,
    app: App,
    store: Arc<SqlStore>,
    faults: Arc<FaultyStore>,
}

/// The store that the settings name. Who opened it can close it.
async fn open_store(config: &Config) -> anyhow::Result<SqlStore> {
    match config.store.target(&config.server.data_dir) {
        Some(StoreTarget::Sqlite(path)) => Ok(sqlite::open(&path).await?),
        Some(StoreTarget::MySql) => {
            let patience = DurationMs(config.store.wait_ms);
            Ok(mysql::open(config.store.url.reveal(), patience).await?)
        }
        Some(StoreTarget::Postgres) | None => anyhow::bail!("no store: {}", config.store.url),
    }
}

/// A server under test, with the world around it. End it with [`TestServer::finish`].
pub struct TestServer {
    /// Time.
    pub clock: Arc<PacedClock>,
    /// The cloud as its owner sees it.
    pub cloud: Arc<SimulatedCloud>,
    /// The cloud's calls can be made to fail here.
    pub script: Arc<ScriptedCloud>,
    /// And the server to stumble over them here.
    pub far: Arc<FarCloud>,
    /// What the server logged.
    pub logs: Logs,
    /// Settings of the next start, and of [`TestServer::reload`].
    pub config: Config,
    /// Beside the built-in ones.
    policies: Vec<SharedPolicy>,
    process: Option<Process>,
    _folder: tempfile::TempDir,
}

impl TestServer {
    /// Starts a server on an empty store and an empty cloud.
    pub async fn start(options: Options) -> Self {
        let folder = fast_folder();
        let mut config = options.config;
        config.server.data_dir = folder.path().to_owned();
        let clock = Arc::new(PacedClock::start(START, options.speed).unwrap());
        let cloud = SimulatedCloud::new(options.cloud, clock.clone()).unwrap();
        let far = FarCloud::new(cloud.clone());
        let mut server = Self {
            script: ScriptedCloud::around(far.clone(), clock.clone()),
            policies: options.policies,
            clock,
            cloud,
            far,
            logs: Logs::default(),
            config,
            process: None,
            _folder: folder,
        };
        server.start_again().await;
        server
    }

    /// Starts the server that was stopped or crashed.
    pub async fn start_again(&mut self) {
        assert!(self.process.is_none(), "the server runs");
        let log = self.logs.dispatch();
        let runtime = Builder::new_multi_thread()
            .worker_threads(2)
            .on_thread_start(move || {
                // Kept for the life of the thread, which ends with the server.
                std::mem::forget(tracing::dispatcher::set_default(&log));
            })
            .enable_all()
            .build()
            .unwrap();
        let (config, cloud, clock) = (self.config.clone(), self.script.clone(), self.clock.clone());
        let (simulated, more) = (self.cloud.clone(), self.policies.clone());
        let starting = runtime.spawn(async move {
            let policies = tokio::task::spawn_blocking(move || policies::of_this_program(&more));
            let store = Arc::new(open_store(&config).await?);
            let faults = Arc::new(FaultyStore::new(store.clone()));
            let outside = Outside {
                clock,
                store: faults.clone(),
                cloud,
                link: simulated.clone(),
                simulated: Some(simulated),
                policies: policies.await?,
            };
            let metrics = PrometheusBuilder::new().build_recorder().handle();
            let app = App::start(&config, outside, metrics, Shutdown::new()).await?;
            anyhow::Ok((app, store, faults))
        });
        let (app, store, faults) = starting.await.unwrap().unwrap();
        self.process = Some(Process {
            runtime,
            app,
            store,
            faults,
        });
    }

    fn process(&self) -> &Process {
        self.process.as_ref().expect("the server runs")
    }

    pub(crate) fn process_runs(&self) -> bool {
        self.process.is_some()
    }

    /// The groups at work.
    pub fn fleet(&self) -> &Arc<Fleet> {
        &self.process().app.fleet
    }

    /// The store's calls can be made to fail here; forgotten when the server stops.
    pub fn faults(&self) -> &FaultyStore {
        &self.process().faults
    }

    /// Where it listens, no slash at the end.
    pub fn base_url(&self) -> String {
        format!("http://{}", self.process().app.address)
    }

    /// Where it listens.
    pub fn address(&self) -> std::net::SocketAddr {
        self.process().app.address
    }

    /// Takes [`TestServer::config`] as on SIGHUP.
    pub async fn reload(&self) -> anyhow::Result<()> {
        self.process().app.reload(&self.config).await
    }

    /// Ends the server as SIGTERM does, and sees that nothing of it goes on.
    pub async fn stop(&mut self) {
        let Process {
            runtime,
            app,
            store,
            faults,
        } = self.process.take().expect("the server runs");
        let ended = runtime.spawn(app.stop()).await;
        ended.unwrap().unwrap();
        drop(faults);
        store.close().await;
        let patience = tokio::time::Instant::now() + ENDING;
        while runtime.metrics().num_alive_tasks() > 0 {
            let tasks = runtime.metrics().num_alive_tasks();
            let left = patience > tokio::time::Instant::now();
            assert!(left, "{tasks} tasks of the stopped server still run");
            self.clock.sleep(LOOK_EVERY).await;
        }
        let held = Arc::strong_count(&store);
        assert_eq!(held, 1, "something still holds the stopped server's store");
        runtime.shutdown_background();
    }

    /// Ends the server as `kill -9` does: wherever its tasks are, they are no more.
    pub async fn crash(&mut self) {
        // The end of the runtime takes work from tasks that are still there to tell of it.
        for told in ["was cancelled", "background task failed"] {
            self.logs.expect(told);
        }
        let Process { runtime, app, .. } = self.process.take().expect("the server runs");
        drop(app);
        let ended = tokio::task::spawn_blocking(move || runtime.shutdown_timeout(ENDING));
        ended.await.unwrap();
    }

    /// Stops it and starts it again.
    pub async fn restart(&mut self) {
        self.stop().await;
        self.start_again().await;
    }

    /// Crashes it and starts it again.
    pub async fn crash_and_start(&mut self) {
        self.crash().await;
        self.start_again().await;
    }

    /// Deletes every group, sees that nothing is left in the cloud, ends the server, and sees that it logged nothing
    /// it was not expected to.
    pub async fn finish(mut self) {
        let unexpected = self.logs.unexpected();
        assert!(unexpected.is_empty(), "logged: {unexpected:#?}");
        // A node's goodbye may come after its record went.
        self.logs.expect("no node of this fleet reports here");
        for group in self.fleet().groups() {
            self.delete_group(group.name.as_str()).await;
        }
        let gone = || self.fleet().groups().is_empty();
        self.until("all groups are deleted", DELETING, gone).await;
        let sweeps = DurationMs(self.config.fleet.cloud_sweep_ms * 3);
        self.until_settled("the cloud is empty", sweeps, |instances| {
            instances.is_empty()
        })
        .await;
        self.stop().await;
        let unexpected = self.logs.unexpected();
        assert!(unexpected.is_empty(), "logged: {unexpected:#?}");
    }

    /// Instances that are not on their way out.
    pub async fn instances(&self) -> Vec<Instance> {
        use weir_cloud::InstanceState::{Ended, Ending};
        let mut listed = self.cloud.list_owned().await.unwrap();
        listed.retain(|instance| !matches!(instance.state, Ending | Ended));
        listed
    }

    /// The group a test has: the first one.
    pub fn group_handle(&self) -> Arc<GroupHandle> {
        let groups = self.fleet().groups();
        groups.into_iter().next().expect("a group")
    }

    /// How the first group stands; `None` when there is none (it may be being read again).
    pub fn group(&self) -> Option<Arc<GroupStatus>> {
        Some(self.fleet().groups().first()?.status())
    }

    /// Nodes of the first group, by number.
    pub fn nodes(&self) -> Vec<NodeStatus> {
        self.group()
            .map(|group| group.nodes.clone())
            .unwrap_or_default()
    }

    /// Nodes of the role, whatever their state.
    pub fn of(&self, role: Role) -> Vec<NodeStatus> {
        let mut nodes = self.nodes();
        nodes.retain(|status| status.node.role == role);
        nodes
    }

    /// Nodes of the role that clients may be sent to.
    pub fn serving(&self, role: Role) -> Vec<NodeStatus> {
        let mut nodes = self.of(role);
        nodes.retain(|status| {
            let node = &status.node;
            node.state == NodeState::InService && node.drain.is_none() && !node.sunset
        });
        nodes
    }

    /// Nodes of the role that serve and, if they need one, have a parent to get streams from.
    pub fn linked(&self, role: Role) -> Vec<NodeStatus> {
        let Some(group) = self.group() else {
            return Vec::new();
        };
        let mut nodes = self.serving(role);
        nodes.retain(|status| {
            let no = status.node.no;
            let mut links = group.links.iter().filter(|link| link.child == no);
            role == Role::Origin || links.any(|link| link.state == "established")
        });
        nodes
    }

    /// A node of the first group by its identifier.
    pub fn node(&self, id: &str) -> Option<NodeStatus> {
        let mut nodes = self.nodes();
        nodes.retain(|status| status.node.id.as_str() == id);
        nodes.pop()
    }

    /// Two sweeps and a bit.
    pub fn two_sweeps(&self) -> DurationMs {
        DurationMs(self.config.fleet.cloud_sweep_ms * 2 + secs(20).0)
    }
}

/// In memory where there is such a place: simulated time goes on while a real disk takes its time.
pub(crate) fn fast_folder() -> tempfile::TempDir {
    tempfile::tempdir_in("/dev/shm")
        .or_else(|_| tempfile::tempdir())
        .unwrap()
}

impl Drop for TestServer {
    fn drop(&mut self) {
        let Some(process) = self.process.take() else {
            return;
        };
        process.runtime.shutdown_background();
        if !std::thread::panicking() {
            let unexpected = self.logs.unexpected();
            assert!(unexpected.is_empty(), "logged: {unexpected:#?}");
        }
    }
}
