//! The matrix: the tutorial's story with the server in a process of its own, killed by SIGKILL at every point between two
//! steps of the store and the cloud, under any sky and on any store. It must come to the same end each time.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use async_trait::async_trait;
use futures_util::{StreamExt, stream};
use tempfile::TempDir;
use tokio::sync::Mutex;

use crate::mariadb::MariaDb;
use crate::mortal::{MortalStage, Program, Sky};
use crate::stage::Stage;
use crate::story::{Pace, Step, Story};

/// A point that a run does not pass is tried so often: runs differ in what they store together.
const TRIES: u32 = 3;
/// Instances of the story: an origin, a relay, and two edges.
const LAUNCHED: usize = 4;

/// Makes worlds for the story, each as fresh as the first day.
#[async_trait]
pub trait Worlds: Send + Sync + 'static {
    /// The cloud of a world.
    type Sky: Sky + 'static;

    /// One more.
    async fn world(&self) -> MortalStage<Self::Sky>;
}

/// What the servers of all worlds share.
pub struct Servers {
    path: String,
    cache: TempDir,
    /// A database of its own for each; `None`: each has its file.
    databases: Option<Mutex<MariaDb>>,
}

impl Servers {
    /// Of the program at `path`, with its records in a file or in a database.
    pub fn new(path: &str, databases: Option<MariaDb>) -> Self {
        Self {
            path: path.to_owned(),
            cache: tempfile::tempdir().unwrap(),
            databases: databases.map(Mutex::new),
        }
    }

    /// One more, with an empty store.
    pub async fn program(&self) -> Program {
        let store = match &self.databases {
            Some(server) => server.lock().await.database().await,
            None => "sqlite:".to_owned(),
        };
        Program {
            path: self.path.as_str().into(),
            store,
            cache: self.cache.path().to_str().unwrap().to_owned(),
        }
    }
}

/// Which points somebody dies at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Points {
    /// All of them.
    All,
    /// The first of each kind: before and after each verb.
    OneOfEachKind,
}

fn pace() -> Pace {
    Pace {
        tries: 10,
        ..Pace::brisk()
    }
}

/// Tells the story; the server dies at the point, if it passes it. Answers whether it did.
async fn told<S: Sky>(stage: &MortalStage<S>, die_at: Option<&str>) -> bool {
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
    story.converged(stage).await;
    let launched = stage.sky.launched().await;
    if launched.len() != LAUNCHED {
        let report = stage.report().await;
        panic!("{launched:#?} were launched, dying {die_at:?}\n{report}");
    }
    died
}

/// Dies at the point; `false`: no run passed it.
async fn dies_at(point: &str, worlds: &impl Worlds) -> bool {
    for _ in 0..TRIES {
        if told(&worlds.world().await, Some(point)).await {
            return true;
        }
    }
    false
}

fn chosen(mut points: Vec<String>, which: Points) -> Vec<String> {
    if which == Points::OneOfEachKind {
        let mut kinds = BTreeSet::new();
        points.retain(|point| kinds.insert(kind(point)));
    }
    points
}

/// The kind of a point: before or after which verb.
fn kind(point: &str) -> String {
    point.split(' ').take(2).collect::<Vec<_>>().join(" ")
}

/// Tells the story once undisturbed, and then once for each point with a death at it, `at_once` of them at a time.
/// Prints points and deaths.
///
/// # Panics
/// A telling ends otherwise, or too few points were met again.
#[expect(
    clippy::print_stdout,
    reason = "the points and the deaths are what the matrix tells"
)]
pub async fn survives<W: Worlds>(worlds: Arc<W>, which: Points, at_once: usize) {
    let first = worlds.world().await;
    assert!(!told(&first, None).await);
    let points = chosen(first.passed(), which);
    drop(first);
    println!("{} points:\n  {}", points.len(), points.join("\n  "));
    let runs = points.iter().map(|point| {
        let (point, worlds) = (point.clone(), worlds.clone());
        tokio::spawn(async move { (dies_at(&point, worlds.as_ref()).await, point) })
    });
    let met: Vec<(bool, String)> = stream::iter(runs)
        .buffer_unordered(at_once)
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
