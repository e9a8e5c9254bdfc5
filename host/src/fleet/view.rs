//! What placement questions are answered from: a view of the nodes per action, shown to prepared policy instances.
//!
//! Published by the reconciler, replaced whole. A stale view can only cost a second-best answer: every choice is
//! checked against the group's current state.

use std::collections::HashMap;
use std::sync::Arc;

use parking_lot::Mutex;
use weir_core::group_state::GroupState;
use weir_core::ids::NodeNo;
use weir_core::placement::Action;
use weir_core::snapshot::View;
use weir_core::stream::StreamName;

use super::group::StateCell;
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

    /// One of them is crowded.
    pub fn are_crowded(&self) -> bool {
        let mut both = [&self.broadcast, &self.subscribe].into_iter().flatten();
        both.any(|offer| offer.is_crowded())
    }
}

/// One action's nodes, and the policy that was shown them.
pub struct Offer {
    /// The nodes.
    pub view: Arc<View>,
    /// The policy that answers, with its prepared instances; `None` when no policy could be prepared.
    pub answering: Option<Answering>,
    rows: HashMap<NodeNo, usize>,
    handed_out: Mutex<HandedOut>,
    /// Nodes of the view that carry a stream which many carry.
    popular: Mutex<HashMap<StreamName, Arc<[u32]>>>,
}

/// Clients handed out since the view was made.
struct HandedOut {
    /// Node and count.
    list: Vec<(u32, u32)>,
    /// Place in the list by row of the view; `u32::MAX`: none yet.
    places: Box<[u32]>,
}

/// So many nodes handed out since the view was made that the list itself slows questions: make a new view.
const CROWDED: usize = 64;
/// A stream that more nodes carry is looked up once for each view.
const POPULAR: usize = 16;
/// Popular streams remembered for a view.
const MOST_POPULAR: usize = 256;

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
        let ids = &view.nodes.id;
        let rows = ids.iter().zip(0..).map(|(id, row)| (NodeNo(*id), row));
        let handed_out = HandedOut {
            list: Vec::new(),
            places: vec![u32::MAX; ids.len()].into_boxed_slice(),
        };
        Self {
            rows: rows.collect(),
            view,
            answering,
            handed_out: Mutex::new(handed_out),
            popular: Mutex::default(),
        }
    }

    /// Was this node offered?
    pub fn has(&self, no: NodeNo) -> bool {
        self.rows.contains_key(&no)
    }

    /// Clients handed out since the view was made, by node.
    pub fn handed_out(&self) -> Vec<(u32, u32)> {
        self.handed_out.lock().list.clone()
    }

    /// So many nodes got clients that questions would be cheaper with a new view.
    fn is_crowded(&self) -> bool {
        self.handed_out.lock().list.len() > CROWDED
    }

    /// One more client was handed to the node. Answers whether the view became crowded by it.
    pub fn hand_out(&self, no: NodeNo) -> bool {
        let Some(row) = self.rows.get(&no) else {
            return false;
        };
        let HandedOut { list, places } = &mut *self.handed_out.lock();
        let place = &mut places[*row];
        if let Some((_, count)) = list.get_mut(*place as usize) {
            *count = count.saturating_add(1);
            return false;
        }
        *place = u32::try_from(list.len()).unwrap_or(u32::MAX);
        list.push((no.0, 1));
        list.len() == CROWDED + 1
    }

    /// Nodes of the view that carry the stream, ascending. For a stream that many carry as of the first question about
    /// it since the view was made.
    pub fn carriers(&self, state: &StateCell, stream: &StreamName) -> Vec<u32> {
        let offered = |state: &GroupState| -> Vec<u32> {
            let holders = state.streams().holders(stream).map(|(no, _)| no);
            holders.filter(|no| self.has(*no)).map(|no| no.0).collect()
        };
        let state = state.read();
        if state.streams().holder_count(stream) <= POPULAR {
            return offered(&state);
        }
        let mut popular = self.popular.lock();
        if let Some(known) = popular.get(stream) {
            return known.to_vec();
        }
        let carriers = offered(&state);
        if popular.len() < MOST_POPULAR {
            popular.insert(stream.clone(), carriers.as_slice().into());
        }
        carriers
    }
}

#[cfg(test)]
mod tests;
