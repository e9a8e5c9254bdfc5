//! The world round a mortal server: a clock, a cloud with its nodes and clients, a store, all of which outlive it.

use std::path::PathBuf;
use std::sync::Arc;

use async_trait::async_trait;
use serde_json::Value;
use tempfile::TempDir;
use tokio::process::Command;
use tokio::sync::Mutex;
use weir_cloud::clock::{Clock, PacedClock};
use weir_cloud::scripted::ScriptedCloud;
use weir_cloud::simulated::SimulatedCloud;
use weir_cloud::{CloudController, Instance, InstanceState};
use weir_core::units::{DurationMs, UtcMs};

use super::{Orders, points};
use crate::api::{self, Reply};
use crate::loopback::Block;
use crate::process::clock_file::ClockFile;
use crate::process::remote_cloud::CloudServer;
use crate::process::{ServerProcess, newest};
use crate::stage::{Picture, Stage};
use crate::tutorial::Call;
use crate::{Options, secs, tutorial};

const START: UtcMs = UtcMs(1_700_000_000_000);

/// A mortal server's world.
pub struct MortalStage {
    /// Time.
    pub clock: Arc<PacedClock>,
    /// The cloud as its owner sees it.
    pub cloud: Arc<SimulatedCloud>,
    /// The cloud's calls can be made to fail here.
    pub script: Arc<ScriptedCloud>,
    program: PathBuf,
    block: Block,
    folder: TempDir,
    clock_file: ClockFile,
    remote: CloudServer,
    sweep: DurationMs,
    server: Mutex<Option<ServerProcess>>,
    http: reqwest::Client,
}

impl MortalStage {
    /// An empty cloud and an empty store; no server yet. `program` is `mortal-weir`, `store` a `store.url`, `cache` a
    /// folder for compiled policies that several worlds share.
    pub async fn new(program: &str, options: Options, store: &str, cache: &str) -> Self {
        let folder = crate::server::fast_folder();
        let clock = Arc::new(PacedClock::start(START, options.speed).unwrap());
        let cloud = SimulatedCloud::new(options.cloud, clock.clone()).unwrap();
        let script = ScriptedCloud::around(cloud.clone(), clock.clone());
        let block = Block::take();
        cloud.set_manager(&format!("http://{}", block.manager()));
        let mut config = options.config;
        config.server.listen = block.manager();
        config.server.data_dir = folder.path().join("data");
        config.policy.cache_dir = cache.to_owned();
        let settings = super::settings::written(&config, store);
        std::fs::write(folder.path().join("weir.toml"), settings).unwrap();
        Self {
            clock_file: ClockFile::write(&folder.path().join("clock"), clock.clone()),
            remote: CloudServer::start(script.clone(), cloud.clone()).await,
            sweep: DurationMs(config.fleet.cloud_sweep_ms),
            server: Mutex::new(None),
            http: reqwest::Client::builder().no_proxy().build().unwrap(),
            program: PathBuf::from(program),
            clock,
            cloud,
            script,
            block,
            folder,
        }
    }

    /// Starts the server, or starts it again, and waits until it is ready or dead.
    pub async fn start_server(&self, die_at: Option<&str>) {
        let path = |name: &str| self.folder.path().join(name);
        let orders = Orders {
            config: path("weir.toml"),
            clock: self.clock_file.path().to_owned(),
            cloud: Some(self.remote.url().to_owned()),
            book: path("book"),
            die_at: die_at.map(str::to_owned),
        };
        let text = serde_json::to_vec(&orders).unwrap();
        std::fs::write(path("orders.json"), text).unwrap();
        let mut command = Command::new(&self.program);
        command.arg(path("orders.json"));
        let mut server = ServerProcess::start(command, self.block.manager(), &path("log"));
        server.ready().await;
        *self.server.lock().await = Some(server);
    }

    /// Waits until the server was killed.
    pub async fn killed(&self) {
        let mut server = self.server.lock().await;
        server
            .as_mut()
            .expect("a server was started")
            .killed()
            .await;
    }

    /// The points that were passed so far.
    pub fn passed(&self) -> Vec<String> {
        points(&self.folder.path().join("book"))
    }

    async fn get(&self, path: &str) -> Option<Value> {
        let url = format!("http://{}{path}", self.block.manager());
        let request = self.http.get(url).bearer_auth(tutorial::TOKEN);
        let answer = request.send().await.ok()?;
        answer.json().await.ok()
    }
}

#[async_trait]
impl Stage for MortalStage {
    fn clock(&self) -> &dyn Clock {
        self.clock.as_ref()
    }

    fn nodes(&self) -> &SimulatedCloud {
        &self.cloud
    }

    fn two_sweeps(&self) -> DurationMs {
        DurationMs(self.sweep.0 * 2 + secs(20).0)
    }

    fn look_every(&self) -> DurationMs {
        DurationMs(400)
    }

    async fn call(&self, call: &Call) -> Reply {
        let sent = api::raw(self.block.manager(), call.method, &call.target, &call.body);
        sent.await.unwrap_or_else(|_| Reply::away())
    }

    async fn question(&self, action: &str, path: &str) -> Reply {
        let url = format!(
            "http://{}/streammanager/api/3.1/event/{path}?action={action}",
            self.block.manager()
        );
        match self.http.get(url).send().await {
            Ok(answer) => api::reply(answer).await.unwrap_or_else(|_| Reply::away()),
            Err(_) => Reply::away(),
        }
    }

    async fn picture(&self) -> Option<Picture> {
        let groups = self.get("/weir/v1/groups").await?;
        let id = groups.as_array()?.first()?["id"].as_u64()?;
        let group = self.get(&format!("/weir/v1/groups/{id}")).await?;
        Picture::of_json(&group)
    }

    async fn living(&self) -> Vec<Instance> {
        let mut listed = self.cloud.list_owned().await.unwrap();
        listed.retain(|instance| {
            !matches!(instance.state, InstanceState::Ending | InstanceState::Ended)
        });
        listed
    }

    async fn report(&self) -> String {
        let picture = self.picture().await;
        let living = self.living().await;
        let log = newest(&self.folder.path().join("log"));
        format!(
            "{picture:#?}\n{living:#?}\npoints: {:#?}\nlog:\n{log}",
            self.passed()
        )
    }
}
