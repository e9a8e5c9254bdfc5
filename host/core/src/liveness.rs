//! Silence: what it says of one node, and what it says of us.
//!
//! Judged by the manager's clock and the arrival of reports only; a node's own clock plays no part.

use serde::{Deserialize, Serialize};

use crate::timers::Timers;
use crate::units::{DurationMs, UtcMs};

/// What the time since a node's last report means, with E = [`Timers::missed`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Liveness {
    /// At most E: as expected.
    Fresh,
    /// More than E: unresponsive, not offered any more.
    Late,
    /// More than 2 E: silent for good, as far as reports tell. Its port may still answer.
    Silent,
}

/// What dialling a node's port told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Port {
    /// Somebody listens: the service may live although its agent is silent.
    Open,
    /// The machine itself refused the connection: nobody listens, and so nobody is served.
    Closed,
    /// No answer, or no address to dial: the machine is gone, or the way to it.
    Unreachable,
    /// It could not be dialled for a reason of the manager's own (no file handle, no local port, no name service): this
    /// tells nothing of the node.
    Untold,
}

/// Judges a node that last reported at `last_report`. A report from the future counts as one of now.
pub fn judge(last_report: UtcMs, now: UtcMs, timers: &Timers) -> Liveness {
    let expected = timers.missed();
    let silence = now.since(last_report);
    if silence <= expected {
        Liveness::Fresh
    } else if silence <= DurationMs(expected.0.saturating_mul(2)) {
        Liveness::Late
    } else {
        Liveness::Silent
    }
}

/// Silence of most nodes at once is our blindness, not their death: true when more than half of the `expected` nodes
/// (in service or unresponsive) are `silent`. One node alone can always die.
pub fn blind(expected: usize, silent: usize) -> bool {
    expected >= 2 && silent > expected / 2
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn silence_is_judged_by_three_periods_and_six() {
        let timers = Timers::default();
        let table = [
            ("just heard", 0, Liveness::Fresh),
            ("one missed", 29_000, Liveness::Fresh),
            ("at the limit", 30_000, Liveness::Fresh),
            ("over it", 30_001, Liveness::Late),
            ("at twice the limit", 60_000, Liveness::Late),
            ("over twice the limit", 60_001, Liveness::Silent),
        ];
        for (name, silence, expected) in table {
            let now = UtcMs(1_000_000 + silence);
            assert_eq!(judge(UtcMs(1_000_000), now, &timers), expected, "{name}");
        }
    }

    #[test]
    fn slow_reporting_stretches_the_limit() {
        let timers = Timers {
            reporting: DurationMs::secs(30),
            ..Timers::default()
        };
        assert_eq!(judge(UtcMs(0), UtcMs(90_000), &timers), Liveness::Fresh);
        assert_eq!(judge(UtcMs(0), UtcMs(90_001), &timers), Liveness::Late);
    }

    #[test]
    fn clock_that_went_back_makes_nobody_late() {
        let timers = Timers::default();
        assert_eq!(judge(UtcMs(900_000), UtcMs(1), &timers), Liveness::Fresh);
    }

    #[test]
    fn silence_of_most_is_blindness() {
        let table = [
            ("nobody there", 0, 0, false),
            ("one node may die", 1, 1, false),
            ("one of two may die", 2, 1, false),
            ("both silent", 2, 2, true),
            ("one of three", 3, 1, false),
            ("two of three", 3, 2, true),
            ("exactly half", 4, 2, false),
            ("more than half", 4, 3, true),
            ("all", 100, 100, true),
        ];
        for (name, expected, silent, verdict) in table {
            assert_eq!(blind(expected, silent), verdict, "{name}");
        }
    }
}
