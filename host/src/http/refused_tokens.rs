//! Tokens that open nothing: counted, and logged once in a while for each address. A script with an old token, or
//! somebody who tries them out, is worth a line, and not a line a second.

use std::net::IpAddr;

use weir_core::units::UtcMs;

use super::seldom::Seldom;

/// Addresses that were logged lately.
#[derive(Debug, Default)]
pub(super) struct RefusedTokens(Seldom<IpAddr>);

impl RefusedTokens {
    /// Counts a refusal and logs it if it is the address's first in a while.
    pub(super) fn note(&self, peer: IpAddr, problem: &str, now: UtcMs) {
        metrics::counter!("weir_tokens_refused_total").increment(1);
        if self.0.is_news(peer, now) {
            tracing::warn!(%peer, problem, "a token was refused; further ones of this address are only counted for ten minutes");
        }
    }
}
