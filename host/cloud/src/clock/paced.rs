//! A clock in fast motion.

use std::sync::Arc;
use std::time::Duration;

use tokio::task::AbortHandle;
use tokio::time::MissedTickBehavior;
use weir_core::units::{DurationMs, UtcMs};

use super::timeline::Timeline;
use super::{Clock, Pause};

/// Real time between two steps. Short against a round trip over loopback, so that who exchanges messages sees time
/// pass evenly.
const TICK: Duration = Duration::from_millis(2);

/// A simulated clock that goes `speed` times as fast as the real one.
///
/// A task on the runtime moves it by a fixed amount each 2 ms, however long those took: on a stalled machine simulated
/// time slows down with everything that lives in it, instead of running ahead and timing everybody out.
pub struct PacedClock {
    timeline: Arc<Timeline>,
    ticking: AbortHandle,
}

/// The speed is out of bounds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a paced clock's speed is 1 to {max}, got {0}", max = PacedClock::MAX_SPEED)]
pub struct SpeedError(pub u32);

impl PacedClock {
    /// Fastest pace: beyond it a reporting period of 5 s is shorter than some round trips.
    pub const MAX_SPEED: u32 = 200;

    /// Starts at `from`. Must be called on a tokio runtime, which moves the clock until it is dropped.
    ///
    /// # Errors
    /// When `speed` is not 1 to [`PacedClock::MAX_SPEED`].
    pub fn start(from: UtcMs, speed: u32) -> Result<Self, SpeedError> {
        if !(1..=Self::MAX_SPEED).contains(&speed) {
            return Err(SpeedError(speed));
        }
        let timeline = Timeline::starting_at(from);
        let ticking = tokio::spawn(tick(Arc::clone(&timeline), u64::from(speed))).abort_handle();
        Ok(Self { timeline, ticking })
    }
}

async fn tick(timeline: Arc<Timeline>, speed: u64) {
    let step = DurationMs(speed * u64::try_from(TICK.as_millis()).unwrap_or(1));
    #[expect(
        clippy::disallowed_methods,
        reason = "this is a Clock: it has to get its time somewhere"
    )]
    let mut ticks = tokio::time::interval(TICK);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    ticks.tick().await;
    loop {
        ticks.tick().await;
        timeline.move_to(timeline.now() + step);
    }
}

impl Drop for PacedClock {
    fn drop(&mut self) {
        self.ticking.abort();
    }
}

impl Clock for PacedClock {
    fn now(&self) -> UtcMs {
        self.timeline.now()
    }

    fn sleep_until(&self, at: UtcMs) -> Pause {
        Box::pin(self.timeline.sleep_until(at))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_minute_passes_in_a_fraction_of_a_second() {
        let start = UtcMs(1_700_000_000_000);
        let clock = PacedClock::start(start, 200).expect("200 is within bounds");
        clock.sleep(DurationMs::secs(60)).await;
        assert!(clock.now() >= start + DurationMs::secs(60));
    }

    #[tokio::test]
    async fn a_stalled_machine_slows_simulated_time() {
        let start = UtcMs(0);
        let clock = PacedClock::start(start, 100).expect("100 is within bounds");
        clock.sleep(DurationMs(1)).await;
        let before = clock.now();
        // The only worker thread is held: nothing ticks, so nothing passes.
        #[expect(
            clippy::disallowed_methods,
            reason = "the stall itself is what is tested"
        )]
        std::thread::sleep(Duration::from_millis(50));
        assert_eq!(clock.now(), before);
        clock.sleep(DurationMs(1)).await;
        assert!(clock.now().since(before) <= DurationMs(3 * 200));
    }

    #[tokio::test]
    async fn a_speed_out_of_bounds_is_refused() {
        for speed in [0, 201] {
            let refused = PacedClock::start(UtcMs(0), speed).err();
            assert_eq!(refused, Some(SpeedError(speed)));
        }
    }
}
