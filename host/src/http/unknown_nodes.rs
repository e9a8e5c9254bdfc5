//! Reports of servers nobody here launched: told to wait, counted, and logged once in a while per address.

use std::collections::HashMap;
use std::net::IpAddr;

use parking_lot::Mutex;
use weir_core::units::{DurationMs, UtcMs};

/// A server of a pool may ask for hours: one line per address in so long.
const LOG_EVERY: DurationMs = DurationMs::secs(600);

/// Most addresses remembered; a flood of others is only counted.
const MOST: usize = 10_000;

/// Addresses that were logged lately.
#[derive(Debug, Default)]
pub(super) struct UnknownNodes(Mutex<HashMap<IpAddr, UtcMs>>);

impl UnknownNodes {
    /// Counts a message and logs it if it is the address's first in a while.
    pub(super) fn seen(&self, peer: IpAddr, named: Option<&str>, now: UtcMs) {
        metrics::counter!("weir_reports_unknown_total").increment(1);
        if self.is_news(peer, now) {
            let node = named.unwrap_or("");
            tracing::warn!(%peer, node, "a server that is no node of this fleet reports here; it was told to ask again");
        }
    }

    fn is_news(&self, peer: IpAddr, now: UtcMs) -> bool {
        let mut logged = self.0.lock();
        if logged
            .get(&peer)
            .is_some_and(|at| now.since(*at).0 < LOG_EVERY.0)
        {
            return false;
        }
        if logged.len() >= MOST {
            logged.retain(|_, at| now.since(*at).0 < LOG_EVERY.0);
        }
        let room = logged.len() < MOST;
        if room {
            logged.insert(peer, now);
        }
        room
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_news_once_in_ten_minutes() {
        let unknown = UnknownNodes::default();
        let peer = IpAddr::from([10, 0, 0, 1]);
        let news: Vec<bool> = [0, 1_000, 599_999, 600_000, 600_001]
            .into_iter()
            .map(|at| unknown.is_news(peer, UtcMs(at)))
            .collect();
        assert_eq!(news, [true, false, false, true, false]);
    }
}
