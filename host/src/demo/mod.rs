//! `weir demo`: the whole story in fast motion. A real server on a simulated cloud, the calls of the tutorial over real
//! HTTP, then an audience that comes and goes like that of a recorded event, and the group that follows it.
//!
//! The caller starts the server and hands it over as a [`DemoServer`]; this module only speaks to it as any client
//! would. What is shown comes from its API, the viewers' side from the simulation.

#![expect(
    clippy::disallowed_methods,
    reason = "the show runs before people: in real time, not on the simulated clock"
)]

mod api;
mod calls;
mod command;
mod lines;
mod picture;
mod screen;
mod show;
mod summary;
mod words;

use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;
use weir_cloud::audience::{Crowd, CrowdSettings, DemandCurve, Publisher};
use weir_cloud::clock::SharedClock;
use weir_cloud::simulated::{BootTime, SimulatedCloud, SimulatedSettings};
use weir_core::stream::StreamName;
use weir_core::units::DurationMs;

use api::Api;
pub use command::command;
pub use summary::Summary;

/// Pace of the simulated clock: a reporting period of 10 s lasts a quarter of a second, the recorded evening 12.5 s.
pub const SPEED: u32 = 40;
/// The recorded evening is played in so much simulated time, over and over.
const EVENING: DurationMs = DurationMs::secs(500);
/// Viewers at its height: eight edges at their threshold.
const PEAK_VIEWERS: f64 = 96.0;
/// Loopback addresses that the viewers come from, so that the limit per client address is not the story.
const CLIENT_ADDRESSES: u8 = 32;

/// A recorded evening, seconds and viewers.
const TRACE: &str = include_str!("trace.csv");

/// How the demo is to run.
#[derive(Debug, Clone, Default)]
pub struct DemoOptions {
    /// Ends by itself after so much real time; `None`: runs until Ctrl-C.
    pub length: Option<Duration>,
    /// Plain lines even on a terminal.
    pub plain: bool,
}

/// The server that is shown.
pub struct DemoServer {
    /// Where it listens, without path (`http://127.0.0.1:5080`).
    pub base_url: String,
    /// Its administrator token. Printed: the demo's server lives as long as the demo and listens on this machine only.
    pub token: String,
    /// The cloud it runs on.
    pub cloud: Arc<SimulatedCloud>,
    /// The clock that the server and the cloud share.
    pub clock: SharedClock,
}

/// The simulated cloud of the demo. Boots take their real time, which the clock makes short.
pub fn cloud_settings(cluster_password: &str) -> SimulatedSettings {
    let mut settings = SimulatedSettings {
        boot: BootTime {
            median: DurationMs::secs(35),
            p95: DurationMs::secs(60),
            running_percent: 40,
        },
        ending: DurationMs::secs(10),
        ..SimulatedSettings::default()
    };
    cluster_password.clone_into(&mut settings.nodes.cluster_password);
    settings
}

/// Runs the demo to its end: the options' length, Ctrl-C, or `q` on the screen.
///
/// # Errors
/// When a call of the story is refused, when the group does not come up, or when the server stops answering.
pub async fn run(options: DemoOptions, server: DemoServer) -> anyhow::Result<Summary> {
    let started = tokio::time::Instant::now();
    server.cloud.set_manager(&server.base_url);
    let mut summary = Summary::default();
    // Whatever ends first drops the rest: the audience goes home, the terminal is restored.
    tokio::select! {
        ended = story(&options, &server, started, &mut summary) => ended?,
        () = interrupted() => {}
        () = until(options.length.map(|length| started + length)) => {}
    }
    lines::closing(&summary)?;
    Ok(summary)
}

async fn story(
    options: &DemoOptions,
    server: &DemoServer,
    started: Instant,
    summary: &mut Summary,
) -> anyhow::Result<()> {
    let api = Api::new(&server.base_url, &server.token)?;
    let group = calls::tell(&api).await?;
    calls::until_served(&api, &group).await?;
    lines::invitation(&api, &group)?;
    let publisher = Publisher::start(&server.cloud, stream())?;
    calls::until_published(&api).await?;
    let stage = show::Stage {
        audience: &Audience::start(server, publisher)?,
        api: &api,
        group: &group,
        server,
        started,
    };
    show::play(&stage, options.plain, summary).await
}

async fn until(moment: Option<Instant>) {
    match moment {
        Some(moment) => tokio::time::sleep_until(moment).await,
        None => std::future::pending().await,
    }
}

async fn interrupted() {
    // Without a handler there is nothing to wait for: the system's own way of ending the process stays.
    if tokio::signal::ctrl_c().await.is_err() {
        std::future::pending::<()>().await;
    }
}

/// The stream of the show.
fn stream() -> StreamName {
    StreamName::new("live", "show")
}

/// The publisher and the viewers.
struct Audience {
    publisher: Publisher,
    crowd: Crowd,
}

impl Audience {
    fn start(server: &DemoServer, publisher: Publisher) -> anyhow::Result<Self> {
        let demand = DemandCurve::from_csv(TRACE)?.stretched(EVENING, PEAK_VIEWERS);
        let settings = CrowdSettings {
            stream: stream(),
            demand,
            session_median: DurationMs::secs(45),
            session_p95: DurationMs::secs(120),
            seed: 2018,
            addresses: client_addresses(),
        };
        Ok(Self {
            publisher,
            crowd: Crowd::start(&server.cloud, settings)?,
        })
    }
}

/// Linux answers on the whole of 127/8, some systems on 127.0.0.1 only.
fn client_addresses() -> u8 {
    match std::net::TcpListener::bind("127.192.0.1:0") {
        Ok(_) => CLIENT_ADDRESSES,
        Err(_) => 0,
    }
}

#[cfg(test)]
mod tests;
