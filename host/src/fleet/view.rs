//! What placement questions are answered from: a view of the nodes per action, shown to prepared policy instances.
//!
//! Published by the reconciler, replaced whole. A stale view can only cost a second-best answer: every choice is
//! checked against the group's current state.

use std::collections::HashMap;
use std::sync::Arc;

use parking_lot::Mutex;
use weir_core::ids::NodeNo;
use weir_core::placement::Action;
use weir_core::snapshot::View;

use crate::policy::{PreparedPool, Rung, SharedPolicy};

/// Offers for both actions.
#[derive(Default)]
pub struct Offers {
    /// For publishers.
    pub broadcast: Option<Arc<Offer>>,
    /// For viewers.
    pub subscribe: Option<Arc<Offer>>,
}

impl Offers {
    /// The offer for an action.
    pub fn of(&self, action: Action) -> Option<&Arc<Offer>> {
        match action {
            Action::Broadcast => self.broadcast.as_ref(),
            Action::Subscribe => self.subscribe.as_ref(),
        }
    }
}

/// One action's nodes, and the policy that was shown them.
pub struct Offer {
    /// The nodes.
    pub view: Arc<View>,
    /// The policy that answers, with its prepared instances; `None` when no policy could be prepared.
    pub answering: Option<Answering>,
    rows: HashMap<NodeNo, usize>,
    handed_out: Mutex<Vec<(u32, u32)>>,
}

/// A policy that was shown the view.
pub struct Answering {
    /// The policy.
    pub policy: SharedPolicy,
    /// Its instances.
    pub pool: PreparedPool,
    /// Where it stands on the ladder.
    pub rung: Rung,
}

impl Offer {
    /// An offer of this view.
    pub fn new(view: Arc<View>, answering: Option<Answering>) -> Self {
        let rows = view
            .nodes
            .id
            .iter()
            .enumerate()
            .map(|(row, id)| (NodeNo(*id), row))
            .collect();
        Self {
            view,
            answering,
            rows,
            handed_out: Mutex::new(Vec::new()),
        }
    }

    /// Was this node offered?
    pub fn has(&self, no: NodeNo) -> bool {
        self.rows.contains_key(&no)
    }

    /// Clients handed out since the view was made, by node.
    pub fn handed_out(&self) -> Vec<(u32, u32)> {
        self.handed_out.lock().clone()
    }

    /// One more client was handed to the node. Answers how many nodes got clients since the view was made.
    pub fn hand_out(&self, no: NodeNo) -> usize {
        let mut handed_out = self.handed_out.lock();
        match handed_out.iter_mut().find(|(id, _)| *id == no.0) {
            Some((_, count)) => *count = count.saturating_add(1),
            None => handed_out.push((no.0, 1)),
        }
        handed_out.len()
    }
}
