//! Messages of nodes that say more than they may: refused, counted, and logged once in a while for each node.

use std::net::IpAddr;

use weir_core::units::UtcMs;

use super::seldom::Seldom;

/// As much of a name as is remembered and shown.
const MOST_NAME_CHARS: usize = 64;

/// Nodes that were logged lately.
#[derive(Debug, Default)]
pub(super) struct RefusedReports(Seldom<String>);

impl RefusedReports {
    /// Counts a refusal and logs it if it is the node's first in a while. The node by what it says of itself, or by the
    /// peer's address.
    pub(super) fn note(&self, named: Option<&str>, peer: IpAddr, problem: &str, now: UtcMs) {
        metrics::counter!("weir_reports_refused_total").increment(1);
        // What it says of itself may be what is too long.
        let short = |name: &str| name.chars().take(MOST_NAME_CHARS).collect();
        let node: String = named.map_or_else(|| peer.to_string(), short);
        if self.0.is_news(node.clone(), now) {
            tracing::warn!(%peer, node.id = node, problem, "a node's message was refused: it says more than it may");
        }
    }
}
