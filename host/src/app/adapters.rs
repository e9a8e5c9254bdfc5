//! The concrete things outside, made from the settings.

use std::sync::Arc;

use anyhow::Context;
use weir_cloud::Location;
use weir_cloud::clock::{Clock, PacedClock, SharedClock, SystemClock};
use weir_cloud::simulated::{BootTime, NodeAuth, NodeSettings, SimulatedCloud, SimulatedSettings};
use weir_core::units::DurationMs;

use crate::config::Config;
use crate::config::auth::NodeAuth as NodeAuthSetting;
use crate::config::store::StoreTarget;
use crate::policy::{Compiler, EngineSettings, Limits, PolicyEngine, PolicyRegistry, WasmEngine};
use crate::store::Store;
use crate::store::{mysql, sqlite};

const MIB: usize = 1024 * 1024;

/// The clock: the machine's, or a faster one for the simulated cloud. A faster one goes on where the records end: it
/// ran ahead of the machine's clock before, and time must not go back.
///
/// # Errors
/// The speed is out of bounds, or the store cannot be read.
pub async fn simulated_clock(config: &Config, store: &dyn Store) -> anyhow::Result<SharedClock> {
    let speed = config.cloud.simulated.speed;
    if speed == 1 {
        return Ok(Arc::new(SystemClock));
    }
    let groups = store.groups().await?;
    let nodes = groups.iter().flat_map(|stored| &stored.nodes);
    let recorded = nodes
        .map(|node| node.state_since)
        .chain(groups.iter().map(|stored| stored.group.created_at));
    let from = recorded
        .chain([SystemClock.now()])
        .max()
        .unwrap_or_default();
    Ok(Arc::new(PacedClock::start(from, speed)?))
}

/// The store the settings name.
///
/// # Errors
/// It cannot be opened; the text says what to mend.
pub async fn open_store(config: &Config) -> anyhow::Result<Arc<dyn Store>> {
    match config.store.target(&config.server.data_dir) {
        Some(StoreTarget::Sqlite(path)) => Ok(Arc::new(sqlite::open(&path).await?)),
        Some(StoreTarget::MySql) => {
            let patience = DurationMs(config.store.wait_ms);
            Ok(Arc::new(
                mysql::open(config.store.url.reveal(), patience).await?,
            ))
        }
        Some(StoreTarget::Postgres) | None => {
            anyhow::bail!(
                "store.url {} is not a store of this release",
                config.store.url
            )
        }
    }
}

/// The simulated cloud, its instances kept in the data folder.
///
/// # Errors
/// The file of instances cannot be used.
pub async fn simulated_cloud(
    config: &Config,
    cluster_password: &str,
    clock: SharedClock,
) -> anyhow::Result<Arc<SimulatedCloud>> {
    let simulated = &config.cloud.simulated;
    let location = |region: &str, zone: &str| Location {
        region: region.into(),
        zone: zone.into(),
    };
    let locations = simulated
        .regions
        .iter()
        .flat_map(|(region, zones)| zones.iter().map(move |zone| location(region, zone)))
        .collect();
    let settings = SimulatedSettings {
        seed: u64::from(simulated.seed),
        locations,
        full_zones: simulated
            .full_zones
            .iter()
            .map(|zone| zone.as_str().into())
            .collect(),
        zone_capacity: (simulated.zone_capacity > 0).then_some(simulated.zone_capacity),
        boot: BootTime {
            median: DurationMs(simulated.boot_median_ms),
            p95: DurationMs(simulated.boot_p95_ms),
            running_percent: 40,
        },
        nodes: NodeSettings {
            cluster_password: cluster_password.to_owned(),
            auth: match config.auth.nodes {
                NodeAuthSetting::Hmac => NodeAuth::Hmac,
                NodeAuthSetting::Digest => NodeAuth::Digest,
                NodeAuthSetting::Open => NodeAuth::Open,
            },
            reporting: DurationMs(config.reports.reporting_speed_ms),
            ..NodeSettings::default()
        },
        ..SimulatedSettings::default()
    };
    let cloud = SimulatedCloud::new(settings, clock)?;
    let file = config.server.data_dir.join("simulated-instances.json");
    let kept = cloud.persist_to(&file).await;
    kept.with_context(|| {
        format!(
            "the simulated cloud cannot keep its instances in {}",
            file.display()
        )
    })?;
    Ok(cloud)
}

/// The policies that need no store, and what admits others.
pub struct Policies {
    /// Admits uploads.
    pub engine: Arc<dyn PolicyEngine>,
    /// Built-in policies and those the settings load.
    pub registry: Arc<PolicyRegistry>,
}

/// Built-in policies and those the settings load.
///
/// # Errors
/// The engine does not start, or a policy is refused; the text names it and the mend.
pub async fn open_policies(config: &Config) -> anyhow::Result<Policies> {
    let limits = &config.policy.limits;
    let settings = EngineSettings {
        limits: Limits {
            propose_fuel: limits.scaling_fuel,
            propose_ms: limits.scaling_ms,
            prepare_fuel_per_100: limits.prepare_fuel_per_100_nodes,
            prepare_ms: limits.prepare_ms,
            select_fuel: limits.select_fuel,
            select_ms: limits.select_ms,
            memory_bytes: limits.memory_mib as usize * MIB,
            upload_bytes: limits.upload_mib as usize * MIB,
            compile_ms: limits.compile_ms,
            ..Limits::default()
        },
        compiler: Compiler::this_program()?,
        cache: Some(config.policy.cache_dir(&config.server.data_dir)),
        ..EngineSettings::default()
    };
    let registry = Arc::new(PolicyRegistry::new());
    let builtins = {
        let registry = registry.clone();
        tokio::task::spawn_blocking(move || {
            let engine = WasmEngine::new(settings)?;
            registry.load_builtins(&engine)?;
            anyhow::Ok(engine)
        })
    };
    let engine = builtins
        .await
        .context("the policy engine's start was cut off")??;
    for path in &config.policy.load {
        tracing::info!(file = %path.display(), "loading a policy: compiling it when it is new");
        let policy = registry.load_file(&engine, path).await?;
        tracing::info!(
            policy = policy.name(),
            version = policy.version(),
            "policy admitted"
        );
    }
    Ok(Policies {
        engine: Arc::new(engine),
        registry,
    })
}
