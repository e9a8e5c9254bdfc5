//! What the table says, line by line.

use super::super::comparison::Comparison;
use super::super::costs::CallCosts;
use super::super::run::Outcome;
use super::super::words::number;

/// One line: what it is, what it says for each run, and for those who see the future.
pub(super) struct Row {
    pub(super) what: &'static str,
    pub(super) runs: Vec<String>,
    pub(super) ideal: String,
    pub(super) oracle: String,
}

impl Row {
    fn of(what: &'static str, comparison: &Comparison, cell: impl Fn(&Outcome) -> String) -> Self {
        Self {
            what,
            runs: comparison.runs.iter().map(cell).collect(),
            ideal: String::new(),
            oracle: String::new(),
        }
    }

    fn and(self, ideal: String, oracle: String) -> Self {
        Self {
            ideal,
            oracle,
            ..self
        }
    }
}

/// All lines.
pub(super) fn rows(comparison: &Comparison) -> Vec<Row> {
    let mut rows = paid(comparison);
    rows.extend(of_viewers(comparison));
    rows.extend(of_nodes(comparison));
    rows.extend(calls("decisions", comparison, |run| {
        Some(&run.score.decisions)
    }));
    rows.extend(calls("questions", comparison, |run| {
        run.score.questions.as_ref()
    }));
    rows
}

fn percent(value: f64) -> String {
    format!("{} %", number(value))
}

fn count(value: u64) -> String {
    number(value as f64)
}

fn paid(comparison: &Comparison) -> Vec<Row> {
    let foresight = comparison.foresight;
    let price = comparison.plant.price;
    let row = |what, cell: fn(&Outcome) -> String| Row::of(what, comparison, cell);
    let times = |hours: f64| number(hours / foresight.oracle.max(f64::MIN_POSITIVE));
    let relative = Row::of("  times the oracle's", comparison, |run| {
        times(run.score.node_hours)
    });
    let mut rows = vec![
        row("node-hours", |run| number(run.score.node_hours))
            .and(number(foresight.ideal), number(foresight.oracle)),
        relative.and(times(foresight.ideal), times(foresight.oracle)),
    ];
    if price > 0.0 {
        rows.push(
            row("cost", |run| number(run.score.cost.unwrap_or(0.0))).and(
                number(foresight.ideal * price),
                number(foresight.oracle * price),
            ),
        );
    }
    rows
}

fn of_viewers(comparison: &Comparison) -> Vec<Row> {
    let row = |what, cell: fn(&Outcome) -> String| Row::of(what, comparison, cell);
    vec![
        row("over capacity", |run| {
            percent(run.score.over_capacity_percent)
        }),
        row("  viewer-seconds", |run| {
            number(run.score.over_capacity_viewer_seconds.round())
        }),
        row("refused", |run| percent(run.score.refused_percent)),
        row("  viewer-seconds", |run| {
            number(run.score.refused_viewer_seconds.round())
        }),
        row("moved", |run| percent(run.score.moved_percent)),
    ]
}

fn of_nodes(comparison: &Comparison) -> Vec<Row> {
    let row = |what, cell: fn(&Outcome) -> String| Row::of(what, comparison, cell);
    let mut rows = vec![
        row("load of nodes", |run| {
            percent(run.score.utilisation_percent)
        }),
        row("most nodes", |run| count(run.score.most_nodes.into())),
        row("launches", |run| count(run.score.launches)),
        row("removals", |run| count(run.score.removals)),
        row("taken back", |run| count(run.score.taken_back)),
        row("launches given up", |run| count(run.score.cancelled)),
        row("flaps", |run| count(run.score.flaps)),
        row("time with too few", |run| {
            percent(run.score.time_lacking_percent)
        }),
        row("surplus of nodes", |run| percent(run.score.surplus_percent)),
        row("jitter, per hour", |run| number(run.score.jitter_per_hour)),
    ];
    let mut runs = comparison.runs.iter();
    if runs.any(|run| run.score.failed_launches > 0) {
        rows.push(row("launches that failed", |run| {
            count(run.score.failed_launches)
        }));
    }
    rows
}

/// What calls of one kind cost, where there are any.
fn calls(
    what: &'static str,
    comparison: &Comparison,
    of: impl Fn(&Outcome) -> Option<&CallCosts>,
) -> Vec<Row> {
    if comparison.runs.iter().all(|run| of(run).is_none()) {
        return Vec::new();
    }
    let row = |what, cell: fn(&CallCosts) -> String| {
        Row::of(what, comparison, |run| {
            of(run).map(cell).unwrap_or_default()
        })
    };
    let mut rows = vec![
        row(what, |costs| count(costs.calls)),
        row("  fuel, median / p99", |costs| {
            format!("{} / {}", count(costs.fuel_median), count(costs.fuel_p99))
        }),
        row("  µs, median / p99", |costs| {
            format!(
                "{} / {}",
                count(costs.micros_median),
                count(costs.micros_p99)
            )
        }),
    ];
    if comparison
        .runs
        .iter()
        .filter_map(&of)
        .any(|costs| costs.faults > 0)
    {
        rows.push(row("  without an answer", |costs| count(costs.faults)));
    }
    rows
}
