//! One engine for all tests of a binary: compiling the built-in policies takes longer than most tests.

use std::sync::{Arc, OnceLock};

use weir::app::Policies;
use weir::policy::{EngineSettings, PolicyEngine, PolicyRegistry, SharedPolicy, WasmEngine};

static ENGINE: OnceLock<(WasmEngine, Vec<SharedPolicy>)> = OnceLock::new();

fn shared() -> &'static (WasmEngine, Vec<SharedPolicy>) {
    ENGINE.get_or_init(|| {
        let engine = WasmEngine::new(EngineSettings::default()).unwrap();
        let registry = PolicyRegistry::new();
        registry.load_builtins(&engine).unwrap();
        let names = registry.names();
        let policies = names.iter().filter_map(|name| registry.get(name)).collect();
        (engine, policies)
    })
}

/// The engine.
pub fn engine() -> &'static WasmEngine {
    &shared().0
}

/// The built-in policy of that name.
///
/// # Panics
/// There is none.
pub fn builtin(name: &str) -> SharedPolicy {
    let mut all = shared().1.iter();
    all.find(|policy| policy.name() == name).unwrap().clone()
}

/// The engine of all tests, with the built-in policies and these.
pub(crate) fn of_this_program(more: &[SharedPolicy]) -> Policies {
    let registry = PolicyRegistry::new();
    for policy in shared().1.iter().chain(more) {
        registry.insert(policy.clone());
    }
    Policies {
        engine: Arc::new(engine().clone()),
        registry: Arc::new(registry),
    }
}

/// Admits a component as an operator's.
///
/// # Panics
/// It was refused.
pub async fn admitted(name: &str, component: &[u8]) -> SharedPolicy {
    engine().admit(name, component).await.unwrap()
}
