//! A moment that is moved forward, and those who wait for it. The ground of [`super::ManualClock`] and
//! [`super::PacedClock`].
//!
//! Sleepers are woken in the order of the moments they wait for, and among equals in the order they lay down.
//! A sleeper that is dropped leaves no trace.

use std::collections::BTreeMap;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

use parking_lot::Mutex;
use weir_core::units::UtcMs;

/// A sleeper's place: the moment it waits for, then when it lay down.
type Place = (UtcMs, u64);

struct State {
    now: UtcMs,
    lain_down: u64,
    sleepers: BTreeMap<Place, Waker>,
}

pub(super) struct Timeline {
    state: Mutex<State>,
}

impl Timeline {
    pub(super) fn starting_at(now: UtcMs) -> Arc<Self> {
        let state = State {
            now,
            lain_down: 0,
            sleepers: BTreeMap::new(),
        };
        Arc::new(Self {
            state: Mutex::new(state),
        })
    }

    pub(super) fn now(&self) -> UtcMs {
        self.state.lock().now
    }

    pub(super) fn sleepers(&self) -> usize {
        self.state.lock().sleepers.len()
    }

    pub(super) fn next_due(&self) -> Option<UtcMs> {
        let state = self.state.lock();
        state.sleepers.first_key_value().map(|(place, _)| place.0)
    }

    /// Moves to `to` (never back) and wakes who is due.
    pub(super) fn move_to(&self, to: UtcMs) {
        let mut state = self.state.lock();
        state.now = state.now.max(to);
        let later = (UtcMs(state.now.0 + 1), 0);
        let still_asleep = state.sleepers.split_off(&later);
        let due = std::mem::replace(&mut state.sleepers, still_asleep);
        drop(state);
        // Outside the lock: a waker may run code that sleeps again.
        due.into_values().for_each(Waker::wake);
    }

    pub(super) fn sleep_until(self: &Arc<Self>, at: UtcMs) -> Sleep {
        Sleep {
            timeline: Arc::clone(self),
            at,
            place: None,
        }
    }
}

/// Ends when the timeline has reached `at`.
pub(super) struct Sleep {
    timeline: Arc<Timeline>,
    at: UtcMs,
    place: Option<Place>,
}

impl Future for Sleep {
    type Output = ();

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        let Self {
            timeline,
            at,
            place,
        } = self.get_mut();
        let mut state = timeline.state.lock();
        if state.now >= *at {
            return Poll::Ready(());
        }
        let place = *place.get_or_insert_with(|| {
            state.lain_down += 1;
            (*at, state.lain_down)
        });
        let replaced = state.sleepers.insert(place, context.waker().clone());
        // A waker may be the last thing that holds its task, and that task a sleeper: never dropped under the lock.
        drop(state);
        drop(replaced);
        Poll::Pending
    }
}

impl Drop for Sleep {
    fn drop(&mut self) {
        if let Some(place) = self.place {
            let mut state = self.timeline.state.lock();
            let waker = state.sleepers.remove(&place);
            drop(state);
            drop(waker);
        }
    }
}
