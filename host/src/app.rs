//! The server put together: the only place that names concrete adapters.

mod adapters;
mod clouds;
mod doctor;
mod open_files;
mod settings;

use std::net::SocketAddr;
use std::sync::Arc;

use anyhow::Context;
use arc_swap::ArcSwap;
use metrics_exporter_prometheus::PrometheusHandle;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use weir_cloud::CloudController;
use weir_cloud::clock::{SharedClock, SystemClock};
use weir_cloud::simulated::SimulatedCloud;
use weir_core::units::DurationMs;

use crate::access::Access;
use crate::catalogue::{Catalogue, CatalogueParts, Signers};
use crate::config::Config;
use crate::config::auth::{self, NodeAuth, Origin};
use crate::config::cloud::Provider;
use crate::fleet::bindings::stored_bindings;
use crate::fleet::{Fleet, Parts};
use crate::http::settings::HttpSettings;
use crate::http::{AppParts, AppState};
use crate::nodes::{NodeLink, TcpLink};
use crate::shutdown::Shutdown;
use crate::simulation::Simulation;
use crate::store::Store;

pub use adapters::{Policies, open_policies, open_store, simulated_clock, simulated_cloud};
pub use clouds::{Clouds, Ec2Provider, Ec2Wanted};
pub use doctor::examine;

/// What lies outside the server. Tests and the demo bring their own.
pub struct Outside {
    /// Time.
    pub clock: SharedClock,
    /// Where records are kept.
    pub store: Arc<dyn Store>,
    /// The cloud.
    pub cloud: Arc<dyn CloudController>,
    /// The way to nodes.
    pub link: Arc<dyn NodeLink>,
    /// The simulated cloud, when there is one: its nodes are told where this server listens.
    pub simulated: Option<Arc<SimulatedCloud>>,
    /// Policies by name, and what admits others.
    pub policies: Policies,
}

impl Outside {
    /// As the settings want it, in a program that has the simulated cloud only.
    ///
    /// # Errors
    /// As [`Outside::with_clouds`].
    pub async fn from_config(config: &Config) -> anyhow::Result<Self> {
        Self::with_clouds(config, &Clouds::default()).await
    }

    /// As the settings want it.
    ///
    /// # Errors
    /// Whatever the adapters say, with what to mend; the settings name a cloud that is not among `clouds`.
    pub async fn with_clouds(config: &Config, clouds: &Clouds) -> anyhow::Result<Self> {
        config.servable()?;
        if config.cloud.provider == Provider::Ec2 {
            return Self::on_ec2(config, clouds).await;
        }
        let store = open_store(config).await?;
        let clock = simulated_clock(config, store.as_ref()).await?;
        let password = auth::cluster_password(config)?;
        let simulated = simulated_cloud(config, password.secret.reveal(), clock.clone()).await?;
        let policies = open_policies(config).await?;
        Ok(Self {
            clock,
            store,
            cloud: simulated.clone(),
            link: simulated.clone(),
            simulated: Some(simulated),
            policies,
        })
    }

    async fn on_ec2(config: &Config, clouds: &Clouds) -> anyhow::Result<Self> {
        let ec2 = clouds.ec2()?;
        let store = open_store(config).await?;
        let clock: SharedClock = Arc::new(SystemClock);
        let environment = store.environment().await?;
        if let Some(problem) = clouds::unreachable_manager(config) {
            tracing::warn!("{problem}");
        }
        let password = match config.auth.nodes {
            NodeAuth::Hmac => Some(auth::cluster_password(config)?.secret),
            NodeAuth::Digest | NodeAuth::Open => None,
        };
        let wanted = clouds::ec2_wanted(config, environment, password, clock.clone());
        Ok(Self {
            cloud: ec2.open(wanted).await?,
            policies: open_policies(config).await?,
            clock,
            store,
            link: Arc::new(TcpLink {
                port: config.fleet.node_http_port,
            }),
            simulated: None,
        })
    }
}

/// A running server.
pub struct App {
    /// Address it listens on.
    pub address: SocketAddr,
    /// Where nodes and clients reach it, no slash at the end.
    pub base_url: String,
    /// The groups.
    pub fleet: Arc<Fleet>,
    /// Time.
    pub clock: SharedClock,
    store: Arc<dyn Store>,
    http: Arc<ArcSwap<HttpSettings>>,
    shutdown: Shutdown,
    server: JoinHandle<()>,
}

impl App {
    /// Starts the server; it is ready when this returns.
    ///
    /// # Errors
    /// The port is taken, the store cannot be read, a policy that groups are bound to by default is missing.
    pub async fn start(
        config: &Config,
        outside: Outside,
        metrics: PrometheusHandle,
        shutdown: Shutdown,
    ) -> anyhow::Result<Self> {
        let catalogue = open_catalogue(config, &outside).await?;
        let mut fleet_settings = settings::fleet(config);
        fleet_settings.default_bindings =
            settings::pin_default_policies(config, &catalogue).await?;
        open_files::raise();
        let listener = listen(config).await?;
        let address = listener.local_addr()?;
        let base_url = config.server.public_url(address);
        let token = auth::admin_token(config)?;
        tell_origin("admin token", &token.origin);
        let password = auth::cluster_password(config)?;
        tell_origin("cluster password", &password.origin);
        if let Some(simulated) = &outside.simulated {
            simulated.set_manager(&format!("http://{}", settings::dialable(address)));
        }
        let environment = outside.store.environment().await?;
        let platform = outside.cloud.name();
        let http = settings::http(
            config,
            &token.secret,
            &password.secret,
            platform,
            &environment,
        )?;
        tell_few_files(config.server.max_connections, http.connections.most);
        let http = Arc::new(ArcSwap::from_pointee(http));
        let parts = Parts {
            store: outside.store.clone(),
            cloud: outside.cloud,
            link: outside.link,
            clock: outside.clock.clone(),
            policies: outside.policies.registry.clone(),
            stopping: shutdown.watch(),
            seed: outside.clock.now().0,
        };
        let fleet = Fleet::start(parts, fleet_settings).await?;
        let simulation = outside.simulated.map(|cloud| {
            let clock = outside.clock.clone();
            Arc::new(Simulation::new(cloud, fleet.clone(), clock))
        });
        let app: AppState = AppParts {
            fleet: fleet.clone(),
            access: Access::open(outside.store.clone(), outside.clock.clone()).await?,
            catalogue,
            store: outside.store.clone(),
            clock: outside.clock.clone(),
            settings: http.clone(),
            metrics: metrics.clone(),
            simulation,
        }
        .into();
        let front = crate::http::service(app);
        tokio::spawn(upkeep(metrics, outside.clock.clone(), shutdown.clone()));
        let stop = shutdown.clone();
        let settings = http.clone();
        let server = tokio::spawn(async move {
            crate::http::serve(listener, front, settings, stop.requested()).await;
        });
        Ok(Self {
            address,
            base_url,
            fleet,
            clock: outside.clock,
            store: outside.store,
            http,
            shutdown,
            server,
        })
    }

    /// Takes the settings that can change at run time.
    ///
    /// # Errors
    /// A setting cannot be used; everything stays as it was.
    pub async fn reload(&self, config: &Config) -> anyhow::Result<()> {
        let token = auth::admin_token(config)?;
        let current = self.http.load();
        let password = auth::cluster_password(config)?;
        let new = settings::http(
            config,
            &token.secret,
            &password.secret,
            &current.platform,
            &current.environment,
        )?;
        self.fleet.reconfigure(settings::fleet(config)).await?;
        self.http.store(Arc::new(new));
        Ok(())
    }

    /// Ends when the server has to: another process had the store meanwhile, and what this one knows may be old.
    pub async fn taken_over(&self) {
        self.store.taken_over().await;
    }

    /// Ends the server: questions under way are answered, groups finish their pass.
    ///
    /// # Errors
    /// The task that serves died.
    pub async fn stop(mut self) -> anyhow::Result<()> {
        self.shutdown.request();
        self.fleet.stopped().await;
        // A client that never finishes its request must not hold the end up.
        match tokio::time::timeout(DRAIN_WITHIN.to_std(), &mut self.server).await {
            Ok(ended) => ended.context("the HTTP task died")?,
            Err(_) => {
                tracing::warn!("some connections did not end within {DRAIN_WITHIN}: they are cut");
                self.server.abort();
            }
        }
        Ok(())
    }
}

async fn listen(config: &Config) -> anyhow::Result<TcpListener> {
    let address = config.server.listen;
    let bound = TcpListener::bind(address).await;
    bound.with_context(|| {
        format!("cannot listen on {address}: choose another address with --listen")
    })
}

/// What was uploaded; what groups are bound to is loaded.
async fn open_catalogue(config: &Config, outside: &Outside) -> anyhow::Result<Arc<Catalogue>> {
    let policy = &config.policy;
    let catalogue = Catalogue::open(CatalogueParts {
        store: outside.store.clone(),
        engine: outside.policies.engine.clone(),
        registry: outside.policies.registry.clone(),
        clock: outside.clock.clone(),
        signers: Signers::new(policy.signer_keys(), policy.signatures_required),
    })
    .await?;
    for binding in stored_bindings(outside.store.as_ref()).await? {
        catalogue.load_bound(&binding).await;
    }
    Ok(catalogue)
}

/// Requests under way have so long to end, by the machine's clock.
const DRAIN_WITHIN: DurationMs = DurationMs::secs(5);
/// Between two looks at the figures; histograms nobody reads are folded then.
const UPKEEP_EVERY: DurationMs = DurationMs::secs(5);

async fn upkeep(metrics: PrometheusHandle, clock: SharedClock, shutdown: Shutdown) {
    loop {
        tokio::select! {
            () = shutdown.requested() => return,
            () = clock.sleep(UPKEEP_EVERY) => metrics.run_upkeep(),
        }
    }
}

fn tell_few_files(wanted: u32, most: u32) {
    if most < wanted {
        tracing::warn!(
            wanted,
            most,
            "this process may not open enough files for server.max_connections: raise its limit (LimitNOFILE of a \
             systemd unit, ulimit -n of a shell)"
        );
    }
}

fn tell_origin(what: &str, origin: &Origin) {
    match origin {
        Origin::Configured => {}
        Origin::Kept(file) => tracing::info!(file = %file.display(), "the {what} is in this file"),
        Origin::Made(file) => {
            tracing::info!(file = %file.display(), "no {what} was set: made one and kept it in this file");
        }
    }
}
