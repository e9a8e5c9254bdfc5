//! What the log of scaling decisions takes: bytes of each decision and of a day, and the time to pack one, at 100 and
//! 1,000 nodes whose clients come and go.
//!
//! `cargo bench -p weir --no-default-features --bench decision_log`

#![expect(clippy::print_stdout, reason = "benches print their figures")]

#[path = "support/at_work.rs"]
mod at_work;
#[path = "support/figures.rs"]
mod figures;
#[path = "support/median.rs"]
mod median;
#[path = "support/records.rs"]
mod records;

use std::time::Instant;

use rand::rngs::SmallRng;
use rand::{RngExt, SeedableRng};
use weir::decisions::{Attempt, Entry, FrameWriter};
use weir::policy::{EngineSettings, PolicyRegistry, SharedPolicy, WasmEngine};
use weir_core::group_state::GroupState;
use weir_core::ids::NodeNo;
use weir_core::report::Report;
use weir_core::snapshot::Snapshot;
use weir_core::units::{DurationMs, UtcMs};

use at_work::{NOW, group};

const STEP: DurationMs = DurationMs::secs(10);
/// Before anything is counted an hour of history is there.
const WARM: u32 = 360;
/// Ten chains.
const COUNTED: u32 = 640;
const A_DAY: u32 = 8_640;

fn main() -> anyhow::Result<()> {
    let policy = threshold()?;
    for (nodes, budget) in [(100, 10.0), (1_000, 60.0)] {
        let (mut state, mut reports) = group(nodes);
        let mut random = SmallRng::seed_from_u64(7);
        let mut memory = Vec::new();
        let mut writer = FrameWriter::default();
        let (mut sizes, mut times, mut raw) = (Vec::new(), Vec::new(), 0);
        for step in 1..=WARM + COUNTED {
            let now = NOW + DurationMs(STEP.0 * u64::from(step));
            live_on(&mut state, &mut reports, &mut random, now);
            let snapshot = state.snapshot(step, now);
            let entry = decided(&policy, snapshot, &memory);
            memory = entry.attempts[0].answer.clone()?.state;
            let started = Instant::now();
            let packed = writer.pack(&entry, now.0)?;
            times.push(started.elapsed().as_secs_f64() * 1e6);
            if step > WARM {
                sizes.push(packed.frame.bytes.len());
                raw += postcard::to_stdvec(&entry)?.len();
            }
            writer.stored(packed);
        }
        let mean = sizes.iter().sum::<usize>() as f64 / sizes.len() as f64;
        println!(
            "{nodes} nodes: {mean:.0} bytes a decision ({:.0} unpacked), {:.1} MB a day at one in 10 s (budget {budget} MB); \
             packed in {:.0} us",
            raw as f64 / sizes.len() as f64,
            mean * f64::from(A_DAY) / 1e6,
            median::median(times)
        );
    }
    Ok(())
}

/// Every node reports: up to two in a hundred of its clients come or go.
fn live_on(state: &mut GroupState, reports: &mut [Report], random: &mut SmallRng, now: UtcMs) {
    for (no, report) in (1..).map(NodeNo).zip(reports) {
        let clients = report.client_count;
        let change = random.random_range(0..=clients / 50) + random.random_range(0..=1);
        let clients = match random.random::<bool>() {
            true => clients + change,
            false => clients.saturating_sub(change),
        };
        report.client_count = clients;
        report.subscriber_count = clients.saturating_sub(report.publisher_count);
        report.free_memory = report
            .free_memory
            .saturating_sub(u64::from(change) * 40_000);
        state.heard(no, &records::boot(), &[], now);
        state.reported(no, report, now);
    }
    state.record_demand(now);
}

/// As the server makes a decision.
fn decided(policy: &SharedPolicy, snapshot: Snapshot, memory: &[u8]) -> Entry {
    let outcome = policy.propose(&snapshot, "{}", memory);
    Entry {
        document: format!(
            r#"{{"at":{},"policy":"threshold","summary":"hold","fuel":{}}}"#,
            snapshot.now, outcome.fuel
        ),
        snapshot,
        attempts: vec![Attempt {
            policy: policy.name().to_owned(),
            digest: policy.digest().to_owned(),
            engine: policy.engine().to_owned(),
            settings: "{}".to_owned(),
            state: memory.to_vec(),
            fuel: outcome.fuel,
            micros: outcome.micros,
            answer: outcome.answer,
        }],
    }
}

fn threshold() -> anyhow::Result<SharedPolicy> {
    let registry = PolicyRegistry::new();
    registry.load_builtins(&WasmEngine::new(EngineSettings::default())?)?;
    registry
        .get("threshold")
        .ok_or_else(|| anyhow::anyhow!("threshold is built in"))
}
