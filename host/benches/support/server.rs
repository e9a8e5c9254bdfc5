//! The HTTP side as the program builds it: logs at their shipped level, figures recorded.

use std::net::SocketAddr;
use std::sync::Arc;

use arc_swap::ArcSwap;
use metrics_exporter_prometheus::PrometheusHandle;
use tokio::net::TcpListener;
use tokio::runtime::{Builder, Runtime};
use weir::access::Access;
use weir::catalogue::{Catalogue, CatalogueParts, Signers};
use weir::config::log::LogConfig;
use weir::http::settings::HttpSettings;
use weir::http::{AppParts, AppState, Front};
use weir::policy::{EngineSettings, WasmEngine};
use weir::secret::Secret;
use weir::telemetry::Telemetry;
use weir_cloud::clock::SystemClock;

use crate::world::World;

pub const PASSWORD: &str = "bench";

/// What a process has once.
pub struct Process {
    pub runtime: Runtime,
    pub metrics: PrometheusHandle,
    _telemetry: Telemetry,
}

impl Process {
    /// Logging and figures as `weir serve` has them, and its runtime.
    pub fn start() -> anyhow::Result<Self> {
        let log = LogConfig::default();
        Ok(Self {
            runtime: Builder::new_multi_thread().enable_all().build()?,
            metrics: metrics_exporter_prometheus::PrometheusBuilder::new().install_recorder()?,
            _telemetry: Telemetry::start(&log, &std::env::temp_dir())?,
        })
    }

    /// The whole server.
    pub fn service(&self, world: &World) -> anyhow::Result<Front> {
        let settings = HttpSettings {
            cluster_password: Secret::new(PASSWORD),
            ..HttpSettings::default()
        };
        let parts = CatalogueParts {
            store: world.store.clone(),
            engine: Arc::new(WasmEngine::new(EngineSettings::default())?),
            registry: world.fleet.policies().clone(),
            clock: Arc::new(SystemClock),
            signers: Signers::default(),
        };
        let app: AppState = AppParts {
            fleet: world.fleet.clone(),
            access: self
                .runtime
                .block_on(Access::open(world.store.clone(), Arc::new(SystemClock)))?,
            catalogue: self.runtime.block_on(Catalogue::open(parts))?,
            store: world.store.clone(),
            clock: Arc::new(SystemClock),
            settings: Arc::new(ArcSwap::from_pointee(settings)),
            metrics: self.metrics.clone(),
            simulation: None,
        }
        .into();
        Ok(weir::http::service(app))
    }

    /// Serves the whole server on loopback, as the program does, until the process ends.
    pub fn serve_whole(&self, server: Front) -> anyhow::Result<SocketAddr> {
        let listener = self.runtime.block_on(TcpListener::bind("127.0.0.1:0"))?;
        let address = listener.local_addr()?;
        let settings = Arc::new(ArcSwap::from_pointee(HttpSettings::default()));
        let serving = weir::http::serve(listener, server, settings, std::future::pending());
        self.runtime.spawn(serving);
        Ok(address)
    }
}
