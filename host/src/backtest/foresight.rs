//! What somebody would have paid who knew the audience before: the bounds every policy is held against.

use serde::Serialize;
use weir_core::units::DurationMs;

use super::plant::Setup;

const HOUR_MS: f64 = 3_600_000.0;

/// The bounds, node-hours.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Foresight {
    /// Nodes that come and go in no time, for nothing: less is impossible without nodes over their capacity.
    pub ideal: f64,
    /// Boots and drains take their time and are paid: a node that is not needed for less than a boot and a drain stays, for
    /// longer it goes. The best there is with perfect foresight.
    pub oracle: f64,
}

impl Foresight {
    /// Of an audience, step by step.
    pub(super) fn of(demand: &[f64], setup: &Setup) -> Self {
        let needed: Vec<u32> = demand
            .iter()
            .map(|viewers| setup.needed(*viewers))
            .collect();
        let ideal: u64 = needed.iter().map(|nodes| u64::from(*nodes)).sum();
        let tick = setup.plant.tick;
        let hours = |ms: u64| ms as f64 / HOUR_MS;
        Self {
            ideal: hours(ideal * tick.0),
            oracle: hours(ideal * tick.0 + switching(&needed, setup)),
        }
    }
}

/// What it costs to follow the need: time of nodes that boot, drain, or wait for their next turn, ms.
///
/// Nodes are the same and the need is a staircase, so the n-th node's case does not depend on the others': it is on while
/// more than n are needed. In a gap it either waits, or is switched off and pays a drain and a boot. The nodes at the start
/// are there already, those at the end stay.
fn switching(needed: &[u32], setup: &Setup) -> u64 {
    let (boot, drain) = (setup.plant.boots.mean(), setup.plant.drain);
    let off_and_on = DurationMs(boot.0 + drain.0);
    let tick = setup.plant.tick.0;
    // When each node that was on and is off now was switched off, the last one at the end.
    let mut off: Vec<usize> = Vec::new();
    let mut on = needed.first().copied().unwrap_or(0) as usize;
    let mut cost = 0;
    for (step, nodes) in needed.iter().map(|nodes| *nodes as usize).enumerate() {
        while on > nodes {
            off.push(step);
            on -= 1;
        }
        while on < nodes {
            cost += match off.pop() {
                Some(since) => off_and_on.0.min((step - since) as u64 * tick),
                None => boot.0,
            };
            on += 1;
        }
    }
    // Those that are off at the end were drained once.
    cost + off.len() as u64 * drain.0
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::backtest::plant::{Boots, Limits, Plant};

    /// Nodes carry 100 viewers, boot in 30 s and drain in 20 s; a step is 10 s.
    fn foresight(demand: &[f64]) -> (f64, f64) {
        let secs = DurationMs::secs;
        let setup = Setup {
            plant: Plant {
                boots: Boots::Uniform {
                    shortest: secs(20),
                    longest: secs(40),
                },
                drain: secs(20),
                ..Plant::of(100)
            },
            limits: Limits {
                min: 1,
                ..Limits::up_to(10)
            },
        };
        let Foresight { ideal, oracle } = Foresight::of(demand, &setup);
        (ideal * 360.0, oracle * 360.0)
    }

    #[test]
    fn oracle_pays_boots_and_drains_and_bridges_short_gaps() {
        // In node-steps of 10 s: a boot costs 3, a drain 2.
        let table = [
            ("the minimum is there for nobody", vec![0.0; 4], (4.0, 4.0)),
            ("one all the time", vec![100.0; 4], (4.0, 4.0)),
            (
                "a second one comes and stays",
                vec![100.0, 150.0],
                (3.0, 6.0),
            ),
            ("a second one goes", vec![150.0, 100.0], (3.0, 5.0)),
            (
                "a second one comes and goes",
                vec![50.0, 150.0, 50.0],
                (4.0, 9.0),
            ),
            (
                "a gap of four steps is bridged",
                vec![200.0, 100.0, 100.0, 100.0, 100.0, 200.0],
                (8.0, 12.0),
            ),
            (
                "a gap of six steps is not",
                vec![200.0, 50.0, 50.0, 50.0, 50.0, 50.0, 50.0, 200.0],
                (10.0, 15.0),
            ),
        ];
        for (name, demand, expected) in table {
            let (ideal, oracle) = foresight(&demand);
            let close = |a: f64, b: f64| (a - b).abs() < 1e-6;
            assert!(
                close(ideal, expected.0) && close(oracle, expected.1),
                "{name}: {ideal}, {oracle}"
            );
        }
    }
}
