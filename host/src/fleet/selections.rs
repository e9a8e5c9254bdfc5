//! The newest placement decisions of a group. Kept as they were made, because every question makes one; put into
//! words when somebody looks.

use std::collections::VecDeque;
use std::sync::Arc;

use parking_lot::Mutex;
use weir_core::node::Node;
use weir_core::placement::Action;
use weir_core::stream::StreamName;
use weir_core::units::UtcMs;

use super::status::SelectionDecision;
use crate::policy::{PolicyFault, SharedPolicy};

/// Decisions kept for a look, per group.
const KEPT: usize = 200;

/// One placement decision.
pub(super) struct Selection {
    pub(super) at: UtcMs,
    pub(super) action: Action,
    pub(super) stream: StreamName,
    pub(super) by: Chooser,
    /// Best first.
    pub(super) chosen: Vec<Arc<Node>>,
    pub(super) fuel: u64,
    pub(super) micros: u64,
}

/// Who chose.
#[derive(Clone)]
pub(super) enum Chooser {
    /// The policy.
    Policy(SharedPolicy),
    /// The host's own ranking, because the policy failed.
    Host(PolicyFault),
    /// The host's own ranking, because nothing the policy chose was still valid.
    Stale,
}

impl Selection {
    fn in_words(&self) -> SelectionDecision {
        let (policy, reason) = match &self.by {
            Chooser::Policy(policy) => (Some(policy), "chosen by the policy".to_owned()),
            Chooser::Stale => (
                None,
                "ranked by load, because nothing the policy chose was still valid".to_owned(),
            ),
            Chooser::Host(fault) => (
                None,
                format!("ranked by load, because the policy failed: {fault}"),
            ),
        };
        SelectionDecision {
            at: self.at,
            action: self.action,
            stream: self.stream.path(),
            policy: policy.map(|policy| policy.name().to_owned()),
            version: policy.map(|policy| policy.version().to_owned()),
            chosen: self.chosen.iter().map(|node| node.id.to_string()).collect(),
            reason,
            fuel: self.fuel,
            micros: self.micros,
        }
    }
}

/// The newest decisions of one group.
#[derive(Default)]
pub(super) struct Selections(Mutex<VecDeque<Selection>>);

impl Selections {
    /// Keeps one, and lets the oldest go.
    pub(super) fn note(&self, selection: Selection) {
        let mut kept = self.0.lock();
        let oldest = (kept.len() == KEPT).then(|| kept.pop_front());
        kept.push_back(selection);
        drop(kept);
        // What it held is given back outside the lock.
        drop(oldest);
    }

    /// Newest first, at most `limit`.
    pub(super) fn newest(&self, limit: usize) -> Vec<SelectionDecision> {
        let kept = self.0.lock();
        kept.iter()
            .rev()
            .take(limit)
            .map(Selection::in_words)
            .collect()
    }
}
