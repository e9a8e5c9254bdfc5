//! The world round a mortal server: a clock, a cloud with its nodes and clients, a store, all of which outlive it.

use std::path::PathBuf;
use std::sync::Arc;

use async_trait::async_trait;
use serde_json::Value;
use tempfile::TempDir;
use tokio::process::Command;
use tokio::sync::Mutex;
use weir::config::Config;
use weir_cloud::Instance;
use weir_cloud::clock::{Clock, PacedClock};
use weir_cloud::simulated::SimulatedCloud;
use weir_core::units::{DurationMs, UtcMs};

use super::{Orders, Sky, points};
use crate::api::{self, Reply};
use crate::loopback::Block;
use crate::process::clock_file::ClockFile;
use crate::process::{ServerProcess, newest};
use crate::stage::{Picture, Stage};
use crate::tutorial::Call;
use crate::{secs, tutorial};

const START: UtcMs = UtcMs(1_700_000_000_000);

/// Time and addresses, before there is a cloud or a server.
pub struct Ground {
    /// Time.
    pub clock: Arc<PacedClock>,
    /// Addresses of instances and of the server.
    pub block: Block,
}

impl Ground {
    /// Simulated time goes `speed` times as fast as real time.
    pub fn new(speed: u32) -> Self {
        Self {
            clock: Arc::new(PacedClock::start(START, speed).unwrap()),
            block: Block::take(),
        }
    }

    /// Where the server will be.
    pub fn manager(&self) -> String {
        format!("http://{}", self.block.manager())
    }
}

/// The program that is the server, and what it shares with other worlds.
#[derive(Debug, Clone)]
pub struct Program {
    /// Path of a `mortal-weir`.
    pub path: PathBuf,
    /// Its `store.url`.
    pub store: String,
    /// Folder of compiled policies.
    pub cache: String,
}

/// A mortal server's world.
pub struct MortalStage<S> {
    // First, so that it has ended when its address is given back.
    server: Mutex<Option<ServerProcess>>,
    /// The cloud.
    pub sky: S,
    ground: Ground,
    program: Program,
    folder: TempDir,
    clock_file: ClockFile,
    sweep: DurationMs,
    http: reqwest::Client,
}

impl<S: Sky> MortalStage<S> {
    /// An empty store; no server yet.
    pub fn new(ground: Ground, sky: S, program: &Program, mut config: Config) -> Self {
        let folder = crate::server::fast_folder();
        config.server.listen = ground.block.manager();
        config.server.public_url = ground.manager();
        config.server.data_dir = folder.path().join("data");
        config.policy.cache_dir.clone_from(&program.cache);
        let settings = super::settings::written(&config, &program.store) + &sky.settings();
        std::fs::write(folder.path().join("weir.toml"), settings).unwrap();
        Self {
            clock_file: ClockFile::write(&folder.path().join("clock"), ground.clock.clone()),
            sweep: DurationMs(config.fleet.cloud_sweep_ms),
            server: Mutex::new(None),
            http: reqwest::Client::builder().no_proxy().build().unwrap(),
            program: program.clone(),
            sky,
            ground,
            folder,
        }
    }

    /// Starts the server, or starts it again, and waits until it is ready or dead.
    pub async fn start_server(&self, die_at: Option<&str>) {
        let path = |name: &str| self.folder.path().join(name);
        let orders = Orders {
            config: path("weir.toml"),
            clock: self.clock_file.path().to_owned(),
            cloud: self.sky.remote(),
            book: path("book"),
            die_at: die_at.map(str::to_owned),
        };
        let text = serde_json::to_vec(&orders).unwrap();
        std::fs::write(path("orders.json"), text).unwrap();
        let mut command = Command::new(&self.program.path);
        command
            .arg(path("orders.json"))
            .envs(self.sky.environment());
        let manager = self.ground.block.manager();
        let mut server = ServerProcess::start(command, manager, &path("log"));
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
        let url = format!("{}{path}", self.ground.manager());
        let request = self.http.get(url).bearer_auth(tutorial::TOKEN);
        let answer = request.send().await.ok()?;
        answer.json().await.ok()
    }
}

#[async_trait]
impl<S: Sky> Stage for MortalStage<S> {
    fn clock(&self) -> &dyn Clock {
        self.ground.clock.as_ref()
    }

    fn nodes(&self) -> &SimulatedCloud {
        self.sky.nodes()
    }

    fn two_sweeps(&self) -> DurationMs {
        DurationMs(self.sweep.0 * 2 + secs(20).0)
    }

    fn look_every(&self) -> DurationMs {
        DurationMs(400)
    }

    async fn call(&self, call: &Call) -> Reply {
        let sent = api::raw(
            self.ground.block.manager(),
            call.method,
            &call.target,
            &call.body,
        );
        sent.await.unwrap_or_else(|_| Reply::away())
    }

    async fn question(&self, action: &str, path: &str) -> Reply {
        let manager = self.ground.manager();
        let url = format!("{manager}/streammanager/api/3.1/event/{path}?action={action}");
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
        self.sky.living().await
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
