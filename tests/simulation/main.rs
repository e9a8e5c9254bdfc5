//! Simulation: random histories of a whole server. Viewers, publishers and operators come and go, nodes, cloud and store
//! fail, the server is killed and started again; after each step and in between the laws are looked at, and in the end
//! everything has to come to rest.
//!
//! A history follows from its seed, but for the moments at which the server's own tasks run. Its steps are told when it
//! fails. `WEIR_SIMULATION_SEED=7` plays one history, `WEIR_SIMULATION_RUNS=100` so many new ones.

#![expect(
    clippy::print_stdout,
    reason = "which histories were played is what a long run tells"
)]

mod history;
mod laws;
mod records;
mod replays;
mod steps;
mod trouble;

use history::History;

/// Steps after those in which every kind came once.
const MORE: usize = 22;

/// Plays the history of a seed.
async fn play(seed: u64) {
    let mut history = History::begin(seed).await;
    for step in steps::drawn(seed, MORE) {
        if let Err(what) = history.go(step).await {
            fail(seed, &history, &what).await;
        }
    }
    if let Err(what) = history.comes_to_rest().await {
        fail(seed, &history, &what).await;
    }
    println!("history {seed}: {}", history.end().await);
}

async fn fail(seed: u64, history: &History, what: &str) -> ! {
    let told = history.told.join("\n");
    let stands = history.server.describe().await;
    panic!("{what}\nseed {seed}: WEIR_SIMULATION_SEED={seed} plays it again\n{told}\n{stands}");
}

fn number(variable: &str) -> Option<u64> {
    let text = std::env::var(variable).ok()?;
    Some(
        text.parse()
            .unwrap_or_else(|_| panic!("{variable} must be a whole number, not {text:?}")),
    )
}

macro_rules! histories {
    ($($name:ident $seed:literal)*) => {$(
        #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
        async fn $name() {
            play($seed).await;
        }
    )*};
}

histories! {
    history_1_keeps_the_laws 1
    history_2_keeps_the_laws 2
    history_3_keeps_the_laws 3
    history_4_keeps_the_laws 4
    history_5_keeps_the_laws 5
    history_6_keeps_the_laws 6
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "plays what WEIR_SIMULATION_SEED or WEIR_SIMULATION_RUNS asks for"]
async fn histories_that_were_asked_for_keep_the_laws() {
    let (seed, runs) = (
        number("WEIR_SIMULATION_SEED"),
        number("WEIR_SIMULATION_RUNS"),
    );
    assert!(
        seed.is_some() || runs.is_some(),
        "set WEIR_SIMULATION_SEED to a history, or WEIR_SIMULATION_RUNS to how many new ones are to be played"
    );
    let first = rand::random_range(1_000..u64::from(u32::MAX));
    for seed in seed.into_iter().chain(first..first + runs.unwrap_or(0)) {
        play(seed).await;
    }
}
