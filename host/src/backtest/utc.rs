//! Moments as people write them: days of the calendar, UTC.

use weir_core::units::UtcMs;

const MINUTE_MS: u64 = 60_000;
/// A day.
pub(super) const DAY_MS: u64 = 86_400_000;
/// Days of 400 years: the calendar repeats after them.
const DAYS_OF_ERA: i64 = 146_097;
/// Days from 1 March of the year 0 to 1970.
const DAYS_TO_EPOCH: i64 = 719_468;

/// A moment in parts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Civil {
    pub(super) year: i64,
    pub(super) month: u32,
    pub(super) day: u32,
    pub(super) hour: u64,
    pub(super) minute: u64,
}

/// The parts of a moment. Years begin in March here, so that leap days come last.
pub(super) fn civil(at: UtcMs) -> Civil {
    let days = i64::try_from(at.0 / DAY_MS).unwrap_or(i64::MAX / 2) + DAYS_TO_EPOCH;
    let era = days.div_euclid(DAYS_OF_ERA);
    let of_era = days.rem_euclid(DAYS_OF_ERA);
    let year = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year + year / 4 - year / 100);
    let march_month = (5 * of_year + 2) / 153;
    let day = of_year - (153 * march_month + 2) / 5 + 1;
    let month = if march_month < 10 {
        march_month + 3
    } else {
        march_month - 9
    };
    Civil {
        year: year + era * 400 + i64::from(month <= 2),
        month: u32::try_from(month).unwrap_or(1),
        day: u32::try_from(day).unwrap_or(1),
        hour: at.0 % DAY_MS / (60 * MINUTE_MS),
        minute: at.0 / MINUTE_MS % 60,
    }
}

/// `2018-06-24 13:00`.
pub(super) fn text(at: UtcMs) -> String {
    let Civil {
        year,
        month,
        day,
        hour,
        minute,
    } = civil(at);
    format!("{year:04}-{month:02}-{day:02} {hour:02}:{minute:02}")
}

/// Reads `2018-06-24T13:00:00Z`, with a space for the T, without seconds or with parts of them, and without the Z: all of
/// it is UTC. `None` for anything else, times of other zones included.
pub(super) fn read(text: &str) -> Option<UtcMs> {
    let text = text.trim().trim_end_matches(['Z', 'z']);
    let text = text.strip_suffix("+00:00").unwrap_or(text);
    let (date, time) = text.split_once(['T', 't', ' '])?;
    let mut date = date.splitn(3, '-').map(|part| part.parse::<i64>().ok());
    let (year, month, day) = (date.next()??, date.next()??, date.next()??);
    let mut time = time.splitn(3, ':');
    let hour: u64 = time.next()?.parse().ok()?;
    let minute: u64 = time.next()?.parse().ok()?;
    let seconds: f64 = time.next().map_or(Some(0.0), |part| part.parse().ok())?;
    let valid = (1970..=9_999).contains(&year)
        && (1..=12).contains(&month)
        && (1..=31).contains(&day)
        && hour < 24
        && minute < 60
        && (0.0..60.0).contains(&seconds);
    let days = u64::try_from(days_since_epoch(year, month, day)).ok()?;
    valid.then(|| UtcMs(days * DAY_MS + (hour * 60 + minute) * MINUTE_MS + (seconds * 1e3) as u64))
}

fn days_since_epoch(year: i64, month: i64, day: i64) -> i64 {
    let year = year - i64::from(month <= 2);
    let era = year.div_euclid(400);
    let of_era = year.rem_euclid(400);
    let of_year = (153 * (month + if month > 2 { -3 } else { 9 }) + 2) / 5 + day - 1;
    era * DAYS_OF_ERA + of_era * 365 + of_era / 4 - of_era / 100 + of_year - DAYS_TO_EPOCH
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_are_written_and_read_again() {
        let table = [
            ("1970-01-01 00:00", 0),
            ("1998-06-08 00:00", 897_264_000_000),
            ("2000-02-29 23:59", 951_868_740_000),
            ("2018-06-24 13:00", 1_529_845_200_000),
            ("2100-03-01 00:00", 4_107_542_400_000),
        ];
        for (words, ms) in table {
            assert_eq!(text(UtcMs(ms)), words);
            assert_eq!(read(words), Some(UtcMs(ms)), "{words}");
        }
    }

    #[test]
    fn moments_come_in_several_spellings_and_others_are_none() {
        let noon = Some(UtcMs(1_529_841_600_000 + 1_500));
        for spelling in [
            "2018-06-24T12:00:01.5Z",
            "2018-06-24 12:00:01.5",
            "2018-06-24T12:00:01.5+00:00",
        ] {
            assert_eq!(read(spelling), noon, "{spelling}");
        }
        for other in [
            "",
            "noon",
            "2018-06-24",
            "2018-13-01T00:00",
            "2018-06-24T24:00",
            "1969-12-31T23:59",
            "2018-06-24T12:00+02:00",
        ] {
            assert_eq!(read(other), None, "{other}");
        }
    }
}
