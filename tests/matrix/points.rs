//! Every point of the story on the simulated cloud, with each store.

#![expect(
    clippy::print_stdout,
    reason = "the points and the deaths are what the matrix tells"
)]

use std::collections::BTreeMap;
use std::sync::Arc;

use futures_util::{StreamExt, stream};
use tokio::sync::Mutex;
use weir_tests::Options;
use weir_tests::mariadb::MariaDb;
use weir_tests::mortal::{Ground, MortalStage, Program, SimulatedSky};
use weir_tests::story::{Pace, Step, Story};

const PROGRAM: &str = env!("CARGO_BIN_EXE_mortal-weir");
/// Worlds at once: most of their time is waiting.
const AT_ONCE: usize = 4;
/// A point that a run does not pass is tried so often: runs differ in what they store together.
const TRIES: u32 = 3;

fn pace() -> Pace {
    Pace {
        tries: 10,
        ..Pace::brisk()
    }
}

/// Simulated time goes so many times as fast.
const SPEED: u32 = 40;

/// What worlds share.
struct Shared {
    /// Compiled policies.
    cache: tempfile::TempDir,
    /// A database of its own for each world; `None`: each has its file.
    databases: Option<Mutex<MariaDb>>,
}

impl Shared {
    fn new(databases: Option<MariaDb>) -> Arc<Self> {
        Arc::new(Self {
            cache: tempfile::tempdir().expect("a folder for compiled policies"),
            databases: databases.map(Mutex::new),
        })
    }

    async fn world(&self) -> MortalStage<SimulatedSky> {
        let store = match &self.databases {
            Some(server) => server.lock().await.database().await,
            None => "sqlite:".to_owned(),
        };
        let cache = self.cache.path().to_str().expect("paths here are text");
        let program = Program {
            path: PROGRAM.into(),
            store,
            cache: cache.to_owned(),
        };
        let options = Options::brisk();
        let ground = Ground::new(SPEED);
        let sky = SimulatedSky::over(&ground, options.cloud).await;
        MortalStage::new(ground, sky, &program, options.config)
    }
}

/// Tells the story; the server dies at the point, if it passes it. Answers whether it did.
async fn told(stage: &MortalStage<SimulatedSky>, die_at: Option<&str>) -> bool {
    stage.start_server(die_at).await;
    let mut story = Story::new(pace());
    let mut died = false;
    for step in Step::ALL {
        loop {
            tokio::select! {
                () = story.tell(stage, step) => break,
                () = stage.killed() => {}
            }
            assert!(!died, "it was to die once, at {die_at:?}");
            died = true;
            stage.start_server(None).await;
        }
    }
    story.ended_well(stage).await;
    let launches = stage.sky.script.launch_calls().len();
    assert_eq!(launches, 4, "identifiers, dying {die_at:?}");
    died
}

/// Dies at the point; `false`: no run passed it.
async fn dies_at(point: &str, shared: &Shared) -> bool {
    for _ in 0..TRIES {
        if told(&shared.world().await, Some(point)).await {
            return true;
        }
    }
    false
}

/// The kind of a point: before or after which verb.
fn kind(point: &str) -> String {
    point.split(' ').take(2).collect::<Vec<_>>().join(" ")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_story_survives_a_kill_at_every_point() {
    survives(&Shared::new(None)).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_story_on_mysql_survives_a_kill_at_every_point() {
    survives(&Shared::new(Some(MariaDb::start().await))).await;
}

async fn survives(shared: &Arc<Shared>) {
    let first = shared.world().await;
    assert!(!told(&first, None).await);
    let points = first.passed();
    drop(first);
    println!("{} points:\n  {}", points.len(), points.join("\n  "));
    let runs = points.iter().map(|point| {
        let (point, shared) = (point.clone(), shared.clone());
        tokio::spawn(async move { (dies_at(&point, &shared).await, point) })
    });
    let met: Vec<(bool, String)> = stream::iter(runs)
        .buffer_unordered(AT_ONCE)
        .map(|run| run.expect("a run ended"))
        .collect()
        .await;
    let mut deaths: BTreeMap<String, (u32, u32)> = BTreeMap::new();
    for (died, point) in &met {
        let (deaths, all) = deaths.entry(kind(point)).or_default();
        *deaths += u32::from(*died);
        *all += 1;
    }
    println!("deaths, of points:");
    for (kind, (died, all)) in &deaths {
        println!("{died:>4} of {all:>3} {kind}");
        assert!(*died > 0, "nobody died {kind}");
    }
    let died = met.iter().filter(|(died, _)| *died).count();
    println!("{died} deaths at {} points", points.len());
    assert!(
        died * 10 >= points.len() * 9,
        "too few points were met again"
    );
}
