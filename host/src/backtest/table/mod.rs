//! The figures as a table: a line for each, a column for each policy.

mod rows;

use std::fmt::Write;

use weir_core::units::DurationMs;

use super::comparison::Comparison;
use super::utc;
use super::words::{length, number};
use rows::{Row, rows};

/// Letters of a policy's name that are shown.
const NAME: usize = 18;
/// Letters of a line before the words are carried on.
const LINE: usize = 100;

/// The whole table, with what it is about above it and what its words mean below.
pub fn table(comparison: &Comparison) -> String {
    let audience = &comparison.audience;
    let mut text = format!(
        "{}\n{} UTC, {}: {} viewers at the peak, {} on average\n",
        audience.name,
        utc::text(audience.start),
        length(audience.end.since(audience.start)),
        number(audience.peak.round()),
        number(audience.mean.round()),
    );
    wrap(&mut text, &comparison.plant.words, ", ");
    text.push('\n');
    let rows = rows(comparison);
    let mut heads: Vec<String> = comparison.runs.iter().map(|run| short(&run.name)).collect();
    heads.extend(["ideal".to_owned(), "oracle".to_owned()]);
    let cells = |row: &Row| -> Vec<String> {
        let ends = [row.ideal.clone(), row.oracle.clone()];
        row.runs.iter().cloned().chain(ends).collect()
    };
    let what = rows
        .iter()
        .map(|row| row.what.chars().count())
        .max()
        .unwrap_or(0);
    let width = |column: usize| {
        let cells = rows.iter().map(|row| cells(row)[column].chars().count());
        cells
            .chain([heads[column].chars().count()])
            .max()
            .unwrap_or(0)
    };
    let widths: Vec<usize> = (0..heads.len()).map(width).collect();
    let mut line = |first: &str, cells: &[String]| {
        let mut line = format!("{first:<what$}");
        for (cell, width) in cells.iter().zip(&widths) {
            let _ = write!(line, "  {cell:>width$}");
        }
        text.push_str(line.trim_end());
        text.push('\n');
    };
    line("", &heads);
    for row in &rows {
        line(row.what, &cells(row));
    }
    text.push('\n');
    for note in notes(comparison) {
        wrap(&mut text, &note, " ");
    }
    text
}

fn notes(comparison: &Comparison) -> Vec<String> {
    let plant = &comparison.plant;
    let refused = match (plant.hard_admission, plant.single_viewers) {
        (true, _) => "refused: viewers who found no room",
        (false, true) => "refused: viewers for whom there was no node at all",
        (false, false) => {
            "refused: viewers who would have found no room if full nodes turned them away"
        }
    };
    let mut notes = vec![
        "ideal: nodes that come and go in no time; oracle: the best with this boot and drain by whoever knows the future"
            .to_owned(),
        format!(
            "over capacity: of the time viewers wanted to watch; {refused}; moved: viewers still on a node when its drain \
             ended; the latter two of all who came"
        ),
        format!(
            "flaps: scaling one way within {} of scaling the other; jitter: changes of the number of nodes less those of \
             the number needed",
            length(DurationMs::secs(900))
        ),
    ];
    for run in &comparison.runs {
        let faults = [Some(&run.score.decisions), run.score.questions.as_ref()];
        for costs in faults.into_iter().flatten() {
            if let Some(fault) = &costs.first_fault {
                notes.push(format!(
                    "{} gave no answer {} times, and the group held still: {fault}",
                    run.name, costs.faults
                ));
            }
        }
    }
    notes
}

fn short(name: &str) -> String {
    if name.chars().count() <= NAME {
        return name.to_owned();
    }
    let kept: String = name.chars().take(NAME - 1).collect();
    format!("{kept}…")
}

/// Carries words on to further lines where they are too long, only at these marks.
fn wrap(text: &mut String, words: &str, mark: &str) {
    let mut line = 0;
    for word in words.split_inclusive(mark) {
        let length = word.chars().count();
        if line > 0 && line + length > LINE {
            text.truncate(text.trim_end().len());
            text.push_str("\n  ");
            line = 2;
        }
        text.push_str(word);
        line += length;
    }
    text.push('\n');
}
