//! A clock that stands until it is moved.

use std::sync::Arc;

use weir_core::units::{DurationMs, UtcMs};

use super::timeline::Timeline;
use super::{Clock, Pause};

/// A clock that stands until [`ManualClock::advance`] moves it. Clones show the same time.
#[derive(Clone)]
pub struct ManualClock {
    timeline: Arc<Timeline>,
}

impl ManualClock {
    /// Stands at `now`.
    pub fn at(now: UtcMs) -> Self {
        Self {
            timeline: Timeline::starting_at(now),
        }
    }

    /// Moves forward and wakes everyone who is due, in the order of their moments. Who is woken sees the new time;
    /// to let sleepers act between two moments, go by [`ManualClock::next_due`].
    pub fn advance(&self, length: DurationMs) {
        let to = self.timeline.now() + length;
        self.timeline.move_to(to);
    }

    /// How many wait for a later moment: a test that wants a task asleep before it moves the clock looks here.
    pub fn sleepers(&self) -> usize {
        self.timeline.sleepers()
    }

    /// The next moment somebody waits for.
    pub fn next_due(&self) -> Option<UtcMs> {
        self.timeline.next_due()
    }
}

impl Clock for ManualClock {
    fn now(&self) -> UtcMs {
        self.timeline.now()
    }

    fn sleep_until(&self, at: UtcMs) -> Pause {
        Box::pin(self.timeline.sleep_until(at))
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use parking_lot::Mutex;
    use tokio::task::JoinSet;

    use super::*;

    const START: UtcMs = UtcMs(1_000);

    async fn until_asleep(clock: &ManualClock, count: usize) {
        while clock.sleepers() != count {
            tokio::task::yield_now().await;
        }
    }

    #[tokio::test]
    async fn sleepers_wake_in_the_order_of_their_moments() {
        let clock = ManualClock::at(START);
        let woken = Arc::new(Mutex::new(Vec::new()));
        let mut tasks = JoinSet::new();
        for length in [300, 100, 200, 100] {
            let (clock, woken) = (clock.clone(), Arc::clone(&woken));
            tasks.spawn(async move {
                clock.sleep(DurationMs(length)).await;
                woken.lock().push(length);
            });
        }
        until_asleep(&clock, 4).await;
        clock.advance(DurationMs(250));
        until_asleep(&clock, 1).await;
        while woken.lock().len() < 3 {
            tokio::task::yield_now().await;
        }
        assert_eq!(*woken.lock(), [100, 100, 200]);
        clock.advance(DurationMs(50));
        tasks.join_all().await;
        assert_eq!(*woken.lock(), [100, 100, 200, 300]);
        assert_eq!(clock.now(), UtcMs(1_300));
    }

    #[tokio::test]
    async fn a_moment_that_has_passed_is_not_waited_for() {
        let clock = ManualClock::at(START);
        clock.sleep_until(START).await;
        clock.sleep_until(UtcMs(1)).await;
        assert_eq!(clock.sleepers(), 0);
    }

    #[tokio::test]
    async fn a_dropped_sleeper_is_forgotten() {
        let clock = ManualClock::at(START);
        let sleeper = tokio::spawn(clock.sleep(DurationMs(10)));
        until_asleep(&clock, 1).await;
        assert_eq!(clock.next_due(), Some(UtcMs(1_010)));
        sleeper.abort();
        until_asleep(&clock, 0).await;
        assert_eq!(clock.next_due(), None);
    }
}
