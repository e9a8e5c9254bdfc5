//! The audience of a backtest: where the viewers of the trace are, and what becomes of them.

mod desk;
mod fluid;
mod viewers;

use weir_core::group_state::{GroupState, Member};
use weir_core::ids::NodeNo;
use weir_core::node::Role;
use weir_core::units::UtcMs;

use super::costs::CallCosts;

pub(super) use desk::Desk;
pub(super) use fluid::Fluid;
pub(super) use viewers::Viewers;

/// What the trace says of one step.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Step {
    /// The moment it leads to.
    pub(super) now: UtcMs,
    /// Viewers there are then.
    pub(super) demand: f64,
    /// Part of the viewers before who are still there, 0 to 1.
    pub(super) stay: f64,
    /// Viewers who came.
    pub(super) joins: f64,
    /// The first one: everybody is there already, and nobody counts as having come.
    pub(super) is_first: bool,
}

/// Questions of a step, for the group's history.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Questions {
    pub(super) answered: u32,
    pub(super) refused: u32,
}

/// What happened to viewers so far.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(super) struct Tally {
    /// Viewers who came.
    pub(super) joins: f64,
    /// Of those, and of the ones that were moved: who was refused. As a fluid with soft admission: who would have been with
    /// hard admission.
    pub(super) refused: f64,
    /// Viewers who were still on a node at the end of its drain.
    pub(super) moved: f64,
}

/// How things stand after a pass.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(super) struct Standing {
    /// Viewers who watch.
    pub(super) viewers: f64,
    /// Of those: above the capacity of their node, or without a node.
    pub(super) over: f64,
    /// Viewers who do not watch as they were refused, or would have been.
    pub(super) turned_away: f64,
}

/// An audience. Each step calls `step`, then reports what `on` says, then, after the manager's pass, `settle`.
pub(super) trait Audience {
    /// Viewers leave and come.
    fn step(&mut self, state: &mut GroupState, step: &Step) -> Questions;
    /// Viewers on a node, as its report has them.
    fn on(&self, no: NodeNo) -> u32;
    /// The manager decided: nodes drain, are taken back, or end under their viewers.
    fn settle(&mut self, state: &GroupState) -> Standing;
    /// What happened so far.
    fn tally(&self) -> Tally;
    /// What questions to the placement policy cost, where there is one.
    fn costs(&self) -> Option<CallCosts> {
        None
    }
}

/// The edges of the group.
fn edges(state: &GroupState) -> impl Iterator<Item = &Member> {
    let members = state.members();
    members.filter(|member| member.node.role == Role::Edge)
}
