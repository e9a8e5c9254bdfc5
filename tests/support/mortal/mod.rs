//! A server that dies on cue, by SIGKILL, at a named point between two steps: before or after a write of the store or a
//! call to the cloud. The seams are wrapped in programs of the tests ([`program`]); the product knows nothing of it.
//!
//! Points are known by what happens at them (`save_plan edge 4 running`), not by when: a run without a death writes the
//! book of all points, and each of them can be named for another run.

mod deaths;
mod ec2_sky;
mod mortal_cloud;
mod mortal_store;
mod names;
mod serve;
mod settings;
mod sky;
mod stage;

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

pub use deaths::Deaths;
pub use ec2_sky::Ec2Sky;
pub use mortal_cloud::MortalCloud;
pub use mortal_store::MortalStore;
pub use serve::program;
pub use sky::{SimulatedSky, Sky};
pub use stage::{Ground, MortalStage, Program};

/// What a `mortal-weir` is told, as JSON in the file that its only argument names.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Orders {
    /// Its settings file.
    pub config: PathBuf,
    /// File that shows the time.
    pub clock: PathBuf,
    /// Address of the simulated cloud; without one it is the cloud that the settings name.
    pub cloud: Option<String>,
    /// Where it notes the points it passes.
    pub book: PathBuf,
    /// The point at which it dies, as it stands in the book.
    pub die_at: Option<String>,
}

/// Points in a book, in the order of their first passing.
pub fn points(book: &Path) -> Vec<String> {
    let text = std::fs::read_to_string(book).unwrap_or_default();
    let mut points: Vec<String> = Vec::new();
    for line in text.lines() {
        if !points.iter().any(|known| known == line) {
            points.push(line.to_owned());
        }
    }
    points
}
