//! What a pass over a group is made of, at 100, 1,000 and 10,000 nodes: each step of the reconciler on the group's
//! state, one report, and a view with its prepared instances.
//!
//! `cargo bench -p weir --no-default-features --bench pass`

#[path = "support/at_work.rs"]
mod at_work;
#[path = "support/figures.rs"]
mod figures;
#[path = "support/records.rs"]
mod records;

use std::hint::black_box;
use std::sync::Arc;
use std::time::Duration;

use criterion::{BenchmarkId, Criterion, criterion_group, criterion_main};
use weir::policy::{EngineSettings, PolicyRegistry, PreparedPool, WasmEngine};
use weir_core::ids::NodeId;
use weir_core::placement::Action;
use weir_core::plan::Planner;
use weir_core::units::DurationMs;

use at_work::{NOW, group};

fn steps(criterion: &mut Criterion) {
    let registry = policies();
    for nodes in [100, 1_000, 10_000] {
        let (mut state, reports) = group(nodes);
        let mut group = criterion.benchmark_group("pass");
        group
            .sample_size(10)
            .warm_up_time(Duration::from_millis(300))
            .measurement_time(Duration::from_secs(1));
        let id = |step: &str| BenchmarkId::new(step.to_owned(), nodes);
        let later = NOW + DurationMs(50);
        let (no, boot) = (weir_core::ids::NodeNo(nodes), records::boot());
        let report = &reports[nodes as usize - 1];
        group.bench_function(id("report"), |bench| {
            bench.iter(|| {
                state.heard(no, &boot, &[], later);
                state.reported(no, report, later)
            });
        });
        group.bench_function(id("judge_silence"), |bench| {
            bench.iter(|| state.judge_silence(later));
        });
        group.bench_function(id("set_assigned"), |bench| {
            bench.iter(|| state.set_assigned(|_| 0));
        });
        group.bench_function(id("role_loads"), |bench| {
            bench.iter(|| black_box(state.role_loads()));
        });
        group.bench_function(id("follow_facts"), |bench| {
            bench.iter(|| {
                let mut mint = |_: &_| NodeId::from("none");
                let mut planner = Planner::new(&state, &mut mint, later);
                planner.follow_facts();
                assert!(planner.finish().is_empty(), "nothing follows");
            });
        });
        group.bench_function(id("relink"), |bench| {
            bench.iter(|| state.relink(&[], &mut String::new, later));
        });
        group.bench_function(id("take_calls_and_probes"), |bench| {
            bench.iter(|| {
                (
                    state.take_calls(later).len(),
                    state.take_probes(later).len(),
                )
            });
        });
        group.bench_function(id("next_due"), |bench| {
            bench.iter(|| state.next_due(later));
        });
        group.bench_function(id("snapshot"), |bench| {
            bench.iter(|| black_box(state.snapshot(1, later)));
        });
        group.bench_function(id("view"), |bench| {
            bench.iter(|| black_box(state.view(Action::Subscribe, later)));
        });
        let view = Arc::new(state.view(Action::Subscribe, later));
        let weighted = registry.get("weighted").expect("it is built in");
        group.bench_function(id("prepare_2_places"), |bench| {
            bench.iter(|| {
                let pool = PreparedPool::build(weighted.clone(), view.clone(), "{}", 2);
                assert!(pool.answer.is_ok(), "it prepares");
            });
        });
        group.finish();
    }
}

fn policies() -> PolicyRegistry {
    let registry = PolicyRegistry::new();
    let engine = WasmEngine::new(EngineSettings::default()).expect("the engine starts");
    registry
        .load_builtins(&engine)
        .expect("the built-in policies fit");
    registry
}

criterion_group!(benches, steps);
criterion_main!(benches);
