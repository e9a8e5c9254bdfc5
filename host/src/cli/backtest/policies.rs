//! The policies of a backtest: admitted as the server admits them, one by one as they are wanted.

use std::path::Path;

use anyhow::Context;
use weir_core::group::{Binding, Decides};

use super::arguments::{Named, SettingsOf};
use super::{PlacementArgs, SharedArgs};
use crate::backtest::{Bound, Contender};
use crate::policy::{
    BUILTINS, Compiler, EngineSettings, Limits, PolicyEngine, PolicyRegistry, SharedPolicy,
    WasmEngine,
};

/// The clock only protects this machine; a busy one must not change a result. Fuel stays as in the server.
const PATIENCE_MS: u64 = 60_000;
/// Decisions and views under way at once: two a thread.
const INSTANCES: u32 = 64;

/// Admits policies.
pub(super) struct Policies {
    engine: WasmEngine,
    registry: PolicyRegistry,
}

impl Policies {
    /// None yet.
    pub(super) fn open() -> anyhow::Result<Self> {
        let engine = WasmEngine::new(EngineSettings {
            limits: Limits {
                propose_ms: PATIENCE_MS,
                prepare_ms: PATIENCE_MS,
                select_ms: PATIENCE_MS,
                ..Limits::default()
            },
            compiler: Compiler::this_program()?,
            cache: None,
            instances: INSTANCES,
        })?;
        Ok(Self {
            engine,
            registry: PolicyRegistry::new(),
        })
    }

    /// Names of the built-in policies that scale.
    pub(super) fn scaling(&self) -> anyhow::Result<Vec<Named>> {
        let mut names = Vec::new();
        for (name, _) in BUILTINS {
            if self.builtin(name)?.is_some_and(|policy| policy.scales()) {
                names.push(Named {
                    name: name.to_owned(),
                    policy: name.to_owned(),
                });
            }
        }
        Ok(names)
    }

    fn builtin(&self, wanted: &str) -> anyhow::Result<Option<SharedPolicy>> {
        if let Some(known) = self.registry.get(wanted) {
            return Ok(Some(known));
        }
        let Some((name, bytes)) = BUILTINS.iter().find(|(name, _)| *name == wanted) else {
            return Ok(None);
        };
        let admitted = self.engine.admit_trusted(name, bytes);
        let policy = admitted.with_context(|| format!("policy {name}"))?;
        self.registry.insert(policy.clone());
        Ok(Some(policy))
    }

    /// The name under which the registry has it.
    async fn load(&self, wanted: &str) -> anyhow::Result<String> {
        if self.builtin(wanted)?.is_some() {
            return Ok(wanted.to_owned());
        }
        let known = || BUILTINS.map(|(name, _)| name).join(", ");
        anyhow::ensure!(
            wanted.ends_with(".wasm"),
            "there is no built-in policy {wanted}; there are {}. A file's name ends in .wasm",
            known()
        );
        if self.registry.get(wanted).is_none() {
            let bytes = tokio::fs::read(Path::new(wanted)).await;
            let bytes = bytes.with_context(|| format!("policy file {wanted} cannot be read"))?;
            let admitted = self.engine.admit(wanted, &bytes).await;
            self.registry
                .insert(admitted.with_context(|| format!("policy file {wanted}"))?);
        }
        Ok(wanted.to_owned())
    }

    async fn bound(&self, policy: &str, settings: &str, decides: Decides) -> anyhow::Result<Bound> {
        let binding = Binding {
            policy: self.load(policy).await?,
            settings: settings.to_owned(),
        };
        Ok(Bound {
            policy: self.registry.bind(&binding, decides)?,
            settings: binding.settings,
        })
    }

    /// Those to be judged, in their order.
    pub(super) async fn contenders(
        &self,
        named: &[Named],
        shared: &SharedArgs,
    ) -> anyhow::Result<Vec<Contender>> {
        let mut contenders: Vec<Contender> = Vec::new();
        for Named { name, policy } in named {
            anyhow::ensure!(
                contenders.iter().all(|known| known.name != *name),
                "two policies are called {name}: give one another name, --policy other={policy}"
            );
            let settings = settings_of(name, &shared.settings);
            contenders.push(Contender {
                name: name.clone(),
                scaling: self.bound(policy, settings, Decides::Scaling).await?,
                placement: self.placement(&shared.placement).await?,
            });
        }
        let of_nobody = shared
            .settings
            .iter()
            .filter_map(|given| given.name.as_ref());
        for name in of_nobody {
            let names: Vec<&str> = named.iter().map(|named| named.name.as_str()).collect();
            anyhow::ensure!(
                names.contains(&name.as_str()),
                "--settings {name}=…: no policy of this run is called {name}; there are {}",
                names.join(", ")
            );
        }
        Ok(contenders)
    }

    async fn placement(&self, args: &PlacementArgs) -> anyhow::Result<Bound> {
        let settings = &args.placement_settings.settings;
        self.bound(&args.placement.policy, settings, Decides::Subscribe)
            .await
    }
}

/// A policy's own settings, else those of all; of several the last.
fn settings_of<'a>(name: &str, given: &'a [SettingsOf]) -> &'a str {
    let last = |wanted: Option<&str>| {
        let mut given = given.iter().rev();
        given.find(|given| given.name.as_deref() == wanted)
    };
    let found = last(Some(name)).or_else(|| last(None));
    found.map_or("{}", |given| given.settings.as_str())
}
