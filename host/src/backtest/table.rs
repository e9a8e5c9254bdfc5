//! The figures as a table: a line for each, a column for each policy.

use std::fmt::Write;

use weir_core::units::DurationMs;

use super::comparison::Comparison;
use super::costs::CallCosts;
use super::run::Outcome;
use super::utc;
use super::words::{length, number};

/// Letters of a policy's name that are shown.
const NAME: usize = 18;
/// Letters of a line before the words are carried on.
const LINE: usize = 100;

/// One line: what it is, what it says for each run, and for those who see the future.
struct Row {
    what: &'static str,
    runs: Vec<String>,
    ideal: String,
    oracle: String,
}

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

fn rows(comparison: &Comparison) -> Vec<Row> {
    let foresight = comparison.foresight;
    let price = comparison.plant.price;
    let row = |what: &'static str, cell: &dyn Fn(&Outcome) -> String| Row {
        what,
        runs: comparison.runs.iter().map(cell).collect(),
        ideal: String::new(),
        oracle: String::new(),
    };
    let with = |row: Row, ideal: String, oracle: String| Row {
        ideal,
        oracle,
        ..row
    };
    let times = |hours: f64| number(hours / foresight.oracle.max(f64::MIN_POSITIVE));
    let percent = |value: f64| format!("{} %", number(value));
    let count = |value: u64| number(value as f64);
    let mut rows = vec![
        with(
            row("node-hours", &|run| number(run.score.node_hours)),
            number(foresight.ideal),
            number(foresight.oracle),
        ),
        with(
            row("  times the oracle's", &|run| times(run.score.node_hours)),
            times(foresight.ideal),
            times(foresight.oracle),
        ),
    ];
    if price > 0.0 {
        rows.push(with(
            row("cost", &|run| number(run.score.cost.unwrap_or(0.0))),
            number(foresight.ideal * price),
            number(foresight.oracle * price),
        ));
    }
    rows.extend([
        row("over capacity", &|run| {
            percent(run.score.over_capacity_percent)
        }),
        row("  viewer-seconds", &|run| {
            number(run.score.over_capacity_viewer_seconds.round())
        }),
        row("refused", &|run| percent(run.score.refused_percent)),
        row("  viewer-seconds", &|run| {
            number(run.score.refused_viewer_seconds.round())
        }),
        row("moved", &|run| percent(run.score.moved_percent)),
        row("load of nodes", &|run| {
            percent(run.score.utilisation_percent)
        }),
        row("most nodes", &|run| count(run.score.most_nodes.into())),
        row("launches", &|run| count(run.score.launches)),
        row("removals", &|run| count(run.score.removals)),
        row("taken back", &|run| count(run.score.taken_back)),
        row("launches given up", &|run| count(run.score.cancelled)),
        row("flaps", &|run| count(run.score.flaps)),
        row("time with too few", &|run| {
            percent(run.score.time_lacking_percent)
        }),
        row("surplus of nodes", &|run| {
            percent(run.score.surplus_percent)
        }),
        row("jitter, per hour", &|run| number(run.score.jitter_per_hour)),
    ]);
    rows.extend(costs("decisions", comparison, |run| {
        Some(&run.score.decisions)
    }));
    rows.extend(costs("questions", comparison, |run| {
        run.score.questions.as_ref()
    }));
    if comparison
        .runs
        .iter()
        .any(|run| run.score.failed_launches > 0)
    {
        rows.push(row("failed launches", &|run| {
            count(run.score.failed_launches)
        }));
    }
    rows
}

/// What calls of one kind cost, where there are any.
fn costs(
    what: &'static str,
    comparison: &Comparison,
    of: impl Fn(&Outcome) -> Option<&CallCosts>,
) -> Vec<Row> {
    if comparison.runs.iter().all(|run| of(run).is_none()) {
        return Vec::new();
    }
    let row = |what: &'static str, cell: &dyn Fn(&CallCosts) -> String| Row {
        what,
        runs: comparison
            .runs
            .iter()
            .map(|run| of(run).map(cell).unwrap_or_default())
            .collect(),
        ideal: String::new(),
        oracle: String::new(),
    };
    let both =
        |median: u64, p99: u64| format!("{} / {}", number(median as f64), number(p99 as f64));
    let mut rows = vec![
        row(what, &|costs| number(costs.calls as f64)),
        row("  fuel, median / p99", &|costs| {
            both(costs.fuel_median, costs.fuel_p99)
        }),
        row("  µs, median / p99", &|costs| {
            both(costs.micros_median, costs.micros_p99)
        }),
    ];
    if comparison
        .runs
        .iter()
        .filter_map(&of)
        .any(|costs| costs.faults > 0)
    {
        rows.push(row("  without an answer", &|costs| {
            number(costs.faults as f64)
        }));
    }
    rows
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
