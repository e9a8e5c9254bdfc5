//! Who used up the wall clock of a call: the guest, or a machine that gave its thread no processor?
//!
//! Half the time goes by unwatched. Then the thread's processor time is read every further half: a guest that used
//! the other half of its time has to end, one that hardly ran gets another round, up to a bound. So a busy machine
//! does not blame policies, and a call never costs more processor time than its limit.

use std::time::Duration;

use wasmtime::UpdateDeadline;

/// Rounds of half the limit that a call may wait for a processor.
const ROUNDS: u32 = 40;

/// The judgement of one call.
#[derive(Debug)]
pub(super) struct Patience {
    /// Half the limit, ms and so ticks; at least one.
    half: u64,
    /// Processor time at the first look; none before it.
    watched_from: Option<Duration>,
    rounds: u32,
    starved: bool,
}

impl Patience {
    /// For a call of at most so many milliseconds.
    pub(super) fn new(limit_ms: u64) -> Self {
        Self {
            half: (limit_ms / 2).max(1),
            watched_from: None,
            rounds: 0,
            starved: false,
        }
    }

    /// Ticks until the first look. The tick that is running now does not count as a whole one.
    pub(super) fn first_look(&self) -> u64 {
        self.half + 1
    }

    /// The machine is to blame, not the guest.
    pub(super) fn starved(&self) -> bool {
        self.starved
    }

    /// The deadline came: another round, or the end.
    pub(super) fn judge(&mut self) -> UpdateDeadline {
        let Some(now) = processor_time() else {
            // Without that clock the whole limit counts as used.
            self.rounds += 1;
            return self.next(self.rounds > 1);
        };
        let from = *self.watched_from.get_or_insert(now);
        let guilty = now.saturating_sub(from) >= Duration::from_millis(self.half);
        self.starved = !guilty && self.rounds >= ROUNDS;
        self.rounds += 1;
        self.next(guilty || self.starved)
    }

    fn next(&self, end: bool) -> UpdateDeadline {
        match end {
            true => UpdateDeadline::Interrupt,
            false => UpdateDeadline::Continue(self.half),
        }
    }
}

/// Processor time of this thread.
#[cfg(unix)]
fn processor_time() -> Option<Duration> {
    let time = rustix::time::clock_gettime(rustix::time::ClockId::ThreadCPUTime);
    Duration::try_from(time).ok()
}

#[cfg(not(unix))]
fn processor_time() -> Option<Duration> {
    None
}
