//! The server as a program of the tests: `weir serve` with its seams to the store and the cloud wrapped, so that it can
//! be made to die between any two steps. Its only argument names the file with its orders.

use std::process::ExitCode;
use std::sync::Arc;

use anyhow::Context;
use metrics_exporter_prometheus::PrometheusBuilder;
use weir::app::{App, Outside, open_policies, open_store};
use weir::config::{self, Config, ConfigFile, Sources};
use weir::shutdown::Shutdown;
use weir::telemetry::Telemetry;
use weir_cloud::clock::SharedClock;
use weir_tests::mortal::{Deaths, MortalCloud, MortalStore, Orders};
use weir_tests::process::clock_file;
use weir_tests::process::remote_cloud::RemoteCloud;

fn main() -> anyhow::Result<ExitCode> {
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
        .block_on(serve(orders))?;
    Ok(ExitCode::SUCCESS)
}

async fn serve(orders: Orders) -> anyhow::Result<()> {
    let sources = Sources {
        config: ConfigFile::Named(orders.config),
        properties: None,
        environment: Vec::new(),
        flags: Vec::new(),
    };
    let config = config::load_to_serve(&sources)?.config;
    let _telemetry = Telemetry::start(&config.log, &config.server.data_dir)?;
    let deaths = Arc::new(Deaths::new(&orders.book, orders.die_at)?);
    let clock: SharedClock = Arc::new(clock_file::follow(&orders.clock));
    let outside = match &orders.cloud {
        Some(url) => under_another_cloud(&config, url, clock.clone()).await?,
        None => Outside::from_config(&config).await?,
    };
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

/// As the settings want it, but for a simulated cloud in another process.
async fn under_another_cloud(
    config: &Config,
    url: &str,
    clock: SharedClock,
) -> anyhow::Result<Outside> {
    let cloud = RemoteCloud::at(url);
    Ok(Outside {
        clock,
        store: open_store(config).await?,
        cloud: cloud.clone(),
        link: cloud,
        simulated: None,
        policies: open_policies(config).await?,
    })
}
