//! "Which edge?" over HTTP with the decision log on, against a bare handler that answers the same bytes.
//!
//! `cargo bench -p weir --no-default-features --bench http_select`: 10, 100 and 1,000 edges, all of which carry the stream over a link to its
//! origin; their reports come in meanwhile.

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

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::http::Request;
use axum::http::header::CONTENT_TYPE;
use axum::routing::get;
use tokio::sync::mpsc;
use weir::fleet::Fleet;

use in_process::in_process;
use line::Line;
use meter::against_floor;
use records::Crew;
use server::Process;
use speaker::Speaker;
use volley::volley;
use world::World;

const PATH: &str = "/streammanager/api/4.0/event/live/stream-0?action=subscribe";
const LINES: usize = 8;
const ROUNDS: usize = 15;
/// Questions a line asks in one round.
const VOLLEY: usize = 1_000;
/// So many clients that no node is ever full: rounds ask as fast as they can.
const CAPACITY: u32 = 1_000_000;

fn main() -> anyhow::Result<()> {
    let process = Process::start()?;
    for edges in [10, 100, 1_000] {
        compare(&process, edges)?;
    }
    Ok(())
}

fn compare(process: &Process, edges: u32) -> anyhow::Result<()> {
    let crew = Crew {
        origins: 1,
        relays: 0,
        edges,
        capacity: CAPACITY,
        room: 0,
    };
    let launches = mpsc::unbounded_channel().0;
    let world = process.runtime.block_on(World::start(&[crew], launches))?;
    let (origin, edge_nodes) = world.nodes[0].split_at(1);
    let linked = edge_nodes
        .iter()
        .map(|edge| Speaker::new(edge, &[&origin[0]], 0..1));
    let speakers: Vec<Speaker> = std::iter::once(Speaker::new(&origin[0], &[], 0..1))
        .chain(linked)
        .collect();
    let reporting = process
        .runtime
        .spawn(report(world.fleet.clone(), speakers, edges));
    std::thread::sleep(Duration::from_secs(2));
    let ours = process.service(&world)?;
    let ours_at = process.serve_whole(ours.clone())?;
    let bytes = answer(&mut Line::open(ours_at)?)?;
    let bare = move || {
        let bytes = bytes.clone();
        async move { ([(CONTENT_TYPE, "application/json")], bytes) }
    };
    let floor = Router::new().route("/streammanager/api/4.0/event/{*path}", get(bare));
    against_floor(
        &format!("{edges} edges, in process (no socket on either side)"),
        ROUNDS,
        70,
        || in_process(process, &floor, questions(), "{"),
        || in_process(process, &ours, questions(), "{"),
    );
    let mut floor_lines = lines(bare::serve(process, floor)?)?;
    let mut our_lines = lines(ours_at)?;
    let request = format!("GET {PATH} HTTP/1.1\r\nHost: weir\r\n\r\n").into_bytes();
    let requests = vec![vec![request; VOLLEY]; LINES];
    let round = |lines: &mut Vec<Line>| {
        process.metrics.run_upkeep();
        volley(lines, &requests)
    };
    against_floor(
        &format!("{edges} edges, over loopback, {LINES} connections"),
        ROUNDS,
        70,
        || round(&mut floor_lines),
        || round(&mut our_lines),
    );
    reporting.abort();
    Ok(())
}

/// Every node once a second up to 100 edges, above that each ten seconds, as shipped.
async fn report(fleet: Arc<Fleet>, mut speakers: Vec<Speaker>, edges: u32) {
    speakers
        .iter_mut()
        .for_each(|speaker| crowd::tell(&fleet, speaker, 100));
    let period = Duration::from_secs(if edges > 100 { 10 } else { 1 });
    let mut ticks = tokio::time::interval(period / (edges + 1));
    for turn in 0_usize.. {
        ticks.tick().await;
        let at = turn % speakers.len();
        crowd::tell(&fleet, &mut speakers[at], 100 + (turn % 7) as u32);
    }
}

/// The body of one real answer.
fn answer(line: &mut Line) -> anyhow::Result<String> {
    let request = format!("GET {PATH} HTTP/1.1\r\nHost: weir\r\n\r\n");
    let answer = String::from_utf8(line.ask(request.as_bytes())?.to_vec())?;
    let (_, body) = answer
        .split_once("\r\n\r\n")
        .ok_or_else(|| anyhow::anyhow!("an answer without a body"))?;
    Ok(body.to_owned())
}

fn lines(address: std::net::SocketAddr) -> anyhow::Result<Vec<Line>> {
    Ok((0..LINES)
        .map(|_| Line::open(address))
        .collect::<Result<_, _>>()?)
}

fn questions() -> Vec<Request<Body>> {
    let question = || {
        Request::get(PATH)
            .body(Body::empty())
            .expect("the path is a path")
    };
    (0..VOLLEY * LINES).map(|_| question()).collect()
}
