//! 10,000 nodes and 100,000 streams in one group: memory, and what the same number of reports costs there and in a
//! group of 100.
//!
//! `cargo bench -p weir --no-default-features --bench scale`

#![expect(
    clippy::disallowed_methods,
    reason = "a bench paces its load by the machine's time"
)]
#![expect(clippy::print_stdout, reason = "a bench tells its figures")]

#[path = "support/crowd.rs"]
mod crowd;
#[path = "support/figures.rs"]
mod figures;
#[path = "support/median.rs"]
mod median;
#[path = "support/records.rs"]
mod records;
#[path = "support/speaker.rs"]
mod speaker;
#[path = "support/world.rs"]
mod world;

use std::time::{Duration, Instant};

use rustix::time::{ClockId, clock_gettime};
use tokio::runtime::{Builder, Runtime};
use tokio::sync::mpsc;

use median::median;
use records::Crew;
use speaker::Speaker;
use world::World;

/// Reports a second: 10,000 nodes at the shipped period of ten seconds.
const PER_SECOND: u32 = 1_000;
const SECONDS: usize = 7;

fn main() -> anyhow::Result<()> {
    let runtime = Builder::new_multi_thread().enable_all().build()?;
    let small = Crew {
        origins: 2,
        relays: 0,
        edges: 98,
        capacity: 2_000,
        room: 0,
    };
    let large = Crew {
        origins: 100,
        relays: 100,
        edges: 9_800,
        ..small
    };
    println!("empty process: {} MiB resident", resident_mib());
    at_work(&runtime, &small, 10)?;
    at_work(&runtime, &large, 1_000)
}

/// Every origin publishes its streams, every edge pulls ten of them.
fn at_work(runtime: &Runtime, crew: &Crew, per_origin: u32) -> anyhow::Result<()> {
    let launches = mpsc::unbounded_channel().0;
    let world = runtime.block_on(World::start(&[*crew], launches))?;
    let mut speakers = speakers(&world, crew, per_origin);
    let bytes: usize = serde_json::to_vec(&speakers[crew.origins as usize].report(1))?.len();
    let started = Instant::now();
    for turn in 0..3 {
        for speaker in &mut speakers {
            crowd::tell(&world.fleet, speaker, 500 + turn);
        }
    }
    std::thread::sleep(Duration::from_secs(3));
    let stored = runtime.block_on(world.store.groups())?;
    anyhow::ensure!(stored[0].nodes.len() == speakers.len(), "nobody is lost");
    drop(stored);
    let (nodes, streams) = (speakers.len(), crew.origins * per_origin);
    println!(
        "{nodes} nodes, {streams} streams: {} MiB resident (budget 1024 MiB); three rounds of reports in {:.1} s",
        resident_mib(),
        started.elapsed().as_secs_f64() - 3.0
    );
    let idle = share_of_core(|| std::thread::sleep(Duration::from_secs(4)));
    // Edges alone: one report is as large in both groups.
    let edges = &mut speakers[(crew.origins + crew.relays) as usize..];
    let count = edges.len();
    let mut shares = Vec::new();
    let mut told = Vec::new();
    let mut next = 0;
    for _ in 0..SECONDS {
        let reports: Vec<_> = (0..PER_SECOND)
            .map(|_| {
                next += 1;
                let clients = 500 + (next as u32 % 5);
                let speaker = &mut edges[next % count];
                (speaker.id.clone(), speaker.report(clients))
            })
            .collect();
        let mut telling = Duration::ZERO;
        shares.push(share_of_core(|| telling = pace(&world, reports)));
        told.push(telling.as_secs_f64() * 1e6 / f64::from(PER_SECOND));
    }
    println!(
        "{nodes} nodes, {PER_SECOND} reports/s of {bytes} bytes past HTTP: taking one {:.1} us; passes and views {:.1} % of a \
         core, without reports {:.1} %",
        median(told),
        median(shares) * 100.0,
        idle * 100.0
    );
    Ok(())
}

fn speakers(world: &World, crew: &Crew, per_origin: u32) -> Vec<Speaker> {
    let nodes = &world.nodes[0];
    let (origins, relays) = (crew.origins as usize, crew.relays as usize);
    let all: Vec<_> = nodes[..origins].iter().collect();
    let streams = crew.origins * per_origin;
    nodes
        .iter()
        .zip(0_u32..)
        .map(|(node, at)| match at as usize {
            place if place < origins => {
                Speaker::new(node, &[], at * per_origin..(at + 1) * per_origin)
            }
            place if place < origins + relays => Speaker::new(node, &all, 0..0),
            place if relays > 0 => {
                let relay = &nodes[origins + place % relays];
                let first = at * 10 % streams;
                Speaker::new(node, &[relay], first..first + 10)
            }
            _ => Speaker::new(node, &all, 0..10),
        })
        .collect()
}

/// Gives the reports to the fleet, evenly over a second; how much processor time that took of this thread.
fn pace(world: &World, reports: Vec<(String, weir_core::report::Message)>) -> Duration {
    let start = Instant::now();
    let mut spent = Duration::ZERO;
    for (at, (id, report)) in (0_u32..).zip(reports) {
        let due = Duration::from_secs(1) * at / PER_SECOND;
        std::thread::sleep(due.saturating_sub(start.elapsed()));
        let before = cpu(ClockId::ThreadCPUTime);
        crowd::give(&world.fleet, id, report);
        spent += cpu(ClockId::ThreadCPUTime) - before;
    }
    spent
}

/// What all threads but this one take of a core meanwhile.
fn share_of_core(work: impl FnOnce()) -> f64 {
    let (wall, all, own) = (
        Instant::now(),
        cpu(ClockId::ProcessCPUTime),
        cpu(ClockId::ThreadCPUTime),
    );
    work();
    let all = cpu(ClockId::ProcessCPUTime) - all;
    let others = all.saturating_sub(cpu(ClockId::ThreadCPUTime) - own);
    others.as_secs_f64() / wall.elapsed().as_secs_f64()
}

fn cpu(clock: ClockId) -> Duration {
    let time = clock_gettime(clock);
    Duration::new(
        time.tv_sec.unsigned_abs(),
        time.tv_nsec.unsigned_abs() as u32,
    )
}

fn resident_mib() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let kib = line.and_then(|rest| rest.split_whitespace().next()?.parse::<u64>().ok());
    kib.unwrap_or(0) / 1024
}
