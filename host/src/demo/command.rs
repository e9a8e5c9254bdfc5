//! `weir demo`: a whole server for the length of a show, on a temporary store and a clock in fast motion.

use std::process::ExitCode;
use std::sync::Arc;

use weir_cloud::clock::{Clock, PacedClock, SharedClock, SystemClock};
use weir_cloud::simulated::SimulatedCloud;

use super::{DemoOptions, DemoServer, cloud_settings, run};
use crate::app::{App, Outside, open_policies, open_store};
use crate::cli::DemoArgs;
use crate::config::{Config, Secret};
use crate::shutdown::Shutdown;

/// Questions one address may have open: in the show one address asks for the whole audience.
const QUESTIONS_OF_THE_AUDIENCE: u32 = 100_000;

/// Runs the show.
///
/// # Errors
/// The port is taken, or a part of the server cannot start.
pub async fn command(args: DemoArgs) -> anyhow::Result<ExitCode> {
    let folder = tempfile::tempdir()?;
    let secret = || Secret::new(&uuid::Uuid::new_v4().simple().to_string());
    let mut config = Config::default();
    config.server.listen = args.listen;
    config.server.data_dir = folder.path().to_owned();
    config.auth.admin_token = secret();
    config.auth.cluster_password = secret();
    config.fleet.reservations_per_client = QUESTIONS_OF_THE_AUDIENCE;

    let clock: SharedClock = Arc::new(PacedClock::start(SystemClock.now(), args.speed)?);
    let password = config.auth.cluster_password.reveal();
    let simulated = SimulatedCloud::new(cloud_settings(password), clock.clone())?;
    let outside = Outside {
        clock: clock.clone(),
        store: open_store(&config).await?,
        cloud: simulated.clone(),
        link: simulated.clone(),
        simulated: Some(simulated.clone()),
        policies: open_policies(&config).await?,
    };
    let metrics = metrics_exporter_prometheus::PrometheusBuilder::new().install_recorder()?;
    let app = App::start(&config, outside, metrics, Shutdown::new()).await?;
    let server = DemoServer {
        base_url: app.base_url.clone(),
        token: config.auth.admin_token.reveal().to_owned(),
        cloud: simulated,
        clock,
    };
    let shown = run(
        DemoOptions {
            length: args.length,
            plain: args.plain,
        },
        server,
    )
    .await;
    app.stop().await?;
    shown.map(|_| ExitCode::SUCCESS)
}
