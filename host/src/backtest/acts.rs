//! What a decision did to the edges, and why.

use serde::Serialize;
use weir_core::group_state::GroupState;
use weir_core::guardrails::Granted;
use weir_core::ids::NodeNo;
use weir_core::node::Role;
use weir_core::plan::Plan;
use weir_core::proposal::Proposal;
use weir_core::reason::Reason;
use weir_core::units::UtcMs;

/// Reasons kept of a decision: the first are those of what was done.
const MOST_REASONS: usize = 3;

/// A decision that changed something.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Act {
    /// When, UTC milliseconds.
    #[serde(rename = "atMs")]
    pub at: UtcMs,
    /// Edges launched.
    pub launched: u32,
    /// Edges of those that the host launched to keep the minimum.
    pub by_host: u32,
    /// Edges that were told to drain.
    pub retired: u32,
    /// Draining edges taken back.
    pub taken_back: u32,
    /// Launches given up.
    pub cancelled: u32,
    /// Why, in the policy's words.
    pub reasons: Vec<String>,
}

impl Act {
    /// What came of a decision; `None` when it holds.
    pub(super) fn of(
        state: &GroupState,
        plan: &Plan,
        granted: &Granted,
        wish: Option<&Proposal>,
        at: UtcMs,
    ) -> Option<Self> {
        let launched = plan
            .nodes
            .iter()
            .filter(|node| node.role == Role::Edge && plan.launched.contains(&node.no));
        let (by_host, by_policy): (Vec<_>, Vec<_>) =
            launched.partition(|node| node.reason != Reason::Policy);
        let in_flight = |no: &&NodeNo| {
            let member = state.member(**no);
            member.is_some_and(|member| member.node.state.is_in_flight())
        };
        let edges = |nos: &[NodeNo]| count(nos.iter().filter(|no| is_edge(state, **no)).count());
        let surplus_in_flight = count(granted.surplus.iter().filter(in_flight).count());
        let act = Self {
            at,
            launched: count(by_host.len() + by_policy.len()),
            by_host: count(by_host.len()),
            retired: edges(&granted.retirements) + edges(&granted.surplus) - surplus_in_flight,
            taken_back: edges(&granted.reinstatements),
            cancelled: edges(&granted.cancellations) + surplus_in_flight,
            reasons: wish.map_or(&[][..], |wish| &wish.reasons[..]).to_vec(),
        };
        (act.nodes() > 0).then(|| Self {
            reasons: act.reasons.iter().take(MOST_REASONS).cloned().collect(),
            ..act
        })
    }

    /// Nodes it touched.
    pub fn nodes(&self) -> u32 {
        self.added() + self.removed()
    }

    /// Nodes there will be more.
    pub fn added(&self) -> u32 {
        self.launched + self.taken_back
    }

    /// Nodes there will be fewer.
    pub fn removed(&self) -> u32 {
        self.retired + self.cancelled
    }
}

fn is_edge(state: &GroupState, no: NodeNo) -> bool {
    let member = state.member(no);
    member.is_some_and(|member| member.node.role == Role::Edge)
}

fn count(number: usize) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}
