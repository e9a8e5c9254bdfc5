//! What a policy call costs over the same code linked natively: `select`, `prepare`, `propose`, all limits on.
//!
//! `cargo bench -p weir --no-default-features --bench policy`; figures and machine in `README.md`.

mod ground;

use std::sync::Arc;

use criterion::{Criterion, criterion_group, criterion_main};
use ground::{inputs, native, p50, policy, report};
use weir::policy::PreparedPool;
use weir_policy_threshold::{decide, options::Options};
use weir_policy_weighted::scores::Scores;
use weir_policy_weighted::weights::Weights;

fn select(criterion: &mut Criterion) {
    let weighted = policy("weighted");
    for (count, budget) in [(100, "0.8 us over"), (1_000, "1.5 us over")] {
        let (view, request) = (inputs::view(count), inputs::request());
        let scores = Scores::new(&native::view(&view), &Weights::default());
        let question = native::request(&request);
        let mut prepared = weighted.prepare(&view, "{}").answer.expect("prepared");
        let expected = scores.select(&question).expect("a choice").ids;
        assert_eq!(prepared.select(&request).answer, Ok(Ok(expected)));

        let mut group = criterion.benchmark_group(format!("select of {count}"));
        group.bench_function("native", |b| b.iter(|| scores.select(&question)));
        group.bench_function("guest", |b| b.iter(|| prepared.select(&request)));
        group.finish();

        let floor = p50(1_000, || scores.select(&question));
        let guest = p50(1_000, || prepared.select(&request));
        report(&format!("select, {count} nodes"), floor, guest, budget);
        let pool = PreparedPool::build(weighted.clone(), Arc::new(view), "{}", 2);
        let pool = pool.answer.expect("a pool");
        let pooled = p50(1_000, || pool.select(&request));
        report(
            &format!("select by the pool, {count} nodes"),
            floor,
            pooled,
            budget,
        );
    }
}

fn prepare(criterion: &mut Criterion) {
    let weighted = policy("weighted");
    for (count, budget) in [(100, "-"), (1_000, "50 us in all"), (10_000, "-")] {
        let view = inputs::view(count);
        let twin = native::view(&view);
        let mut group = criterion.benchmark_group(format!("prepare of {count}"));
        group.bench_function("native", |b| {
            b.iter(|| Scores::new(&twin, &Weights::default()))
        });
        group.bench_function("new instance", |b| b.iter(|| weighted.prepare(&view, "{}")));
        group.finish();
        let floor = p50(20, || Scores::new(&twin, &Weights::default()));
        let guest = p50(20, || weighted.prepare(&view, "{}"));
        let what = format!("new instance, prepare and drop, {count} nodes");
        report(&what, floor, guest, budget);
        // The call alone, as the engine measured it: the instance is new each time.
        let calls = (0..500).map(|_| weighted.prepare(&view, "{}").micros);
        let mut calls: Vec<u64> = calls.collect();
        calls.sort_unstable();
        let call = std::time::Duration::from_micros(calls[calls.len() / 2]);
        report(
            &format!("prepare alone, {count} nodes"),
            floor,
            call,
            "20 us at 1,000",
        );
    }
}

fn propose(criterion: &mut Criterion) {
    let threshold = policy("threshold");
    let options = Options::read("{}").expect("defaults");
    for count in [10, 100, 1_000] {
        let snapshot = inputs::snapshot(count);
        let twin = native::input(&snapshot);
        let first = threshold.propose(&snapshot, "{}", &[]).answer;
        let state = first.expect("a proposal").state;
        assert_eq!(decide::propose(&twin, &options, &[]).state, state);

        let mut group = criterion.benchmark_group(format!("propose of {count}"));
        group.bench_function("native", |b| {
            b.iter(|| decide::propose(&twin, &options, &state))
        });
        group.bench_function("fresh instance", |b| {
            b.iter(|| threshold.propose(&snapshot, "{}", &state))
        });
        group.finish();
        let floor = p50(20, || decide::propose(&twin, &options, &state));
        let guest = p50(20, || threshold.propose(&snapshot, "{}", &state));
        let what = format!("fresh propose, {count} nodes, 4 x 360 of history");
        report(&what, floor, guest, "30 us over at 100");
    }
}

criterion_group!(benches, select, prepare, propose);
criterion_main!(benches);
