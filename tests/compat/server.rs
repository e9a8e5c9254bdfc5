//! The whole server for the recordings: SQLite in a temporary folder, the simulated cloud, a fast clock.

use std::sync::Arc;

use anyhow::{Context, Result};
use metrics_exporter_prometheus::PrometheusBuilder;
use tokio::sync::{Mutex, MutexGuard};
use weir::app::{App, Outside};
use weir::config::{Config, Secret};
use weir::shutdown::Shutdown;
use weir_cloud::audience::Connection;
use weir_cloud::simulated::SimulatedCloud;
use weir_core::stream::StreamName;
use weir_core::units::UtcMs;

use crate::playing::Outside as World;
use crate::recording::Event;

/// The admin token: a word that nothing else is called.
pub const TOKEN: &str = "open-sesame-3fa9";
/// The password of the nodes, likewise.
pub const PASSWORD: &str = "shibboleth-7c1e";

/// Two servers at once would only slow each other down.
static ONE_AT_A_TIME: Mutex<()> = Mutex::const_new(());

/// Simulated time goes so many times as fast.
const SPEED: u32 = 60;

/// A running server.
pub struct Server {
    /// Where it listens, no slash at the end.
    pub base_url: String,
    app: App,
    cloud: Arc<SimulatedCloud>,
    _folder: tempfile::TempDir,
    _turn: MutexGuard<'static, ()>,
}

impl Server {
    /// Starts one with a log file of six bytes.
    pub async fn start() -> Result<Self> {
        let turn = ONE_AT_A_TIME.lock().await;
        let folder = tempfile::tempdir()?;
        let logs = folder.path().join("logs");
        std::fs::create_dir(&logs)?;
        std::fs::write(logs.join("weir.log"), "hello!")?;
        let mut config = Config::default();
        config.server.listen = ([127, 0, 0, 1], 0).into();
        config.server.data_dir = folder.path().to_owned();
        config.auth.admin_token = Secret::new(TOKEN);
        config.auth.cluster_password = Secret::new(PASSWORD);
        config.cloud.simulated.speed = SPEED;
        config.log.access = true;
        // Compiled once for all servers of this binary; a busy machine is no fault of a policy.
        config.policy.cache_dir = concat!(env!("CARGO_TARGET_TMPDIR"), "/policy-cache").to_owned();
        (
            config.policy.limits.select_ms,
            config.policy.limits.prepare_ms,
        ) = (100, 1_000);
        let outside = Outside::from_config(&config).await?;
        let cloud = outside.simulated.clone().context("the simulated cloud")?;
        let metrics = PrometheusBuilder::new().build_recorder().handle();
        let app = App::start(&config, outside, metrics, Shutdown::new()).await?;
        Ok(Self {
            base_url: format!("http://{}", app.address),
            app,
            cloud,
            _folder: folder,
            _turn: turn,
        })
    }

    /// Now, by its fast clock.
    pub fn now(&self) -> UtcMs {
        self.app.clock.now()
    }

    /// The clients of the recordings.
    pub fn outside(&self) -> Clients {
        Clients {
            base_url: self.base_url.clone(),
            cloud: self.cloud.clone(),
            connected: Vec::new(),
        }
    }

    /// Ends it.
    pub async fn stop(self) -> Result<()> {
        self.app.stop().await
    }
}

/// Publishers and viewers: they ask the server as real ones do, then connect to the node they were sent to.
pub struct Clients {
    base_url: String,
    cloud: Arc<SimulatedCloud>,
    connected: Vec<Connection>,
}

impl World for Clients {
    async fn happen(&mut self, event: &Event) -> Result<()> {
        let (action, path) = match event {
            Event::Publish(path) => ("broadcast", path),
            Event::View(path) => ("subscribe", path),
        };
        let url = format!(
            "{}/streammanager/api/3.1/event/{path}?action={action}",
            self.base_url
        );
        let answer: serde_json::Value = reqwest::get(url).await?.error_for_status()?.json().await?;
        let address = answer["serverAddress"].as_str().context("serverAddress")?;
        let (scope, name) = path.rsplit_once('/').context("scope/name")?;
        let stream = StreamName::new(scope, name);
        self.connected.push(match event {
            Event::Publish(_) => self.cloud.connect_publisher(address, &stream)?,
            Event::View(_) => self.cloud.connect_viewer(address, &stream)?,
        });
        Ok(())
    }
}
