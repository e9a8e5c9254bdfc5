//! Every point of the story on the simulated cloud, with each store.

use std::sync::Arc;

use async_trait::async_trait;
use weir_tests::Options;
use weir_tests::mariadb::MariaDb;
use weir_tests::matrix::{Points, Servers, Worlds, survives};
use weir_tests::mortal::{Ground, MortalStage, SimulatedSky};

const PROGRAM: &str = env!("CARGO_BIN_EXE_mortal-weir");
/// Worlds at once: most of their time is waiting.
const AT_ONCE: usize = 4;
/// Simulated time goes so many times as fast.
const SPEED: u32 = 40;

struct Simulated(Servers);

#[async_trait]
impl Worlds for Simulated {
    type Sky = SimulatedSky;

    async fn world(&self) -> MortalStage<SimulatedSky> {
        let options = Options::brisk();
        let ground = Ground::new(SPEED);
        let sky = SimulatedSky::over(&ground, options.cloud).await;
        MortalStage::new(ground, sky, &self.0.program().await, options.config)
    }
}

async fn with(databases: Option<MariaDb>) {
    let worlds = Simulated(Servers::new(PROGRAM, databases));
    survives(Arc::new(worlds), Points::All, AT_ONCE).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_story_survives_a_kill_at_every_point() {
    with(None).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_story_on_mysql_survives_a_kill_at_every_point() {
    with(Some(MariaDb::start().await)).await;
}
