//! `weir serve` with its seams to the store and the cloud wrapped, so that it can be made to die between any two steps.

use std::process::ExitCode;
use std::sync::Arc;

use anyhow::Context;
use metrics_exporter_prometheus::PrometheusBuilder;
use weir::app::{App, Outside};
use weir::config::{self, Config, ConfigFile, Sources};
use weir::shutdown::Shutdown;
use weir::telemetry::Telemetry;
use weir_cloud::clock::SharedClock;

use super::{Deaths, MortalCloud, MortalStore, Orders};
use crate::process::clock_file;

/// The program: its only argument names the file with its orders. `outside` makes what lies outside the server.
///
/// # Errors
/// The server cannot be started as ordered.
pub fn program<F: Future<Output = anyhow::Result<Outside>>>(
    outside: impl FnOnce(Config, SharedClock, Orders) -> F,
) -> anyhow::Result<ExitCode> {
    let argument = std::env::args_os()
        .nth(1)
        .context("name a file of orders")?;
    if argument == "compile-policy" {
        return Ok(weir::policy::compile_child_main());
    }
    let orders = std::fs::read(&argument).context("the file of orders cannot be read")?;
    let orders: Orders = serde_json::from_slice(&orders)?;
    tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()?
        .block_on(serve(orders, outside))?;
    Ok(ExitCode::SUCCESS)
}

async fn serve<F: Future<Output = anyhow::Result<Outside>>>(
    orders: Orders,
    outside: impl FnOnce(Config, SharedClock, Orders) -> F,
) -> anyhow::Result<()> {
    let sources = Sources {
        config: ConfigFile::Named(orders.config.clone()),
        properties: None,
        environment: Vec::new(),
        flags: Vec::new(),
    };
    let config = config::load_to_serve(&sources)?.config;
    let _telemetry = Telemetry::start(&config.log, &config.server.data_dir)?;
    let deaths = Arc::new(Deaths::new(&orders.book, orders.die_at.clone())?);
    let clock: SharedClock = Arc::new(clock_file::follow(&orders.clock));
    let outside = outside(config.clone(), clock.clone(), orders).await?;
    let outside = Outside {
        clock,
        store: Arc::new(MortalStore::new(outside.store, deaths.clone())),
        cloud: Arc::new(MortalCloud::new(outside.cloud, deaths)),
        ..outside
    };
    let metrics = PrometheusBuilder::new().build_recorder().handle();
    let shutdown = Shutdown::on_signals()?;
    let app = App::start(&config, outside, metrics, shutdown.clone()).await?;
    shutdown.requested().await;
    app.stop().await
}
