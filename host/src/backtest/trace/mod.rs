//! A recorded audience: how many viewers there were when.
//!
//! Between two records the number goes in a straight line. Nothing here touches a file but [`read`].

mod columns;
mod csv;
mod json_lines;
mod problem;

use std::path::Path;

use weir_core::units::{DurationMs, UtcMs};

pub use problem::{Problem, TraceError};

/// More records than this are no recording of an audience, but a mistake.
const MOST_RECORDS: usize = 10_000_000;
/// More steps than this are not run: a year at one second has 32 million.
const MOST_STEPS: u64 = 40_000_000;

/// One record.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Record {
    /// When.
    pub at: UtcMs,
    /// How many viewers there were; finite, not negative.
    pub viewers: f64,
}

/// A recorded audience: two records at least, in order of time, somebody at some time.
#[derive(Debug, Clone, PartialEq)]
pub struct Trace {
    name: String,
    records: Vec<Record>,
}

/// Reads a file: CSV (commas, semicolons or tabs, with a header) or JSON lines.
///
/// # Errors
/// [`TraceError`] names the line, the column and the mend.
pub fn read(path: &Path) -> Result<Trace, TraceError> {
    let name = path.display().to_string();
    match std::fs::read(path) {
        Ok(bytes) => Trace::parse(&name, &bytes),
        Err(source) => Err(TraceError::Read { name, source }),
    }
}

impl Trace {
    /// Reads the bytes of a file. `name` is for errors and titles.
    ///
    /// # Errors
    /// [`TraceError::Line`] or [`TraceError::Whole`].
    pub fn parse(name: &str, bytes: &[u8]) -> Result<Self, TraceError> {
        let whole = |problem| TraceError::Whole {
            name: name.to_owned(),
            problem,
        };
        let text = std::str::from_utf8(bytes).map_err(|_| whole(Problem::NotText))?;
        let text = text.trim_start_matches('\u{feff}');
        let mut reading = Reading::default();
        let read = if text.trim_start().starts_with('{') {
            json_lines::read(text, &mut reading)
        } else {
            csv::read(text, &mut reading)
        };
        read.map_err(|(line, problem)| TraceError::Line {
            name: name.to_owned(),
            line,
            problem,
        })?;
        Self::of(name, reading.records).map_err(whole)
    }

    fn of(name: &str, records: Vec<Record>) -> Result<Self, Problem> {
        match records.len() {
            0 => return Err(Problem::Empty),
            1 => return Err(Problem::OneRecord),
            _ => {}
        }
        if records.iter().all(|record| record.viewers == 0.0) {
            return Err(Problem::Nobody);
        }
        Ok(Self {
            name: name.to_owned(),
            records,
        })
    }

    /// Where it comes from.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// First moment.
    pub fn start(&self) -> UtcMs {
        self.records.first().map_or(UtcMs(0), |record| record.at)
    }

    /// Last moment.
    pub fn end(&self) -> UtcMs {
        self.records.last().map_or(UtcMs(0), |record| record.at)
    }

    /// From the first moment to the last.
    pub fn length(&self) -> DurationMs {
        self.end().since(self.start())
    }

    /// Most viewers at once.
    pub fn peak(&self) -> f64 {
        let viewers = self.records.iter().map(|record| record.viewers);
        viewers.fold(0.0, f64::max)
    }

    /// The part that begins so long after the start and is so long, or as long as there is.
    ///
    /// # Errors
    /// [`TraceError::Whole`] when nothing is left of it.
    pub fn part(&self, from: DurationMs, length: Option<DurationMs>) -> Result<Self, TraceError> {
        let whole = |problem| TraceError::Whole {
            name: self.name.clone(),
            problem,
        };
        let begin = self.start() + from;
        let end = length.map_or(self.end(), |length| (begin + length).min(self.end()));
        if begin >= end {
            return Err(whole(Problem::Outside {
                length: super::words::length(self.length()),
                from: super::words::length(from),
            }));
        }
        let inside = self.records.iter().copied();
        let inside = inside.filter(|record| begin < record.at && record.at < end);
        let edge = |at| Record {
            at,
            viewers: self.at(at),
        };
        let records = std::iter::once(edge(begin))
            .chain(inside)
            .chain([edge(end)])
            .collect();
        Self::of(&self.name, records).map_err(whole)
    }

    /// Viewers at a moment; before the first record and after the last as many as there.
    pub fn at(&self, at: UtcMs) -> f64 {
        let next = self.records.partition_point(|record| record.at <= at);
        let Some(before) = next.checked_sub(1).and_then(|at| self.records.get(at)) else {
            return self.records.first().map_or(0.0, |record| record.viewers);
        };
        let Some(after) = self.records.get(next) else {
            return before.viewers;
        };
        let part = at.since(before.at).0 as f64 / after.at.since(before.at).0 as f64;
        before.viewers + (after.viewers - before.viewers) * part
    }

    /// Viewers at each step from the start to before the end.
    ///
    /// # Errors
    /// [`TraceError::Whole`] when these are too many.
    pub fn sampled(&self, every: DurationMs) -> Result<Vec<f64>, TraceError> {
        let steps = self.length().0.div_ceil(every.0.max(1));
        if steps > MOST_STEPS {
            return Err(TraceError::Whole {
                name: self.name.clone(),
                problem: Problem::TooManySteps { steps },
            });
        }
        let moment = |step: u64| self.start() + DurationMs(step * every.0);
        Ok((0..steps).map(|step| self.at(moment(step))).collect())
    }
}

/// The line, counted from 1, and what is wrong there.
type Wrong = (usize, Problem);

/// Records as they come, checked one by one.
#[derive(Default)]
struct Reading {
    records: Vec<Record>,
}

impl Reading {
    fn take(&mut self, record: Record) -> Result<(), Problem> {
        if let Some(before) = self.records.last().filter(|last| last.at >= record.at) {
            return Err(Problem::Unordered {
                at: super::utc::text(record.at),
                before: super::utc::text(before.at),
            });
        }
        if self.records.len() >= MOST_RECORDS {
            return Err(Problem::TooLong);
        }
        self.records.push(record);
        Ok(())
    }
}

#[cfg(test)]
mod tests;
