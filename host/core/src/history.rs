//! Demand history: what scaling policies look back on.
//!
//! Buckets of 10 s, aligned to the clock, for one hour. A level (connections) is the last value of its bucket and is
//! carried on through buckets in which nobody reported; a count (joins, refusals) is zero there. Only ended buckets
//! are shown: half a bucket would look like a fall.

use std::collections::{BTreeMap, VecDeque};

use crate::ids::RegionName;
use crate::node::Role;
use crate::snapshot::{Measure, SeriesRow};
use crate::units::{DurationMs, UtcMs};

/// Length of a bucket.
pub const BUCKET: DurationMs = DurationMs::secs(10);

/// Ended buckets kept: one hour.
pub const BUCKETS: usize = 360;

/// Distinct moments of refusals kept; older ones are drawn together.
const REFUSAL_MOMENTS: usize = 4_096;

/// One series: the values of the buckets up to `newest`, which may still run.
#[derive(Debug, Clone)]
struct Series {
    newest: u64,
    values: VecDeque<u32>,
}

/// The history of one group.
#[derive(Debug, Clone)]
pub struct DemandHistory {
    first: u64,
    series: BTreeMap<(Measure, Role, RegionName), Series>,
    refusals: VecDeque<(UtcMs, u32)>,
}

impl DemandHistory {
    /// Empty, reaching back to `start`.
    pub fn new(start: UtcMs) -> Self {
        Self {
            first: bucket(start),
            series: BTreeMap::new(),
            refusals: VecDeque::new(),
        }
    }

    /// Direct clients on the role's nodes in the region are `value` now.
    pub fn connections(&mut self, role: Role, region: &RegionName, value: u32, now: UtcMs) {
        *self.current(Measure::Connections, role, region, now) = value;
    }

    /// So many questions were answered with a node of the role in the region.
    pub fn joined(&mut self, role: Role, region: &RegionName, times: u32, now: UtcMs) {
        let count = self.current(Measure::Joins, role, region, now);
        *count = count.saturating_add(times);
    }

    /// So many questions for the role in the region were refused.
    pub fn refused(&mut self, role: Role, region: &RegionName, times: u32, now: UtcMs) {
        let count = self.current(Measure::Refused, role, region, now);
        *count = count.saturating_add(times);
        match self.refusals.back_mut() {
            Some((at, count)) if *at >= now => *count = count.saturating_add(times),
            Some(_) | None => self.refusals.push_back((now, times)),
        }
        if self.refusals.len() > REFUSAL_MOMENTS {
            let oldest = self.refusals.pop_front().map_or(0, |(_, count)| count);
            if let Some((_, count)) = self.refusals.front_mut() {
                *count = count.saturating_add(oldest);
            }
        }
    }

    /// Refusals at or after a moment, of all roles and regions. Exact for the newest 4,096 moments; what lies before
    /// them counts as the oldest of these.
    pub fn refused_since(&self, at: UtcMs) -> u32 {
        self.refusals
            .iter()
            .rev()
            .take_while(|(when, _)| *when >= at)
            .fold(0, |sum, (_, count)| sum.saturating_add(*count))
    }

    /// The series as policies see them, ordered by measure, role and index of the region in `regions`; what belongs
    /// to another region is left out. All rows end together and have one length, zeros before a series began.
    pub fn rows(&self, regions: &[RegionName], now: UtcMs) -> Vec<SeriesRow> {
        let end = bucket(now);
        let length = usize::try_from(end.saturating_sub(self.first)).unwrap_or(usize::MAX);
        if length == 0 {
            return Vec::new();
        }
        let row = |((measure, role, name), series): (&(Measure, Role, RegionName), &Series)| {
            let region = regions.iter().position(|region| region == name)?;
            Some(SeriesRow {
                measure: *measure,
                role: *role,
                region: u32::try_from(region).ok()?,
                bucket_ms: BUCKET.as_u32(),
                until: UtcMs(end.saturating_mul(BUCKET.0)),
                values: series.ended(*measure, end, length.min(BUCKETS)),
            })
        };
        let mut rows: Vec<SeriesRow> = self.series.iter().filter_map(row).collect();
        rows.sort_by_key(|row| (row.measure, row.role, row.region));
        rows
    }

    /// The value of the running bucket.
    fn current(
        &mut self,
        measure: Measure,
        role: Role,
        region: &RegionName,
        now: UtcMs,
    ) -> &mut u32 {
        let to = bucket(now);
        let series = self
            .series
            .entry((measure, role, region.clone()))
            .or_insert_with(|| Series {
                newest: to,
                values: VecDeque::from([0]),
            });
        series.advance(measure, to);
        // A series always holds its newest bucket.
        let last = series.values.len() - 1;
        &mut series.values[last]
    }
}

impl Series {
    fn filler(&self, measure: Measure) -> u32 {
        match measure {
            Measure::Connections => self.values.back().copied().unwrap_or(0),
            Measure::Joins | Measure::Refused => 0,
        }
    }

    /// Opens the buckets up to `to`. A clock that went back writes on in the newest.
    fn advance(&mut self, measure: Measure, to: u64) {
        let filler = self.filler(measure);
        let steps = usize::try_from(to.saturating_sub(self.newest)).unwrap_or(usize::MAX);
        for _ in 0..steps.min(BUCKETS + 1) {
            if self.values.len() > BUCKETS {
                self.values.pop_front();
            }
            self.values.push_back(filler);
        }
        self.newest = self.newest.max(to);
    }

    /// The last `length` buckets that ended before bucket `end`, oldest first.
    fn ended(&self, measure: Measure, end: u64, length: usize) -> Vec<u32> {
        let filler = self.filler(measure);
        let oldest_kept = (self.newest + 1).saturating_sub(self.values.len() as u64);
        let value = |bucket: u64| {
            if bucket > self.newest {
                return filler;
            }
            bucket
                .checked_sub(oldest_kept)
                .and_then(|at| self.values.get(usize::try_from(at).ok()?))
                .copied()
                .unwrap_or(0)
        };
        (end.saturating_sub(length as u64)..end)
            .map(value)
            .collect()
    }
}

fn bucket(at: UtcMs) -> u64 {
    at.0 / BUCKET.0
}

#[cfg(test)]
mod tests;
