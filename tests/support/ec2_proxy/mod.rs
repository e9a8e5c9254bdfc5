//! A proxy before an EC2 endpoint that behaves like the real thing where moto does not, and fails on cue.
//!
//! By itself it adds what moto lacks: client tokens are honoured. Time between states ([`Lags`]) and faults
//! ([`Fault`]) are added by the test, by rules ([`Rule`]), by lasting conditions (a full zone, a forbidden action) or
//! at random by a seed ([`Odds`]). Time is the test's clock. What fired is counted by kind, every call is on record.
//!
//! ```text
//! the server ──▶ wire (cuts) ──▶ script (which fault?) ──▶ tokens ──▶ lag (what is seen) ──▶ moto
//! ```

mod calls;
mod errors;
mod fault;
mod flow;
mod lag;
mod launches;
mod listing;
mod script;
mod upstream;
mod wire;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use tokio::net::TcpListener;
use tokio::task::AbortHandle;
use weir_cloud::clock::SharedClock;

use crate::xml::Element;
use flow::Flow;

pub use calls::Call;
pub use fault::{Cut, Fault, Kind};
pub use lag::Lags;
pub use script::{Odds, Rule};

/// A running proxy; it ends, and cuts every connection, when this is dropped.
pub struct Ec2Proxy {
    flow: Arc<Flow>,
    url: String,
    serving: AbortHandle,
}

impl Ec2Proxy {
    /// Stands before the endpoint at `upstream` (`http://127.0.0.1:5601`), on a free port. Delays and lags go by `clock`.
    pub async fn start(upstream: &str, clock: SharedClock) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let flow = Arc::new(Flow::new(upstream, clock));
        let serving = tokio::spawn(wire::serve(listener, flow.clone())).abort_handle();
        Self { flow, url, serving }
    }

    /// Where it listens, no slash at the end: the server's `AWS_ENDPOINT_URL`.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// From now on this much time passes between states of instances.
    pub fn set_lags(&self, lags: Lags) {
        self.flow.lag.set(lags);
    }

    /// Calls fail by this rule, after the rules that were given before.
    pub fn fail(&self, rule: Rule) {
        self.flow.script.add(rule);
    }

    /// Calls fail at random; the same seed makes the same calls fail.
    pub fn fail_at_random(&self, odds: Odds) {
        self.flow.script.set_odds(odds);
    }

    /// Forgets rules, odds and lasting conditions; what fired stays counted.
    pub fn behave(&self) {
        self.flow.script.clear();
    }

    /// The zone has no room for new instances, or has some again.
    pub fn set_full(&self, zone: &str, full: bool) {
        self.flow.script.set_full(zone, full);
    }

    /// The caller may not call the action, or may again.
    pub fn set_forbidden(&self, action: &str, forbidden: bool) {
        self.flow.script.set_forbidden(action, forbidden);
    }

    /// The caller may do nothing in the region, or may again.
    pub fn set_closed_region(&self, region: &str, closed: bool) {
        self.flow.script.set_closed_region(region, closed);
    }

    /// What fired so far, by kind.
    pub fn fired(&self) -> Fired {
        Fired(self.flow.calls.fired())
    }

    /// Every call so far, oldest first.
    pub fn calls(&self) -> Vec<Call> {
        self.flow.calls.all()
    }

    /// The actions that were called.
    pub fn actions(&self) -> BTreeSet<String> {
        let calls = self.calls();
        calls.into_iter().map(|call| call.action).collect()
    }

    /// Instances really made behind the proxy, by the client token that asked for them.
    pub fn launches(&self) -> BTreeMap<String, u32> {
        self.flow.calls.launches()
    }

    /// Every instance of the region as it stands at this moment, with its addresses, seen without lag of visibility.
    pub async fn truth(&self, region: &str) -> Vec<Element> {
        self.flow.truth(region).await
    }

    /// Waits until a call of the action arrives whose number, counted from now, is `number`.
    pub async fn called(&self, action: &str, number: usize) {
        self.flow.calls.called(action, number).await;
    }
}

impl Drop for Ec2Proxy {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

/// How often each kind fired.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fired(BTreeMap<Kind, u64>);

impl Fired {
    /// How often this kind fired.
    pub fn of(&self, kind: Kind) -> u64 {
        self.0.get(&kind).copied().unwrap_or(0)
    }

    /// The counts of both.
    #[must_use]
    pub fn and(mut self, other: &Fired) -> Self {
        for (kind, count) in &other.0 {
            *self.0.entry(*kind).or_default() += count;
        }
        self
    }
}

impl std::fmt::Display for Fired {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        for (kind, count) in &self.0 {
            writeln!(f, "{count:>6} {kind:?}")?;
        }
        Ok(())
    }
}
