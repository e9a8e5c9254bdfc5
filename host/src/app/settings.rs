//! From the configuration to what each part of the server takes.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::Arc;

use anyhow::Context;
use weir_cloud::clock::SystemClock;
use weir_core::group::{Binding, Bindings, Decides};
use weir_core::group_state::{HostRules, OriginServes};
use weir_core::report::ClusterSettings;
use weir_core::units::DurationMs;

use super::Policies;
use crate::catalogue::{Catalogue, CatalogueParts, Signers};
use crate::config::auth::NodeAuth;
use crate::config::placement::{Capacity, OriginServes as OriginServesSetting};
use crate::config::server::Origins;
use crate::config::{Config, Secret};
use crate::fleet::FleetSettings;
use crate::http::ConnectionBounds;
use crate::http::settings::{AdminTokens, CorsOrigins, HttpSettings, LogAccess, NodesAuth};
use crate::store::Store;

const DAY_MS: u64 = 86_400_000;

/// A price in the currency unit as the whole millionths policies see.
fn micros(price: f64) -> u32 {
    (price * 1_000_000.0)
        .round()
        .clamp(0.0, f64::from(u32::MAX)) as u32
}

fn bindings(config: &Config) -> Bindings {
    let bound = |policy: &str| Binding {
        policy: policy.to_owned(),
        settings: "{}".to_owned(),
    };
    Bindings {
        scaling: bound(&config.policy.default_scaling),
        broadcast: bound(&config.policy.default_broadcast),
        subscribe: bound(&config.policy.default_subscribe),
    }
}

/// Whether the policies that groups are bound to by default can be used, for the doctor. Without a store there are no
/// uploads yet.
pub(super) async fn check_default_policies(
    config: &Config,
    policies: Policies,
    store: Option<Arc<dyn Store>>,
) -> anyhow::Result<()> {
    if let Some(store) = store {
        let parts = CatalogueParts {
            store,
            engine: policies.engine,
            registry: policies.registry,
            clock: Arc::new(SystemClock),
            signers: Signers::default(),
        };
        let catalogue = Catalogue::open(parts).await?;
        return pin_default_policies(config, &catalogue).await.map(drop);
    }
    let defaults = bindings(config);
    for decides in Decides::ALL {
        let binding = defaults.of(decides);
        let bound = policies.registry.bind(binding, decides);
        bound.with_context(|| unusable(decides, &binding.policy))?;
    }
    Ok(())
}

fn unusable(decides: Decides, policy: &str) -> String {
    format!("policy.default_{decides} = {policy:?} cannot be used")
}

/// Every group without a binding of its own depends on these: better no start than a group nobody scales. Answers them
/// with the versions they stand for now.
pub(super) async fn pin_default_policies(
    config: &Config,
    catalogue: &Catalogue,
) -> anyhow::Result<Bindings> {
    let pin = async |decides: Decides, binding: Binding| {
        let policy = binding.policy.clone();
        let pinned = catalogue.pin(binding, decides).await;
        pinned.with_context(|| unusable(decides, &policy))
    };
    let Bindings {
        scaling,
        broadcast,
        subscribe,
    } = bindings(config);
    Ok(Bindings {
        scaling: pin(Decides::Scaling, scaling).await?,
        broadcast: pin(Decides::Broadcast, broadcast).await?,
        subscribe: pin(Decides::Subscribe, subscribe).await?,
    })
}

/// What the fleet takes.
pub(super) fn fleet(config: &Config) -> FleetSettings {
    let (fleet, placement) = (&config.fleet, &config.placement);
    let prices = config
        .cloud
        .prices
        .iter()
        .map(|(name, price)| (name.as_str().into(), micros(*price)));
    let weights = placement.weights.entries().into_iter();
    FleetSettings {
        name_prefix: fleet.node_name_prefix.clone(),
        holder: fleet.manager_id(),
        rules: HostRules {
            timers: config.timers(),
            min_free_memory_mib: fleet.min_free_memory_mib,
            rtmp_port: fleet.node_rtmp_port,
            prices: prices.collect(),
            weights: weights
                .map(|(name, weight)| (name.to_owned(), f64::from(weight)))
                .collect::<BTreeMap<_, _>>(),
            origin_serves: match placement.origin_serves {
                OriginServesSetting::WhenNoEdges => OriginServes::WhenNoEdges,
                OriginServesSetting::Always => OriginServes::Always,
                OriginServesSetting::Never => OriginServes::Never,
            },
            hard_capacity: placement.capacity == Capacity::Hard,
            launches_per_minute: fleet.max_launches_per_minute,
            nodes_per_group: fleet.max_nodes_per_group,
        },
        default_bindings: bindings(config),
        cluster: ClusterSettings {
            mode: "auto".to_owned(),
            public_port: fleet.node_rtmp_port,
            access_port: fleet.node_http_port,
            retry_duration: fleet.parent_retry_s,
            reporting_speed: config.reports.reporting_speed_ms,
        },
        open_questions_per_client: fleet.reservations_per_client,
        sweep_every: DurationMs(fleet.cloud_sweep_ms),
        decisions_kept: DurationMs(DAY_MS * u64::from(config.policy.decisions_kept_days)),
    }
}

/// What the HTTP side takes.
pub(super) fn http(
    config: &Config,
    token: &Secret,
    password: &Secret,
    platform: &str,
    environment: &str,
) -> anyhow::Result<HttpSettings> {
    let log_dir = config
        .log
        .dir(&config.server.data_dir)
        .filter(|_| config.log.access);
    let proxies = config
        .server
        .trusted_proxies
        .iter()
        .map(|proxy| network(proxy));
    let region = &config.fleet.default_region;
    Ok(HttpSettings {
        admin_tokens: AdminTokens::new([token.reveal()]),
        cors_admin: origins(&config.server.cors.admin),
        cors_streams: origins(&config.server.cors.streams),
        log_access: log_dir.map(|dir| LogAccess {
            dir,
            expiry: DurationMs(config.log.download_ms),
        }),
        nodes_auth: match config.auth.nodes {
            NodeAuth::Hmac => NodesAuth::Hmac,
            NodeAuth::Digest => NodesAuth::Digest,
            NodeAuth::Open => NodesAuth::Open,
        },
        cluster_password: password.clone(),
        trusted_proxies: proxies.collect::<anyhow::Result<_>>()?,
        connections: ConnectionBounds {
            most: super::open_files::connections(config.server.max_connections),
            most_per_client: config.server.max_connections_per_client,
            head_within: DurationMs(config.server.request_head_ms),
        },
        body_limit: usize::try_from(config.reports.max_body_bytes)?,
        location_region: (!region.is_empty()).then(|| region.as_str().into()),
        location_strict: config.fleet.strict_location,
        platform: platform.to_owned(),
        environment: environment.to_owned(),
    })
}

fn network(text: &str) -> anyhow::Result<ipnet::IpNet> {
    let parsed = text
        .parse::<ipnet::IpNet>()
        .or_else(|_| text.parse::<std::net::IpAddr>().map(ipnet::IpNet::from));
    parsed.with_context(|| format!("server.trusted_proxies: {text:?} is no address and no network"))
}

fn origins(list: &str) -> CorsOrigins {
    match Origins::parse(list) {
        Origins::None => CorsOrigins::default(),
        Origins::All => CorsOrigins::new(["*"]),
        Origins::Listed(origins) => CorsOrigins::new(origins),
    }
}

/// The address for nodes in this very process: one that stands for all becomes loopback.
pub(super) fn dialable(mut address: SocketAddr) -> SocketAddr {
    if address.ip().is_unspecified() {
        address.set_ip(std::net::Ipv4Addr::LOCALHOST.into());
    }
    address
}
