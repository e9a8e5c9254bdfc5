//! `weir backtest` and `weir compare`: policies over a recorded audience.

mod arguments;
mod files;
mod judge;
mod policies;
mod progress;

use std::path::PathBuf;

use clap::Args;

pub use arguments::{FilesArgs, LimitsArgs, Named, PlacementArgs, PlantArgs, SettingsOf};
pub use judge::{backtest, compare};

/// Run policies over a recorded audience.
#[derive(Debug, Args)]
#[command(after_help = BACKTEST_EXAMPLES)]
pub struct BacktestArgs {
    /// The audience: a CSV with a header such as timestamp_s,viewers, or JSON lines with such members
    #[arg(value_name = "TRACE")]
    pub trace: PathBuf,

    /// A scaling policy: a built-in one by name, or a .wasm file; NAME=POLICY gives it another name; repeatable
    #[arg(long, value_name = "[NAME=]POLICY", default_value = "threshold")]
    pub policy: Vec<Named>,

    /// What is the same for both commands.
    #[command(flatten)]
    pub shared: SharedArgs,
}

/// Run every built-in scaling policy over a recorded audience.
#[derive(Debug, Args)]
#[command(after_help = COMPARE_EXAMPLES)]
pub struct CompareArgs {
    /// The audience: a CSV with a header such as timestamp_s,viewers, or JSON lines with such members
    #[arg(value_name = "TRACE")]
    pub trace: PathBuf,

    /// One more beside the built-in ones, as for weir backtest; repeatable
    #[arg(long, value_name = "[NAME=]POLICY")]
    pub policy: Vec<Named>,

    /// What is the same for both commands.
    #[command(flatten)]
    pub shared: SharedArgs,
}

/// Everything but who is judged.
#[derive(Debug, Args)]
pub struct SharedArgs {
    /// Settings of a policy, JSON: NAME={…}; without NAME= of all of them; repeatable
    #[arg(long, value_name = "[NAME=]JSON")]
    pub settings: Vec<SettingsOf>,

    /// Who places viewers.
    #[command(flatten)]
    pub placement: PlacementArgs,

    /// Machines and audience.
    #[command(flatten)]
    pub plant: PlantArgs,

    /// The group's limits.
    #[command(flatten)]
    pub limits: LimitsArgs,

    /// Where results go.
    #[command(flatten)]
    pub files: FilesArgs,
}

const BACKTEST_EXAMPLES: &str = "\
Without further flags: the policy threshold, nodes that carry a fiftieth of the peak, boots of 60 s to 200 s, drains of
300 s, sessions of half an hour, a look each 10 s. One origin is kept beside the edges and not counted.

Examples:
  weir backtest show.csv                                  the built-in policy, a table
  weir backtest show.csv --capacity 500 --price 0.096     your nodes, what it costs
  weir backtest show.csv --svg show.svg --png show.png    with a picture
  weir backtest show.csv --policy mine.wasm --settings '{\"target\":70}'
  weir backtest show.csv --policy threshold --policy drain=threshold --settings 'drain={\"drain\":true}'
  weir backtest show.csv --boot lognormal:75s..120s --launch-failures 2% --admission hard --seed 7
  weir backtest show.csv --for 6h --mode viewers --placement weighted
  weir backtest show.csv --json - | jq '.runs[0].score.nodeHours'

The same input gives the same figures, but for the time that calls took.";

const COMPARE_EXAMPLES: &str = "\
Examples:
  weir compare show.csv                                   all built-in scaling policies side by side
  weir compare show.csv --policy mine.wasm                and yours
  weir compare show.csv --capacity 500 --png show.png     see weir backtest --help for what can be set";

#[cfg(test)]
mod tests;
