//! Lengths and numbers as people read them.

use weir_core::units::DurationMs;

/// `7 d 4 h`, `3 h 20 min`, `45 s`: the two largest units that are not zero.
pub(super) fn length(length: DurationMs) -> String {
    let seconds = length.0 / 1_000;
    let parts = [
        (seconds / 86_400, "d"),
        (seconds / 3_600 % 24, "h"),
        (seconds / 60 % 60, "min"),
        (seconds % 60, "s"),
    ];
    let first = parts.iter().position(|(count, _)| *count > 0);
    let Some(first) = first else {
        return format!("{} ms", length.0);
    };
    let shown = parts[first..]
        .iter()
        .take(2)
        .filter(|(count, _)| *count > 0);
    let shown: Vec<String> = shown
        .map(|(count, unit)| format!("{count} {unit}"))
        .collect();
    shown.join(" ")
}

/// A text is no length of time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("must be a whole number with its unit ms, s, m, h or d, such as 60s")]
pub struct LengthError;

/// Reads `500ms`, `60s`, `2m`, `1h`, `7d`; a bare number is seconds.
///
/// # Errors
/// [`LengthError`].
pub fn read_length(text: &str) -> Result<DurationMs, LengthError> {
    let text = text.trim();
    let digits = text.trim_end_matches(|letter: char| letter.is_ascii_alphabetic());
    let unit_ms = match &text[digits.len()..] {
        "ms" => 1,
        "s" | "" => 1_000,
        "m" => 60_000,
        "h" => 3_600_000,
        "d" => 86_400_000,
        _ => return Err(LengthError),
    };
    let number: u64 = digits.parse().map_err(|_| LengthError)?;
    number
        .checked_mul(unit_ms)
        .map(DurationMs)
        .ok_or(LengthError)
}

/// A number with as many decimals as it needs to tell three digits, and commas between thousands.
pub(super) fn number(value: f64) -> String {
    let decimals = match value.abs() {
        size if size >= 100.0 || size.fract() == 0.0 => 0,
        size if size >= 10.0 => 1,
        size if size >= 0.01 => 2,
        _ => 4,
    };
    let text = format!("{value:.decimals$}");
    let (whole, rest) = text
        .split_once('.')
        .map_or((text.as_str(), ""), |parts| parts);
    let (sign, digits) = whole
        .strip_prefix('-')
        .map_or(("", whole), |digits| ("-", digits));
    let mut grouped = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    if rest.is_empty() {
        format!("{sign}{grouped}")
    } else {
        format!("{sign}{grouped}.{rest}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_are_told_in_two_units_at_most() {
        let table = [
            (0, "0 ms"),
            (45_000, "45 s"),
            (200_000, "3 min 20 s"),
            (86_400_000, "1 d"),
            (7 * 86_400_000 + 4 * 3_600_000 + 5_000, "7 d 4 h"),
        ];
        for (ms, words) in table {
            assert_eq!(length(DurationMs(ms)), words);
        }
    }

    #[test]
    fn lengths_are_read_with_their_unit() {
        let table = [
            ("500ms", Some(500)),
            ("60s", Some(60_000)),
            ("7", Some(7_000)),
            ("2m", Some(120_000)),
            ("1d", Some(86_400_000)),
            ("1w", None),
            ("-1s", None),
            ("1.5h", None),
            ("s", None),
            ("99999999999999999d", None),
        ];
        for (text, ms) in table {
            assert_eq!(read_length(text).ok(), ms.map(DurationMs), "{text}");
        }
    }

    #[test]
    fn numbers_show_three_digits_and_thousands() {
        let table = [
            (0.0, "0"),
            (0.001_23, "0.0012"),
            (2.163, "2.16"),
            (42.96, "43.0"),
            (5_128.4, "5,128"),
            (172_343.0, "172,343"),
            (-1_234_567.0, "-1,234,567"),
        ];
        for (value, words) in table {
            assert_eq!(number(value), words);
        }
    }
}
