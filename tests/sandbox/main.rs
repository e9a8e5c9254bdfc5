//! Hostile policies against the engine: each test shows what is said of the guest, who is to blame, that it ended in
//! time, and that everybody else goes on. The guests are text, in `guests/`.

#![expect(
    clippy::unwrap_used,
    reason = "a test that cannot set itself up should stop there"
)]

mod admission;
mod compiling;
mod guests;
mod inputs;
mod placing;
mod scaling;

use std::sync::OnceLock;
use std::time::{Duration, Instant};

use weir::policy::{
    AdmitError, Blame, EngineSettings, Limits, PolicyEngine, PolicyFault, PolicyRegistry,
    SharedPolicy, WasmEngine,
};

/// The limits let no call take longer than half a second; a machine that does much else may stretch that.
const SOON: Duration = Duration::from_secs(10);

/// An engine with the built-in policies, shared by all tests: what one guest does must not trouble the others.
pub fn shared() -> &'static (WasmEngine, PolicyRegistry) {
    static SHARED: OnceLock<(WasmEngine, PolicyRegistry)> = OnceLock::new();
    SHARED.get_or_init(|| {
        let engine = WasmEngine::new(EngineSettings {
            limits: limits(),
            instances: 200,
            ..EngineSettings::default()
        })
        .unwrap();
        let registry = PolicyRegistry::new();
        registry.load_builtins(&engine).unwrap();
        (engine, registry)
    })
}

/// Admits a hostile guest on the shared engine.
pub async fn admit(name: &str) -> Result<SharedPolicy, AdmitError> {
    shared().0.admit(name, &guests::hostile(name)).await
}

/// Runs something that must end soon, and then sees the built-in policies at work.
pub fn soon<T>(run: impl FnOnce() -> T) -> T {
    let started = Instant::now();
    let result = run();
    let took = started.elapsed();
    assert!(took < SOON, "it took {took:?}");
    others_go_on();
    result
}

/// The built-in policies on the same engine answer as ever.
pub fn others_go_on() {
    let registry = &shared().1;
    let threshold = registry.get("threshold").unwrap();
    let proposal = threshold.propose(&inputs::snapshot(1), "{}", &[]);
    assert_eq!(proposal.answer.unwrap().launches.len(), 1);
    let weighted = registry.get("weighted").unwrap();
    let mut prepared = weighted
        .prepare(&inputs::view("group"), "{}")
        .answer
        .unwrap();
    let choice = prepared.select(&inputs::request(1)).answer.unwrap();
    assert_eq!(choice, Ok(vec![2]));
}

/// The guest is to blame.
pub fn guests_fault<T: std::fmt::Debug>(answer: Result<T, PolicyFault>) -> PolicyFault {
    let fault = answer.expect_err("a fault");
    assert_eq!(fault.blame(), Blame::Guest, "{fault}");
    fault
}

/// The defaults, but for the wall clock: on a machine that does much else it could come before the fuel. The tests of
/// the clock have engines of their own.
pub fn limits() -> Limits {
    Limits {
        propose_ms: 10_000,
        prepare_ms: 10_000,
        select_ms: 10_000,
        ..Limits::default()
    }
}
