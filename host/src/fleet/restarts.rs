//! How long a group's task that broke waits before it starts again: not at all the first time, longer and longer when it
//! breaks again and again, so that a group which cannot run does not take a core and the store from the others.

use std::collections::BTreeMap;

use parking_lot::Mutex;
use weir_core::ids::GroupId;
use weir_core::units::{DurationMs, UtcMs};

/// The second pause; doubles.
const FIRST: DurationMs = DurationMs::secs(1);
/// The longest.
const LONGEST: DurationMs = DurationMs::secs(30);
/// A task that ran for so long after its start was well.
const WELL_AFTER: DurationMs = DurationMs::secs(60);

#[derive(Debug, Clone, Copy)]
struct Restart {
    in_a_row: u32,
    at: UtcMs,
}

/// Restarts of groups' tasks that broke.
#[derive(Debug, Default)]
pub(super) struct Restarts(Mutex<BTreeMap<GroupId, Restart>>);

impl Restarts {
    /// The pause before the task of a group that broke starts again.
    pub(super) fn pause(&self, id: GroupId, now: UtcMs) -> DurationMs {
        let mut restarts = self.0.lock();
        let restart = restarts.entry(id).or_insert(Restart {
            in_a_row: 0,
            at: now,
        });
        if now.since(restart.at) > WELL_AFTER {
            restart.in_a_row = 0;
        }
        let pause = match restart.in_a_row {
            0 => DurationMs(0),
            again => DurationMs((FIRST.0 << (again - 1).min(8)).min(LONGEST.0)),
        };
        restart.in_a_row += 1;
        restart.at = now + pause;
        pause
    }

    /// The group is gone.
    pub(super) fn forget(&self, id: GroupId) {
        self.0.lock().remove(&id);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_task_that_breaks_again_and_again_waits_longer_and_longer() {
        let (restarts, id) = (Restarts::default(), GroupId(1));
        let mut now = UtcMs(1_000_000);
        let mut pauses = Vec::new();
        for _ in 0..8 {
            let pause = restarts.pause(id, now);
            pauses.push(pause.0 / 1_000);
            now = now + pause + DurationMs(10);
        }
        assert_eq!(pauses, [0, 1, 2, 4, 8, 16, 30, 30]);
        assert_eq!(restarts.pause(GroupId(2), now), DurationMs(0));
        now = now + WELL_AFTER;
        assert_eq!(restarts.pause(id, now), DurationMs(0), "it ran for a while");
        assert_eq!(restarts.pause(id, now), FIRST);
        restarts.forget(id);
        assert_eq!(restarts.pause(id, now), DurationMs(0));
    }
}
