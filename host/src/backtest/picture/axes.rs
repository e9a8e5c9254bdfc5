//! Scales of a panel, and the marks on them.

use weir_core::units::UtcMs;

use super::super::utc::{Civil, DAY_MS, civil};
use super::super::words::number;

const MONTHS: [&str; 12] = [
    "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
];
/// Steps between two marks of time, minutes.
const TIME_STEPS_MIN: [u64; 14] = [
    1, 5, 10, 15, 30, 60, 120, 180, 360, 720, 1_440, 2_880, 10_080, 43_200,
];
/// Marks of time at the most.
const MOST_TIMES: u64 = 13;
/// Marks upwards at the most.
const MOST_VALUES: f64 = 4.0;

/// Marks of time between two moments, with what is written there: the day at midnight, else the time.
pub(super) fn times(from: UtcMs, to: UtcMs) -> Vec<(UtcMs, String)> {
    let length = to.since(from).0;
    let steps = TIME_STEPS_MIN.iter().map(|minutes| minutes * 60_000);
    let fits = |step: &u64| length / step <= MOST_TIMES;
    let step = steps.clone().find(fits).unwrap_or(90 * DAY_MS);
    let first = from.0.div_ceil(step) * step;
    let marks = (0..=length / step).map(|at| UtcMs(first + at * step));
    let inside = marks.filter(|at| *at <= to);
    inside.map(|at| (at, time_words(at))).collect()
}

fn time_words(at: UtcMs) -> String {
    let Civil {
        month,
        day,
        hour,
        minute,
        ..
    } = civil(at);
    if hour == 0 && minute == 0 {
        let month = MONTHS.get(month as usize - 1).copied().unwrap_or_default();
        format!("{day} {month}")
    } else {
        format!("{hour:02}:{minute:02}")
    }
}

/// Marks from 0 to `most`, round ones, with what is written there.
pub(super) fn values(most: f64) -> Vec<(f64, String)> {
    let most = most.max(1.0);
    let power = 10_f64.powf((most / MOST_VALUES).log10().floor());
    let steps = [1.0, 2.0, 2.5, 5.0, 10.0].map(|step| step * power);
    let fits = |step: &f64| most / step <= MOST_VALUES && *step >= 1.0;
    let step = steps
        .into_iter()
        .find(fits)
        .unwrap_or(10.0 * power)
        .max(1.0)
        .round();
    let count = (most / step).floor() as u32;
    let marks = (0..=count).map(|at| f64::from(at) * step);
    marks.map(|value| (value, number(value))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words<T>(marks: Vec<(T, String)>) -> Vec<String> {
        marks.into_iter().map(|(_, word)| word).collect()
    }

    #[test]
    fn marks_are_round_and_few() {
        assert_eq!(words(values(0.0)), ["0", "1"]);
        assert_eq!(words(values(3.0)), ["0", "1", "2", "3"]);
        assert_eq!(
            words(values(172_343.0)),
            ["0", "50,000", "100,000", "150,000"]
        );
        for most in [1.0, 7.0, 9.9, 50.0, 99.0, 1_000.0, 123_456.0] {
            let count = values(most).len();
            assert!((2..=5).contains(&count), "{most}: {count}");
        }
    }

    #[test]
    fn times_name_days_at_midnight() {
        let start = UtcMs(1_529_845_200_000);
        let hours = |count: u64| UtcMs(start.0 + count * 3_600_000);
        let marks = words(times(start, hours(30)));
        assert_eq!(marks[..5], ["15:00", "18:00", "21:00", "25 Jun", "03:00"]);
        assert_eq!(words(times(start, hours(24 * 7)))[0], "25 Jun");
        assert_eq!(words(times(start, UtcMs(start.0 + 300_000)))[0], "13:00");
        assert!(times(start, hours(24 * 5_000)).len() < 60);
    }
}
