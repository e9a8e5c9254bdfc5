//! How far the runs are, on a terminal.

use std::io::{IsTerminal, Write, stderr};
use std::sync::Mutex;

use crate::backtest::Progress;

/// Cells of the bar.
const WIDTH: usize = 40;

/// A line that is drawn over and over; nothing where nobody sees it.
pub(super) struct Bar {
    runs: Mutex<Vec<Progress>>,
    shown: Mutex<Option<usize>>,
    is_seen: bool,
}

impl Bar {
    /// For so many runs.
    pub(super) fn of(runs: usize) -> Self {
        Self {
            runs: Mutex::new(vec![Progress { done: 0, of: 0 }; runs]),
            shown: Mutex::new(None),
            is_seen: stderr().is_terminal(),
        }
    }

    /// A run is so far.
    pub(super) fn tell(&self, run: usize, progress: Progress) {
        if !self.is_seen {
            return;
        }
        let permille = {
            let Ok(mut runs) = self.runs.lock() else {
                return;
            };
            runs[run] = progress;
            // A run that has not begun counts as long as those that have.
            let longest = runs.iter().map(|run| run.of).max().unwrap_or(0);
            let done: usize = runs.iter().map(|run| run.done).sum();
            done * 1_000 / (longest * runs.len()).max(1)
        };
        let Ok(mut shown) = self.shown.lock() else {
            return;
        };
        if shown.is_none_or(|shown| shown < permille) {
            *shown = Some(permille);
            let cells = permille * WIDTH / 1_000;
            let (full, rest) = ("#".repeat(cells), ".".repeat(WIDTH - cells));
            // A terminal that is gone shows nothing, and the run goes on.
            let _ = write!(stderr(), "\r[{full}{rest}] {:>3} %", permille / 10);
        }
    }

    /// Takes the line away.
    pub(super) fn end(&self) {
        if self.is_seen {
            let _ = write!(stderr(), "\r{:width$}\r", "", width = WIDTH + 8);
        }
    }
}
