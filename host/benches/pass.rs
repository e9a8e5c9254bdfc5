//! What a pass over a group is made of, at 100, 1,000 and 10,000 nodes: each step of the reconciler on the group's
//! state, one report, and a view with its prepared instances.
//!
//! `cargo bench -p weir --no-default-features --bench pass`

#[path = "support/figures.rs"]
mod figures;
#[path = "support/records.rs"]
mod records;

use std::collections::BTreeMap;
use std::hint::black_box;
use std::sync::Arc;
use std::time::Duration;

use criterion::{BenchmarkId, Criterion, criterion_group, criterion_main};
use weir::policy::{EngineSettings, PolicyRegistry, PreparedPool, WasmEngine};
use weir_core::group::{Bindings, GroupSpec};
use weir_core::group_state::{CallAnswer, GroupState, HostRules, Place};
use weir_core::ids::NodeId;
use weir_core::lifecycle::Addresses;
use weir_core::placement::Action;
use weir_core::plan::Planner;
use weir_core::report::Report;
use weir_core::units::{DurationMs, UtcMs};

use figures::{figures, with_clients};
use records::{Crew, REGION, ZONES, bound};

const NOW: UtcMs = UtcMs(1_700_001_000_000);

/// A group at work: everybody reported and is linked, the cloud was asked.
fn group(nodes: u32) -> (GroupState, Vec<Report>) {
    let crew = Crew {
        origins: nodes / 100,
        relays: nodes / 100,
        edges: nodes - nodes / 100 * 2,
        capacity: 2_000,
        room: 0,
    };
    let records = records::nodes(1, &crew, NOW);
    let reports: Vec<Report> = records
        .iter()
        .zip(0_u32..)
        .map(|(node, at)| {
            let origins: Vec<_> = records[..crew.origins as usize].iter().collect();
            let relay = &records[(crew.origins + at % crew.relays) as usize];
            let first = at * 10 % (crew.origins * 1_000);
            let figures = match at {
                at if at < crew.origins => figures(node, &[], at * 1_000..(at + 1) * 1_000),
                at if at < crew.origins + crew.relays => figures(node, &origins, 0..0),
                _ => figures(node, &[relay], first..first + 10),
            };
            with_clients(&figures, node.role, 500)
        })
        .collect();
    let mut state = restored(&crew, records);
    settle(&mut state, &reports);
    (state, reports)
}

fn restored(crew: &Crew, records: Vec<weir_core::node::Node>) -> GroupState {
    let regions = [REGION.into()];
    let bindings = Bindings {
        scaling: bound("threshold"),
        broadcast: bound("round-robin"),
        subscribe: bound("weighted"),
    };
    let (limits, launch) = (records::limits("l", crew), records::launch("l", crew));
    let spec = GroupSpec::resolve(&regions, &limits, &launch, &BTreeMap::new(), &bindings);
    let place = |zone: &str| Place {
        region: REGION.into(),
        zone: zone.into(),
    };
    GroupState::restore(
        records::group(1, crew, NOW),
        records,
        Arc::new(spec),
        Arc::new(HostRules::default()),
        ZONES.map(place).to_vec(),
        NOW,
    )
}

fn settle(state: &mut GroupState, reports: &[Report]) {
    let nos: Vec<_> = state.members().map(|member| member.node.no).collect();
    for _ in 0..2 {
        for (no, report) in nos.iter().zip(reports) {
            state.heard(*no, &records::boot(), &[], NOW);
            state.reported(*no, report, NOW);
        }
        state.relink(&[], &mut String::new, NOW);
    }
    for call in state.take_calls(NOW) {
        let addresses = Addresses {
            platform_id: format!("i-{}", call.node.id).into(),
            running: true,
            address: None,
            private_address: None,
            hostname: None,
        };
        state.called(
            call.node.no,
            call.kind,
            CallAnswer::Instance(addresses),
            NOW,
        );
    }
}

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
