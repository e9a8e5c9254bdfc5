//! What was called, what fired, and what was really launched.

use std::collections::BTreeMap;

use parking_lot::Mutex;
use tokio::sync::watch;
use weir_core::units::UtcMs;

use super::fault::{Fault, Kind};
use crate::ec2_api::Params;

/// A call as it came.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Call {
    /// When, by the proxy's clock.
    pub at: UtcMs,
    /// `RunInstances` ...
    pub action: String,
    /// Region of its signature; empty when it has none.
    pub region: String,
    /// Its client token.
    pub client_token: Option<String>,
    /// All parameters.
    pub params: Params,
    /// What was done to it.
    pub fault: Option<Fault>,
}

#[derive(Default)]
struct Book {
    calls: Vec<Call>,
    fired: BTreeMap<Kind, u64>,
    launches: BTreeMap<String, u32>,
}

/// The record of a proxy.
pub(super) struct Calls {
    book: Mutex<Book>,
    changed: watch::Sender<usize>,
}

impl Calls {
    pub(super) fn new() -> Self {
        Self {
            book: Mutex::default(),
            changed: watch::Sender::new(0),
        }
    }

    pub(super) fn add(&self, call: Call) {
        // Not under the lock: who waits looks into the book.
        let count = {
            let mut book = self.book.lock();
            book.calls.push(call);
            book.calls.len()
        };
        self.changed.send_replace(count);
    }

    pub(super) fn count(&self, kind: Kind) {
        *self.book.lock().fired.entry(kind).or_default() += 1;
    }

    pub(super) fn count_launch(&self, token: &str, instances: u32) {
        let mut book = self.book.lock();
        *book.launches.entry(token.to_owned()).or_default() += instances;
    }

    pub(super) fn all(&self) -> Vec<Call> {
        self.book.lock().calls.clone()
    }

    pub(super) fn fired(&self) -> BTreeMap<Kind, u64> {
        self.book.lock().fired.clone()
    }

    pub(super) fn launches(&self) -> BTreeMap<String, u32> {
        self.book.lock().launches.clone()
    }

    fn number_of(&self, action: &str) -> usize {
        let book = self.book.lock();
        let of_action = book.calls.iter().filter(|call| call.action == action);
        of_action.count()
    }

    pub(super) async fn called(&self, action: &str, number: usize) {
        let wanted = self.number_of(action) + number;
        let mut changed = self.changed.subscribe();
        let reached = changed.wait_for(|_| self.number_of(action) >= wanted).await;
        // The sender lives as long as this.
        drop(reached);
    }
}
