//! Reports of nodes, against a bare handler that parses the same JSON into the same types and drops it.
//!
//! `cargo bench -p weir --no-default-features --bench ingest`: in process and over loopback, then what 1,000 reports a second take of a core.

#![expect(
    clippy::disallowed_methods,
    reason = "a bench paces its load by the machine's time"
)]
#![expect(clippy::print_stdout, reason = "a bench tells its figures")]

#[path = "support/bare.rs"]
mod bare;
#[path = "support/crowd.rs"]
mod crowd;
#[path = "support/figures.rs"]
mod figures;
#[path = "support/in_process.rs"]
mod in_process;
#[path = "support/line.rs"]
mod line;
#[path = "support/median.rs"]
mod median;
#[path = "support/meter.rs"]
mod meter;
#[path = "support/records.rs"]
mod records;
#[path = "support/server.rs"]
mod server;
#[path = "support/speaker.rs"]
mod speaker;
#[path = "support/volley.rs"]
mod volley;
#[path = "support/world.rs"]
mod world;

use std::time::{Duration, Instant};

use axum::Router;
use axum::body::{Body, Bytes};
use axum::http::Request;
use axum::http::header::CONTENT_TYPE;
use axum::response::IntoResponse;
use axum::routing::post;
use tokio::sync::mpsc;
use weir_cloud::clock::{Clock, SystemClock};
use weir_cloud::node_auth::{NODE_HEADER, NodeKey, SIGNATURE_HEADER, TIMESTAMP_HEADER};
use weir_core::report::Message;

use in_process::in_process;
use line::Line;
use median::median;
use meter::against_floor;
use records::Crew;
use server::{PASSWORD, Process};
use speaker::Speaker;
use volley::volley;
use world::World;

const PATH: &str = "/streammanager/cloudwatch";
const NODES: u32 = 1_000;
const LINES: usize = 8;
const ROUNDS: usize = 15;
/// How every answer starts.
const ACCEPTED: &str = r#"{"accepted":true"#;
/// Reports a line sends in one round.
const VOLLEY: usize = 500;

/// A report, signed and ready.
struct Letter {
    node: String,
    timestamp: String,
    signature: String,
    body: Vec<u8>,
}

fn letter(speaker: &mut Speaker) -> Letter {
    let body = serde_json::to_vec(&speaker.report(500)).expect("a report is JSON");
    let now = SystemClock.now();
    Letter {
        node: speaker.id.clone(),
        timestamp: now.to_string(),
        signature: NodeKey::derive(PASSWORD, &speaker.id).sign(&speaker.id, now, &body),
        body,
    }
}

impl Letter {
    fn request(self) -> Request<Body> {
        Request::post(PATH)
            .header(NODE_HEADER, self.node)
            .header(TIMESTAMP_HEADER, self.timestamp)
            .header(SIGNATURE_HEADER, self.signature)
            .header(CONTENT_TYPE, "application/json")
            .body(Body::from(self.body))
            .expect("the headers are text")
    }

    fn bytes(&self) -> Vec<u8> {
        let mut bytes = format!(
            "POST {PATH} HTTP/1.1\r\nHost: weir\r\n{NODE_HEADER}: {}\r\n{TIMESTAMP_HEADER}: {}\r\n{SIGNATURE_HEADER}: {}\r\n\
             Content-Type: application/json\r\nContent-Length: {}\r\n\r\n",
            self.node,
            self.timestamp,
            self.signature,
            self.body.len()
        )
        .into_bytes();
        bytes.extend_from_slice(&self.body);
        bytes
    }
}

/// Parses and drops; answers as many bytes as the server does.
async fn bare(body: Bytes) -> impl IntoResponse {
    const ANSWER: &str =
        r#"{"accepted":true,"commands":[],"reportingSpeed":10000,"time":1700000000000}"#;
    let message: Result<Message, _> = serde_json::from_slice(&body);
    assert!(message.is_ok_and(|message| message.envelope.v == 1));
    ([(CONTENT_TYPE, "application/json")], ANSWER)
}

fn main() -> anyhow::Result<()> {
    let process = Process::start()?;
    let crew = Crew {
        origins: 2,
        relays: 0,
        edges: NODES - 2,
        capacity: 2_000,
        room: 0,
    };
    let world = process
        .runtime
        .block_on(World::start(&[crew], mpsc::unbounded_channel().0))?;
    let nodes = &world.nodes[0];
    let parents = [&nodes[0], &nodes[1]];
    let mut speakers: Vec<Speaker> = nodes[2..]
        .iter()
        .map(|node| Speaker::new(node, &parents, 0..10))
        .collect();
    for speaker in &mut speakers {
        crowd::tell(&world.fleet, speaker, 500);
    }
    println!("a report has {} bytes", letter(&mut speakers[0]).body.len());
    let ours = process.service(&world)?;
    let floor = Router::new().route(PATH, post(bare));
    let speakers = std::cell::RefCell::new(speakers);
    let letters = || letters(&mut speakers.borrow_mut());
    against_floor(
        "ingest in process (no socket on either side)",
        ROUNDS,
        50,
        || in_process(&process, &floor, letters(), ACCEPTED),
        || in_process(&process, &ours, letters(), ACCEPTED),
    );
    let (floor, ours) = (bare::serve(&process, floor)?, process.serve_whole(ours)?);
    let mut floor_lines = lines(floor)?;
    let mut our_lines = lines(ours)?;
    let round = |lines: &mut Vec<Line>| {
        let requests = volleys(&mut speakers.borrow_mut());
        process.metrics.run_upkeep();
        volley(lines, &requests)
    };
    against_floor(
        "ingest over loopback, 8 connections",
        ROUNDS,
        50,
        || round(&mut floor_lines),
        || round(&mut our_lines),
    );
    for (whose, lines) in [("floor", &mut floor_lines), ("ours", &mut our_lines)] {
        steady(whose, &mut lines[0], &mut speakers.borrow_mut());
    }
    Ok(())
}

fn lines(address: std::net::SocketAddr) -> anyhow::Result<Vec<Line>> {
    Ok((0..LINES)
        .map(|_| Line::open(address))
        .collect::<Result<_, _>>()?)
}

/// Each line speaks for its own nodes, so that their reports stay in order.
fn volleys(speakers: &mut [Speaker]) -> Vec<Vec<Vec<u8>>> {
    speakers
        .chunks_mut(NODES as usize / LINES)
        .take(LINES)
        .map(|chunk| {
            (0..VOLLEY)
                .map(|at| letter(&mut chunk[at % (NODES as usize / LINES - 2)]).bytes())
                .collect()
        })
        .collect()
}

fn letters(speakers: &mut [Speaker]) -> Vec<Request<Body>> {
    (0..VOLLEY * LINES)
        .map(|at| letter(&mut speakers[at % (NODES as usize - 2)]).request())
        .collect()
}

/// 1,000 reports a second for some seconds over one connection: what the server takes of a core.
fn steady(whose: &str, line: &mut Line, speakers: &mut [Speaker]) {
    const PER_SECOND: usize = 1_000;
    let idle = share_of_core(|| std::thread::sleep(Duration::from_secs(3)));
    let mut shares = Vec::new();
    for _ in 0..5 {
        let count = speakers.len();
        let requests: Vec<Vec<u8>> = (0..PER_SECOND)
            .map(|at| letter(&mut speakers[at % count]).bytes())
            .collect();
        shares.push(share_of_core(|| {
            let start = Instant::now();
            for (at, request) in requests.iter().enumerate() {
                let due = Duration::from_micros(at as u64 * 1_000_000 / PER_SECOND as u64);
                std::thread::sleep(due.saturating_sub(start.elapsed()));
                line.ask(request).expect("the bench's server answers 200");
            }
        }));
    }
    println!(
        "1,000 reports/s from {NODES} nodes over one connection, {whose}: {:.1} % of a core (budget 10 %); idle {:.1} %",
        median(shares) * 100.0,
        idle * 100.0
    );
}

/// The server's share of a core meanwhile: the process without this thread.
fn share_of_core(work: impl FnOnce()) -> f64 {
    let (wall, cpu, own) = (Instant::now(), meter::process_cpu(), volley::thread_cpu());
    work();
    let server = (meter::process_cpu() - cpu).saturating_sub(volley::thread_cpu() - own);
    server.as_secs_f64() / wall.elapsed().as_secs_f64()
}
