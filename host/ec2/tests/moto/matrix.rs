//! The story of a whole server on EC2, killed between two steps of the store and the cloud, with each store.

use std::path::PathBuf;
use std::sync::Arc;

use async_trait::async_trait;
use weir_tests::Options;
use weir_tests::mariadb::MariaDb;
use weir_tests::matrix::{Points, Servers, Worlds, survives};
use weir_tests::mortal::{Ec2Sky, Ground, MortalStage};

/// Worlds at once: each has an EC2 of its own, which takes more of a core than the rest of the world.
const AT_ONCE: usize = 2;
/// Simulated time goes so many times as fast: a launch is five calls of some 50 ms real time each.
const SPEED: u32 = 15;

pub struct OnEc2(Servers);

impl OnEc2 {
    /// Worlds whose servers keep their records in files, or in databases.
    pub fn with(databases: Option<MariaDb>) -> Self {
        Self(Servers::new(&server(), databases))
    }

    /// A world with other settings.
    pub async fn world_of(&self, options: Options) -> MortalStage<Ec2Sky> {
        let ground = Ground::new(SPEED);
        let sky = Ec2Sky::over(&ground, options.cloud).await;
        MortalStage::new(ground, sky, &self.0.program().await, options.config)
    }
}

#[async_trait]
impl Worlds for OnEc2 {
    type Sky = Ec2Sky;

    async fn world(&self) -> MortalStage<Ec2Sky> {
        self.world_of(Options::brisk()).await
    }
}

/// The example `mortal_weir` of this package, which Cargo builds before tests run.
fn server() -> String {
    let test = std::env::current_exe().expect("a running program has a path");
    let profile: PathBuf = test.ancestors().skip(2).take(1).collect();
    let server = profile.join("examples/mortal_weir");
    assert!(server.exists(), "{} is not built", server.display());
    server.display().to_string()
}

async fn with(databases: Option<MariaDb>) {
    // All points take a quarter of an hour; `tests/full` asks for them.
    let which = match std::env::var_os("WEIR_MATRIX_ALL") {
        Some(_) => Points::All,
        None => Points::OneOfEachKind,
    };
    let worlds = OnEc2::with(databases);
    survives(Arc::new(worlds), which, AT_ONCE).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_story_on_ec2_survives_kills() {
    with(None).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_story_on_ec2_and_mysql_survives_kills() {
    with(Some(MariaDb::start().await)).await;
}
