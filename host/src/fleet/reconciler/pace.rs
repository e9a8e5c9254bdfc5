//! When a group looks again: at once when something happened, else when something is due; never so often that one
//! large group keeps a core to itself.

use std::time::{Duration, Instant};

use weir_core::units::{DurationMs, UtcMs};

use super::Reconciler;

/// Longest time between two passes when nothing happens; demand history has a bucket every ten seconds.
const IDLE_PASS: DurationMs = DurationMs::secs(1);
/// Pause after the store failed.
const STORE_PAUSE: DurationMs = DurationMs::secs(1);
/// After a pass the group rests so many times as long as the looks at every node and the views took: however often it is
/// woken, this leaves most of a core to others, and what comes meanwhile is looked at together.
const REST: u32 = 4;
/// So often a report that crosses a bound may cut a rest short: loads that sway about a bound cross it all the time.
const HURRY_EVERY: Duration = Duration::from_secs(1);
/// Shorter rests are not worth a timer.
const LEAST_REST: Duration = Duration::from_millis(5);

impl Reconciler {
    /// One of the steps that look at every node.
    pub(super) fn costly<T>(&mut self, step: impl FnOnce(&mut Self) -> T) -> T {
        let started = Instant::now();
        let done = step(self);
        self.cost += started.elapsed();
        done
    }

    /// Waits for something to do. Answers whether the server stops.
    pub(super) async fn wait(&mut self) -> bool {
        let now = self.shared.clock.now();
        let next = self.next_pass(now);
        let pause = self.shared.clock.sleep_until(next);
        let mut stopping = self.shared.stopping.clone();
        tokio::select! {
            biased;
            _ = stopping.wait_for(|stopping| *stopping) => return true,
            Some(request) = self.requests.recv() => self.take(request),
            Some(fact) = self.facts.1.recv() => self.know(fact),
            () = self.handle.mailbox.woken() => {}
            () = pause => {}
        }
        if let Some(failed) = self.store_failed_at.take() {
            let pause = self.shared.clock.sleep_until(failed + STORE_PAUSE);
            tokio::select! {
                _ = stopping.wait_for(|stopping| *stopping) => return true,
                () = pause => {}
            }
        }
        false
    }

    /// Leaves the core to others after a dear pass; a report that crosses a bound ends that, once in a while. By the
    /// machine's time: it is the machine that is spared. Answers whether the server stops.
    pub(super) async fn rest(&mut self) -> bool {
        let rest = std::mem::take(&mut self.cost) * REST;
        if rest < LEAST_REST {
            return false;
        }
        let mut stopping = self.shared.stopping.clone();
        #[expect(
            clippy::disallowed_methods,
            reason = "the machine's time is what is spared, not simulated time"
        )]
        let rested = tokio::time::sleep(rest);
        let may_hurry = self.hurried.is_none_or(|at| at.elapsed() >= HURRY_EVERY);
        tokio::select! {
            _ = stopping.wait_for(|stopping| *stopping) => return true,
            () = rested => {}
            () = self.handle.gauge.crossing(), if may_hurry => self.hurried = Some(Instant::now()),
        }
        false
    }

    fn next_pass(&self, now: UtcMs) -> UtcMs {
        let state = self.handle.state.read();
        let due = state.next_due(now).unwrap_or(UtcMs(u64::MAX));
        let view = self.publisher.due(!self.handle.mailbox.is_empty());
        due.min(now + IDLE_PASS)
            .min(self.scaler.due())
            .min(view)
            .max(UtcMs(now.0))
    }
}
