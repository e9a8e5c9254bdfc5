//! Several runs over one audience, side by side.

use serde::Serialize;
use weir_core::units::UtcMs;

use super::foresight::Foresight;
use super::plant::{Admission, Mode, Plant, Setup};
use super::run::{BacktestError, Outcome, foresight};
use super::trace::Trace;
use super::words::{length, number};

/// The runs, and what they have in common.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Comparison {
    /// The audience.
    pub audience: AudienceFacts,
    /// The plant in words.
    pub plant: PlantFacts,
    /// Bounds for every policy.
    pub foresight: Foresight,
    /// The runs, in the order in which they were asked for.
    pub runs: Vec<Outcome>,
}

/// What an audience is like.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct AudienceFacts {
    /// Where it comes from.
    pub name: String,
    /// First moment, UTC milliseconds.
    #[serde(rename = "startMs")]
    pub start: UtcMs,
    /// Last moment, UTC milliseconds.
    #[serde(rename = "endMs")]
    pub end: UtcMs,
    /// Most viewers at once.
    pub peak: f64,
    /// Mean number of viewers.
    pub mean: f64,
}

/// What it ran on.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct PlantFacts {
    /// Viewers that one node carries.
    pub capacity: u32,
    /// Fewest edges.
    pub min: u32,
    /// Most edges.
    pub max: u32,
    /// Load above which edges are added, percent.
    pub threshold_percent: u32,
    /// Between two looks, ms.
    pub tick_ms: u64,
    /// From a launch to service, on average, ms.
    pub mean_boot_ms: u64,
    /// How long a drain may take, ms.
    pub drain_ms: u64,
    /// Mean stay of a viewer, ms.
    pub session_ms: u64,
    /// Part of the launches that come to nothing, 0 to 1.
    pub launch_failures: f64,
    /// Price of a node for an hour; 0: not known.
    pub price: f64,
    /// Single viewers or a fluid.
    pub single_viewers: bool,
    /// Full nodes turn viewers away.
    pub hard_admission: bool,
    /// Everything drawn by lot follows from it.
    pub seed: u64,
    /// All that in words.
    pub words: String,
}

impl Comparison {
    /// Of these runs over the trace.
    ///
    /// # Errors
    /// [`BacktestError::Trace`] when it has too many steps.
    pub fn of(trace: &Trace, setup: &Setup, runs: Vec<Outcome>) -> Result<Self, BacktestError> {
        let demand = trace.sampled(setup.plant.tick)?;
        Ok(Self {
            audience: AudienceFacts {
                name: trace.name().to_owned(),
                start: trace.start(),
                end: trace.end(),
                peak: trace.peak(),
                mean: demand.iter().sum::<f64>() / (demand.len().max(1)) as f64,
            },
            plant: PlantFacts::of(setup),
            foresight: foresight(trace, setup)?,
            runs,
        })
    }
}

impl PlantFacts {
    fn of(setup: &Setup) -> Self {
        let Setup { plant, limits } = setup;
        Self {
            capacity: plant.capacity,
            min: limits.min,
            max: limits.max,
            threshold_percent: limits.threshold_percent,
            tick_ms: plant.tick.0,
            mean_boot_ms: plant.boots.mean().0,
            drain_ms: plant.drain.0,
            session_ms: plant.session.0,
            launch_failures: plant.launch_failures,
            price: f64::from(plant.price_micros) / 1e6,
            single_viewers: plant.mode == Mode::Viewers,
            hard_admission: plant.admission == Admission::Hard,
            seed: plant.seed,
            words: words(setup),
        }
    }
}

fn words(setup: &Setup) -> String {
    let Setup { plant, limits } = setup;
    let Plant {
        capacity, boots, ..
    } = plant;
    let mut words = vec![
        format!("{} viewers a node", number(f64::from(*capacity))),
        format!("{} to {} edges", limits.min, limits.max),
        format!("threshold {} %", limits.threshold_percent),
        boots.to_string(),
        format!("drain {}", length(plant.drain)),
        format!("sessions {}", length(plant.session)),
    ];
    if plant.launch_failures > 0.0 {
        words.push(format!(
            "{} % of launches fail",
            number(plant.launch_failures * 100.0)
        ));
    }
    words.push(match plant.admission {
        Admission::Soft => "soft admission".to_owned(),
        Admission::Hard => "hard admission".to_owned(),
    });
    words.push(match (plant.mode, plant.streams) {
        (Mode::Fluid, _) => "fluid".to_owned(),
        (Mode::Viewers, 1) => "single viewers of one stream".to_owned(),
        (Mode::Viewers, streams) => format!("single viewers of {streams} streams"),
    });
    words.push(format!("tick {}, seed {}", length(plant.tick), plant.seed));
    words.join(", ")
}
