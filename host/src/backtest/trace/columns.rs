//! Which column is the time and which the viewers, and what a field of them says.

use weir_core::units::UtcMs;

use super::{Problem, Record};
use crate::backtest::utc;

/// Times in seconds.
const SECONDS: [&str; 5] = ["timestamp_s", "time_s", "at_s", "ts_s", "epoch_s"];
/// Times in milliseconds.
const MILLISECONDS: [&str; 5] = ["timestamp_ms", "time_ms", "at_ms", "ts_ms", "epoch_ms"];
/// Times whose unit shows in their size.
const EITHER: [&str; 7] = ["timestamp", "time", "at", "ts", "epoch", "date", "datetime"];
/// Viewers, the most telling name first.
const VIEWERS: [&str; 11] = [
    "viewers",
    "concurrent_viewers",
    "connections",
    "subscribers",
    "clients",
    "users",
    "audience",
    "demand",
    "requests",
    "value",
    "count",
];
/// Columns that only a calendar has.
const OF_CALENDARS: [&str; 2] = ["start_s", "expected_peak"];

/// A bare number above this is milliseconds: as seconds it would be the year 5138.
const LEAST_MS: f64 = 1e11;
/// Later moments are taken for slips; the year 9999.
const LATEST_MS: f64 = 253_402_300_800_000.0;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Unit {
    Seconds,
    Milliseconds,
    BySize,
}

/// A column.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Column {
    /// As the header spells it.
    pub(super) name: String,
    /// Counted from 0.
    pub(super) index: usize,
}

/// The columns that count.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Columns {
    pub(super) time: Column,
    pub(super) viewers: Column,
    unit: Unit,
}

/// `concurrentViewers`, `Concurrent Viewers` and `concurrent-viewers` are `concurrent_viewers`.
fn plain(name: &str) -> String {
    let mut plain = String::new();
    let mut small = false;
    for letter in name.trim().chars() {
        if letter.is_uppercase() && small {
            plain.push('_');
        }
        small = letter.is_lowercase();
        match letter {
            '-' | ' ' | '.' => plain.push('_'),
            letter => plain.extend(letter.to_lowercase()),
        }
    }
    plain
}

impl Columns {
    /// Finds them by their names. Of two columns the one beside the time is the viewers', whatever it is called.
    pub(super) fn find(header: &[&str]) -> Result<Self, Problem> {
        let names: Vec<String> = header.iter().map(|name| plain(name)).collect();
        let found = || header.join(", ");
        let place = |known: &[&str]| {
            let mut known = known.iter();
            known.find_map(|known| names.iter().position(|name| name == known))
        };
        if OF_CALENDARS.iter().all(|name| place(&[name]).is_some()) {
            return Err(Problem::Calendar);
        }
        let kinds = [
            (&SECONDS[..], Unit::Seconds),
            (&MILLISECONDS, Unit::Milliseconds),
            (&EITHER, Unit::BySize),
        ];
        let mut kinds = kinds.into_iter();
        let time = kinds.find_map(|(known, unit)| Some((place(known)?, unit)));
        let Some((time, unit)) = time else {
            return Err(Problem::NoTime {
                found: found(),
                known: "timestamp_s, timestamp_ms, timestamp, time or at".to_owned(),
            });
        };
        let other = (header.len() == 2).then(|| 1 - time);
        let Some(viewers) = place(&VIEWERS).or(other) else {
            return Err(Problem::NoViewers {
                found: found(),
                known: VIEWERS.join(", "),
            });
        };
        let column = |index: usize| Column {
            name: header[index].trim().to_owned(),
            index,
        };
        Ok(Self {
            time: column(time),
            viewers: column(viewers),
            unit,
        })
    }

    /// The record of two fields.
    pub(super) fn record(&self, time: &str, viewers: &str) -> Result<Record, Problem> {
        Ok(Record {
            at: self.moment(time)?,
            viewers: self.count(viewers)?,
        })
    }

    fn moment(&self, text: &str) -> Result<UtcMs, Problem> {
        let column = || self.time.name.clone();
        if text.is_empty() {
            return Err(Problem::Missing { column: column() });
        }
        let number = text.parse::<f64>().ok();
        let ms = number.map(|number| match self.unit {
            Unit::Milliseconds => number,
            Unit::BySize if number >= LEAST_MS => number,
            Unit::Seconds | Unit::BySize => number * 1_000.0,
        });
        let in_ms = ms.filter(|ms| (0.0..LATEST_MS).contains(ms));
        let moment = match number {
            Some(_) => in_ms.map(|ms| UtcMs(ms.round() as u64)),
            None => utc::read(text),
        };
        moment.ok_or_else(|| Problem::NoMoment {
            column: column(),
            got: text.to_owned(),
        })
    }

    fn count(&self, text: &str) -> Result<f64, Problem> {
        let column = || self.viewers.name.clone();
        let got = || text.to_owned();
        if text.is_empty() {
            return Err(Problem::Missing { column: column() });
        }
        // A missing sample is often written like this; it is no number of viewers.
        let number = text.parse::<f64>().ok().filter(|number| number.is_finite());
        match number {
            None => Err(Problem::NoNumber {
                column: column(),
                got: got(),
            }),
            Some(number) if number < 0.0 => Err(Problem::Negative {
                column: column(),
                got: got(),
            }),
            Some(number) => Ok(number),
        }
    }
}
