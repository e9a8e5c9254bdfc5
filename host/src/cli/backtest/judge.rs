//! Reads, runs, writes.

use std::ops::ControlFlow;
use std::process::ExitCode;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;

use anyhow::Context;

use super::files;
use super::policies::Policies;
use super::progress::Bar;
use super::{BacktestArgs, CompareArgs, Named, SharedArgs};
use crate::backtest::{self, BacktestError, Comparison, Contender, Outcome, Setup, Trace};
use crate::shutdown::Shutdown;

/// `weir backtest`.
///
/// # Errors
/// The trace, a policy or a file cannot be used; the text names the mend.
pub async fn backtest(args: BacktestArgs) -> anyhow::Result<ExitCode> {
    judge(&args.trace, &args.policy, &args.shared, false).await
}

/// `weir compare`.
///
/// # Errors
/// As [`backtest()`].
pub async fn compare(args: CompareArgs) -> anyhow::Result<ExitCode> {
    judge(&args.trace, &args.policy, &args.shared, true).await
}

async fn judge(
    trace: &std::path::Path,
    named: &[Named],
    shared: &SharedArgs,
    with_builtins: bool,
) -> anyhow::Result<ExitCode> {
    let plant = &shared.plant;
    let trace = backtest::read(trace)?.part(plant.from, plant.length)?;
    let setup = plant.setup(&shared.limits, &trace);
    let policies = Policies::open()?;
    let mut named = named.to_vec();
    if with_builtins {
        let mut all = policies.scaling()?;
        all.append(&mut named);
        named = all;
    }
    let contenders = policies.contenders(&named, shared).await?;
    let shutdown = Shutdown::on_signals()?;
    let (trace_of_runs, setup_of_runs) = (trace.clone(), setup.clone());
    let cancelled = std::sync::Arc::new(AtomicBool::new(false));
    let cancel = cancelled.clone();
    let mut runs = tokio::task::spawn_blocking(move || {
        run_all(&trace_of_runs, &setup_of_runs, &contenders, &cancel)
    });
    let outcomes = tokio::select! {
        done = &mut runs => done,
        () = shutdown.requested() => {
            cancelled.store(true, Ordering::Relaxed);
            runs.await
        }
    };
    let runs = outcomes.context("a run was cut off")??;
    let comparison = Comparison::of(&trace, &setup, runs)?;
    files::write(&comparison, &shared.files)?;
    Ok(ExitCode::SUCCESS)
}

/// Runs side by side, as many as there are cores.
fn run_all(
    trace: &Trace,
    setup: &Setup,
    contenders: &[Contender],
    cancelled: &AtomicBool,
) -> Result<Vec<Outcome>, BacktestError> {
    let cores = thread::available_parallelism().map_or(1, std::num::NonZero::get);
    let (next, bar) = (AtomicUsize::new(0), Bar::of(contenders.len()));
    let outcomes = Mutex::new(Vec::new());
    let work = || {
        loop {
            let at = next.fetch_add(1, Ordering::Relaxed);
            let Some(contender) = contenders.get(at) else {
                return;
            };
            let mut watch = |progress| {
                bar.tell(at, progress);
                match cancelled.load(Ordering::Relaxed) {
                    true => ControlFlow::Break(()),
                    false => ControlFlow::Continue(()),
                }
            };
            let outcome = backtest::run(trace, setup, contender, &mut watch);
            if let Ok(mut outcomes) = outcomes.lock() {
                outcomes.push((at, outcome));
            }
        }
    };
    thread::scope(|scope| {
        for _ in 0..cores.min(contenders.len()) {
            scope.spawn(work);
        }
    });
    bar.end();
    let mut outcomes = outcomes.into_inner().unwrap_or_default();
    outcomes.sort_by_key(|(at, _)| *at);
    outcomes.into_iter().map(|(_, outcome)| outcome).collect()
}
