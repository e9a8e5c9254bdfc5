//! Measured boot times: from the launch asked to the first report, per role.

use std::collections::{BTreeMap, VecDeque};

use crate::node::Role;
use crate::snapshot::BootRow;
use crate::units::DurationMs;

/// So many of the last boots of a role are kept: enough for a 95th percentile, few enough to follow a new image.
pub const SAMPLES: usize = 64;

/// The last boots of each role.
#[derive(Debug, Clone, Default)]
pub struct BootTimes {
    samples: BTreeMap<Role, VecDeque<DurationMs>>,
}

impl BootTimes {
    /// A node of the role came into service `took` after its launch was asked.
    pub fn record(&mut self, role: Role, took: DurationMs) {
        let samples = self.samples.entry(role).or_default();
        if samples.len() >= SAMPLES {
            samples.pop_front();
        }
        samples.push_back(took);
    }

    /// One row per role that booted, in the order of roles. The median of an even number lies between the two in the
    /// middle; the 95th percentile is the nearest rank's sample.
    pub fn rows(&self) -> Vec<BootRow> {
        let row = |(&role, samples): (&Role, &VecDeque<DurationMs>)| {
            let mut sorted: Vec<u64> = samples.iter().map(|took| took.0).collect();
            sorted.sort_unstable();
            let count = sorted.len();
            let at = |rank: usize| sorted.get(rank).copied().unwrap_or(0);
            let low = at(count.saturating_sub(1) / 2);
            let median = low + (at(count / 2) - low) / 2;
            let p95 = at((count * 95).div_ceil(100).saturating_sub(1));
            BootRow {
                role,
                samples: u32::try_from(count).unwrap_or(u32::MAX),
                median_ms: DurationMs(median).as_u32(),
                p95_ms: DurationMs(p95).as_u32(),
            }
        };
        self.samples.iter().map(row).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(seconds: impl IntoIterator<Item = u64>) -> Vec<(u32, u32, u32)> {
        let mut times = BootTimes::default();
        for s in seconds {
            times.record(Role::Edge, DurationMs::secs(s));
        }
        let rows = times.rows();
        rows.iter()
            .map(|row| (row.samples, row.median_ms, row.p95_ms))
            .collect()
    }

    #[test]
    fn rows_show_median_and_95th_percentile() {
        let table = [
            ("none", of([]), vec![]),
            ("one", of([70]), vec![(1, 70_000, 70_000)]),
            ("two", of([80, 70]), vec![(2, 75_000, 80_000)]),
            ("three", of([90, 10, 20]), vec![(3, 20_000, 90_000)]),
            ("twenty", of(1..=20), vec![(20, 10_500, 19_000)]),
            (
                "only the last count",
                of(1..=164),
                vec![(64, 132_500, 161_000)],
            ),
            (
                "absurd",
                of([u64::MAX / 1_000]),
                vec![(1, u32::MAX, u32::MAX)],
            ),
        ];
        for (name, rows, expected) in table {
            assert_eq!(rows, expected, "{name}");
        }
    }

    #[test]
    fn roles_stand_in_their_order() {
        let mut times = BootTimes::default();
        times.record(Role::Relay, DurationMs::secs(1));
        times.record(Role::Origin, DurationMs::secs(1));
        let roles: Vec<_> = times.rows().iter().map(|row| row.role).collect();
        assert_eq!(roles, [Role::Origin, Role::Relay]);
    }
}
