//! Reports of servers nobody here launched: told to wait, counted, and logged once in a while per address.

use std::net::IpAddr;

use weir_core::units::UtcMs;

use super::seldom::Seldom;

/// Addresses that were logged lately.
#[derive(Debug, Default)]
pub(super) struct UnknownNodes(Seldom<IpAddr>);

impl UnknownNodes {
    /// Counts a message and logs it if it is the address's first in a while.
    pub(super) fn seen(&self, peer: IpAddr, named: Option<&str>, now: UtcMs) {
        metrics::counter!("weir_reports_unknown_total").increment(1);
        if self.0.is_news(peer, now) {
            let node = named.unwrap_or("");
            tracing::warn!(%peer, node, "a server that is no node of this fleet reports here; it was told to ask again");
        }
    }
}
