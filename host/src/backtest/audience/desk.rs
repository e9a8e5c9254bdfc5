//! Where a viewer is sent: the placement policy chooses from the group's view, the host checks. As the server does it, with
//! one thread: a view is made anew for each step, and when so many nodes got viewers that the list of them slows questions.

use std::collections::BTreeMap;
use std::sync::Arc;

use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use weir_core::group_state::{GroupState, Member};
use weir_core::ids::NodeNo;
use weir_core::placement::{Action, SelectRequest};
use weir_core::snapshot::View;
use weir_core::units::UtcMs;

use super::super::costs::Costs;
use crate::policy::{PreparedPool, SharedPolicy};

/// As many as in the server: more nodes with new viewers make a new view worth its price.
const CROWDED: usize = 64;

/// Answers questions.
pub(in crate::backtest) struct Desk {
    policy: SharedPolicy,
    settings: String,
    random: StdRng,
    sequence: u32,
    view: Option<(Arc<View>, PreparedPool)>,
    /// Viewers sent to nodes since the view was made.
    handed_out: BTreeMap<u32, u32>,
    pub(super) costs: Costs,
}

impl Desk {
    /// A desk where this policy decides.
    pub(in crate::backtest) fn new(policy: SharedPolicy, settings: String, seed: u64) -> Self {
        Self {
            policy,
            settings,
            random: StdRng::seed_from_u64(seed),
            sequence: 0,
            view: None,
            handed_out: BTreeMap::new(),
            costs: Costs::default(),
        }
    }

    /// The view is old.
    pub(super) fn renew(&mut self) {
        self.view = None;
    }

    /// Whether a new view is due before the next question.
    pub(super) fn wants_view(&self) -> bool {
        self.view.is_none() || self.handed_out.len() > CROWDED
    }

    /// Shows the policy the group as it is. A policy that cannot take it answers no question of this view.
    pub(super) fn look(&mut self, state: &GroupState, now: UtcMs) {
        let view = Arc::new(state.view(Action::Subscribe, now));
        let built = PreparedPool::build(self.policy.clone(), view.clone(), &self.settings, 1);
        self.handed_out.clear();
        if built.answer.is_err() {
            self.costs.count(&built);
        }
        self.view = built.answer.ok().map(|pool| (view, pool));
    }

    /// The node for a viewer of the stream: the first of the policy's choices that fits, else the one with the least load.
    pub(super) fn ask(
        &mut self,
        stream_key: u32,
        carriers: Vec<u32>,
        fits: impl Fn(NodeNo) -> Option<u64>,
    ) -> Option<NodeNo> {
        let (view, pool) = self.view.as_ref()?;
        self.sequence = self.sequence.wrapping_add(1);
        let request = SelectRequest {
            action: Action::Subscribe,
            stream_key,
            path: None,
            region: None,
            zone: None,
            strict: false,
            count: 1,
            carriers,
            handed_out: self
                .handed_out
                .iter()
                .map(|(no, count)| (*no, *count))
                .collect(),
            sequence: self.sequence,
            random: self.random.random(),
        };
        let outcome = pool.select(&request);
        self.costs.count(&outcome);
        let chosen = match outcome.answer {
            Ok(Ok(ids)) => ids,
            // It refuses: that is its answer.
            Ok(Err(_)) => return None,
            Err(_) => Vec::new(),
        };
        let mut chosen = chosen.into_iter().map(NodeNo);
        let no = chosen.find(|no| fits(*no).is_some()).or_else(|| {
            let offered = view.nodes.id.iter().map(|id| NodeNo(*id));
            offered
                .filter_map(|no| Some((fits(no)?, no)))
                .min()
                .map(|(_, no)| no)
        })?;
        *self.handed_out.entry(no.0).or_default() += 1;
        Some(no)
    }
}

/// Load of a node that the host would send a viewer to, permille of its capacity; `None`: it would not.
pub(super) fn load_if_offered(state: &GroupState, member: &Member, viewers: u32) -> Option<u64> {
    let capacity = member.node.capacity.max(1);
    let room = !state.rules().hard_capacity || viewers < capacity;
    (state.takes_clients(member) && room).then(|| u64::from(viewers) * 1_000 / u64::from(capacity))
}
