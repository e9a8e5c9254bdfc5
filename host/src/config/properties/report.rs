//! The table that `weir properties check` prints.

use std::fmt::Write;

use super::{Became, Checked, Row};
use crate::secret::STARS;

/// The whole answer: table, warnings, problems, and a last line that says whether it can be used.
pub fn table(checked: &Checked) -> String {
    let mut text = String::new();
    let rows = &checked.mapped.rows;
    let width = |of: fn(&Row) -> &str, least: usize| {
        let longest = rows.iter().map(|row| of(row).chars().count()).max();
        longest.unwrap_or(0).clamp(least, 48)
    };
    let (key, value) = (width(|row| &row.key, 3), width(|row| &row.shown, 5));
    // Writing to a string cannot fail.
    let _ = writeln!(
        text,
        "{:>4}  {:key$}  {:value$}  became",
        "line", "key", "value"
    );
    for row in rows {
        let became = became(row);
        let _ = writeln!(
            text,
            "{:>4}  {:key$}  {:value$}  {became}",
            row.line, row.key, row.shown
        );
    }
    match &checked.outcome {
        Ok(warnings) => {
            for warning in warnings {
                let _ = writeln!(text, "warning: {warning}");
            }
            for problem in &checked.unserved {
                let _ = writeln!(text, "to serve: {problem}");
            }
            let warnings = counted(warnings.len(), "warning");
            let _ = writeln!(text, "This file can be used; {warnings}.");
        }
        Err(error) => {
            for warning in &checked.mapped.warnings {
                let _ = writeln!(text, "warning: {warning}");
            }
            for problem in &error.problems {
                let _ = writeln!(text, "error: {problem}");
            }
            let errors = counted(error.problems.len(), "error");
            let _ = writeln!(text, "This file cannot be used; {errors}.");
        }
    }
    text
}

fn counted(number: usize, thing: &str) -> String {
    let plural = if number == 1 { "" } else { "s" };
    format!("{number} {thing}{plural}")
}

fn became(row: &Row) -> String {
    match &row.became {
        Became::Setting(key) if row.shown == STARS => format!("{key} (secret)"),
        Became::Setting(key) => format!("{key} = {}", row.shown),
        Became::PartOf(key) => format!("part of {key}"),
        Became::Blank => "not set: the default stands".to_owned(),
        Became::Accepted => "as this server does anyway".to_owned(),
        Became::NoEffect(why) => format!("no effect: {why}"),
        Became::Overridden(line) => format!("overridden by line {line}"),
        Became::Unknown => "unknown, no effect".to_owned(),
        Became::Refused => "cannot be used, see below".to_owned(),
    }
}
