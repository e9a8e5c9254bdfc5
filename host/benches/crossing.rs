//! From the report that takes a group over its threshold to the moment the cloud is asked for one more node. The
//! intent is stored before: on disk, by SQLite.
//!
//! `cargo bench -p weir --no-default-features --bench crossing`: over loopback, signed, real clock.

#![expect(
    clippy::disallowed_methods,
    reason = "a bench paces its load by the machine's time"
)]
#![expect(clippy::print_stdout, reason = "a bench tells its figures")]

#[path = "support/crowd.rs"]
mod crowd;
#[path = "support/figures.rs"]
mod figures;
#[path = "support/line.rs"]
mod line;
#[path = "support/median.rs"]
mod median;
#[path = "support/records.rs"]
mod records;
#[path = "support/server.rs"]
mod server;
#[path = "support/speaker.rs"]
mod speaker;
#[path = "support/world.rs"]
mod world;

use std::time::{Duration, Instant};

use anyhow::Context;
use tokio::sync::mpsc;
use weir_cloud::clock::{Clock, SystemClock};
use weir_cloud::node_auth::{NODE_HEADER, NodeKey, SIGNATURE_HEADER, TIMESTAMP_HEADER};
use weir_core::node::NodeState;

use line::Line;
use median::median;
use records::Crew;
use server::{PASSWORD, Process};
use speaker::Speaker;
use world::World;

const PATH: &str = "/streammanager/cloudwatch";
/// Clients of an edge.
const CAPACITY: u32 = 100;
/// Longer than any crossing that is still one.
const PATIENCE: Duration = Duration::from_secs(10);

fn main() -> anyhow::Result<()> {
    let process = Process::start()?;
    for (edges, groups) in [(10, 40), (1_000, 8), (9_999, 3)] {
        cross(&process, edges, groups)?;
    }
    Ok(())
}

fn cross(process: &Process, edges: u32, groups: usize) -> anyhow::Result<()> {
    let crew = Crew {
        origins: 1,
        relays: 0,
        edges,
        capacity: CAPACITY,
        room: 1,
    };
    let (launches, mut launched) = mpsc::unbounded_channel();
    let crews = vec![crew; groups];
    let world = process.runtime.block_on(World::start(&crews, launches))?;
    let mut crowds: Vec<Vec<Speaker>> = Vec::new();
    for nodes in &world.nodes {
        let speak = |node| Speaker::new(node, &[&nodes[0]], 0..1);
        let mut speakers: Vec<Speaker> = nodes.iter().map(speak).collect();
        for speaker in &mut speakers {
            crowd::tell(&world.fleet, speaker, CAPACITY * 60 / 100);
        }
        crowds.push(speakers);
    }
    // Exactly at the threshold: the next client is one too many. First decisions and first views are over by then.
    std::thread::sleep(Duration::from_millis(
        3_000 + u64::from(edges) * groups as u64 / 5,
    ));
    anyhow::ensure!(launched.try_recv().is_err(), "nobody crossed anything yet");
    let mut line = Line::open(process.serve_whole(process.service(&world)?)?)?;
    let mut waits = Vec::new();
    for speakers in &mut crowds {
        let report = signed(&mut speakers[1])?;
        let sent = Instant::now();
        line.ask(&report)?;
        let asked = async { tokio::time::timeout(PATIENCE, launched.recv()).await };
        let (_, asked) = process
            .runtime
            .block_on(asked)?
            .context("the fleet ended")?;
        waits.push((asked - sent).as_secs_f64() * 1e3);
    }
    let stored = process.runtime.block_on(world.store.groups())?;
    let pending = stored
        .iter()
        .flat_map(|group| &group.nodes)
        .filter(|node| node.state == NodeState::Pending);
    anyhow::ensure!(pending.count() == groups, "every intent is stored");
    let worst = waits.iter().copied().fold(0.0, f64::max);
    println!(
        "crossing in a group of {} nodes: {:.1} ms to the cloud (median of {groups}, worst {worst:.1} ms; budget 50 ms)",
        edges + 1,
        median(waits)
    );
    Ok(())
}

fn signed(speaker: &mut Speaker) -> anyhow::Result<Vec<u8>> {
    let body = serde_json::to_string(&speaker.report(CAPACITY))?;
    let (id, now) = (&speaker.id, SystemClock.now());
    let signature = NodeKey::derive(PASSWORD, id).sign(id, now, body.as_bytes());
    Ok(format!(
        "POST {PATH} HTTP/1.1\r\nHost: weir\r\n{NODE_HEADER}: {id}\r\n{TIMESTAMP_HEADER}: {now}\r\n{SIGNATURE_HEADER}: {signature}\r\n\
         Content-Length: {}\r\n\r\n{body}",
        body.len()
    )
    .into_bytes())
}
