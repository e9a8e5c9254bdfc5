//! Inputs of the benches, and how a figure is set against its floor.

#![expect(clippy::print_stdout, reason = "benches print their figures")]

pub mod inputs;
pub mod native;

use std::hint::black_box;
use std::time::{Duration, Instant};

use weir::policy::{EngineSettings, PolicyRegistry, SharedPolicy, WasmEngine};

/// Samples of which the median is taken.
const SAMPLES: usize = 301;

/// The built-in policy of that name, on an engine with all limits on.
pub fn policy(name: &str) -> SharedPolicy {
    let engine = WasmEngine::new(EngineSettings::default()).expect("an engine");
    let registry = PolicyRegistry::new();
    registry.load_builtins(&engine).expect("built-in policies");
    registry.get(name).expect("it is built in")
}

/// Median time of one call, from samples of `calls` calls each.
pub fn p50<T>(calls: u32, mut call: impl FnMut() -> T) -> Duration {
    for _ in 0..calls.saturating_mul(20) {
        black_box(call());
    }
    let mut samples: Vec<Duration> = (0..SAMPLES)
        .map(|_| {
            let started = Instant::now();
            for _ in 0..calls {
                black_box(call());
            }
            started.elapsed() / calls
        })
        .collect();
    samples.sort_unstable();
    samples[SAMPLES / 2]
}

/// Prints the figure, its floor, the difference and the ratio.
pub fn report(what: &str, floor: Duration, guest: Duration, budget: &str) {
    let us = |time: Duration| time.as_secs_f64() * 1e6;
    println!(
        "{what}: guest {:.2} us, native floor {:.2} us, over it {:.2} us, ratio {:.1} (budget: {budget})",
        us(guest),
        us(floor),
        us(guest) - us(floor),
        us(guest) / us(floor)
    );
}
