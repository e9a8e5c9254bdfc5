//! Once in a while for each key: so that what happens all the time is logged, and does not fill the log.

use std::collections::HashMap;
use std::hash::Hash;

use parking_lot::Mutex;
use weir_core::units::{DurationMs, UtcMs};

/// One line per key in so long: a server of a pool, or one that is set up wrongly, may ask for hours.
const EVERY: DurationMs = DurationMs::secs(600);

/// Most keys remembered; a flood of others is no news.
const MOST: usize = 10_000;

/// Keys that were news lately.
#[derive(Debug)]
pub(super) struct Seldom<K>(Mutex<HashMap<K, UtcMs>>);

impl<K> Default for Seldom<K> {
    fn default() -> Self {
        Self(Mutex::default())
    }
}

impl<K: Eq + Hash> Seldom<K> {
    /// Whether the key is news at `now`; it is not again for a while.
    pub(super) fn is_news(&self, key: K, now: UtcMs) -> bool {
        let mut known = self.0.lock();
        if known.get(&key).is_some_and(|at| now.since(*at) < EVERY) {
            return false;
        }
        if known.len() >= MOST {
            known.retain(|_, at| now.since(*at) < EVERY);
        }
        let room = known.len() < MOST;
        if room {
            known.insert(key, now);
        }
        room
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_news_once_in_ten_minutes() {
        let seldom = Seldom::default();
        let news = [0, 1_000, 599_999, 600_000, 600_001].map(|at| seldom.is_news("a", UtcMs(at)));
        assert_eq!(news, [true, false, false, true, false]);
    }

    #[test]
    fn a_flood_of_keys_is_forgotten_when_it_is_over() {
        let seldom = Seldom::default();
        let news = (0..2 * MOST).filter(|key| seldom.is_news(*key, UtcMs(0)));
        assert_eq!(news.count(), MOST);
        assert!(seldom.is_news(2 * MOST, UtcMs(600_000)));
    }
}
