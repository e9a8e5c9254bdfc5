//! Calls to the cloud that the records ask for. Level-triggered: what a record wants is asked until the answer is in,
//! so a restart needs no memory of what was under way.

mod progress;

use std::sync::Arc;

use crate::ids::{NodeNo, ZoneName};
use crate::lifecycle::Addresses;
use crate::node::{Node, NodeState};
use crate::units::UtcMs;

use super::GroupState;

pub(crate) use progress::CallProgress;

/// The verbs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CallKind {
    /// Make the instance, or find the one that was made.
    Launch,
    /// Look at the instance.
    Describe,
    /// End the instance.
    Terminate,
}

/// One call to make.
#[derive(Debug, Clone)]
pub struct CloudCall {
    /// What to do.
    pub kind: CallKind,
    /// For which node.
    pub node: Arc<Node>,
}

/// Why a launch will never be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LaunchFailure {
    /// No room for the machine type in the zone.
    NoCapacity,
    /// Refused for good, in the cloud's words.
    Refused(String),
}

/// What came of a call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CallAnswer {
    /// The instance exists.
    Instance(Addresses),
    /// The instance is on its way out.
    Ending,
    /// The instance ended.
    Ended,
    /// The cloud does not list it.
    Absent,
    /// The order to end it was taken.
    Accepted,
    /// The launch will never be: nothing was made.
    Failed(LaunchFailure),
    /// Too many calls: nothing happened, ask again.
    Throttled,
    /// Lost, unreadable: it may have happened, ask again.
    Unclear(String),
}

impl GroupState {
    /// The calls due now; each is marked as under way until [`GroupState::called`] brings its answer.
    pub fn take_calls(&mut self, now: UtcMs) -> Vec<CloudCall> {
        let mut calls = Vec::new();
        for member in self.members.values_mut() {
            if let Some(kind) = member.call.take(&member.node, now) {
                calls.push(CloudCall {
                    kind,
                    node: member.node.clone(),
                });
            }
        }
        calls
    }

    /// The answer of a call that [`GroupState::take_calls`] gave out.
    pub fn called(&mut self, no: NodeNo, kind: CallKind, answer: CallAnswer, now: UtcMs) {
        let Some(member) = self.members.get_mut(&no) else {
            return;
        };
        let progress = &mut member.call;
        let answer = progress.weigh(kind, answer);
        if !progress.answered(kind, &answer, now) {
            return;
        }
        if member.node.state == NodeState::Terminating {
            return progress.ending(kind, &answer);
        }
        match answer {
            CallAnswer::Instance(addresses) => {
                progress.saw(addresses.running);
                self.instance_seen(no, addresses);
            }
            CallAnswer::Ended => self.instance_ended(no),
            CallAnswer::Absent => {
                if progress.missed(member.node.state) {
                    self.instance_missing(no);
                }
            }
            CallAnswer::Failed(failure) => {
                if progress.fail(&failure, member.node.state) {
                    self.launch_failed(no, &failure, now);
                }
            }
            CallAnswer::Ending
            | CallAnswer::Accepted
            | CallAnswer::Throttled
            | CallAnswer::Unclear(_) => {}
        }
    }

    fn launch_failed(&mut self, no: NodeNo, failure: &LaunchFailure, now: UtcMs) {
        let Some(node) = self.members.get(&no).map(|member| member.node.clone()) else {
            return;
        };
        let place = (node.role, node.region.clone());
        match failure {
            LaunchFailure::NoCapacity => {
                let until = now + self.rules.timers.zone_block;
                let (zone, of) = (node.zone.clone(), node.instance_type.clone());
                self.troubles.block(zone, of, until);
                let room =
                    |zone: &ZoneName| !self.troubles.is_full_of(zone, &node.instance_type, now);
                let mut places = self.places.iter();
                if !places.any(|other| other.region == place.1 && room(&other.zone)) {
                    self.troubles.failed(place, now);
                }
            }
            LaunchFailure::Refused(_) => self.troubles.failed(place, now),
        }
    }

    /// What the cloud last said against a node's call, for people.
    pub fn call_problem(&self, no: NodeNo) -> Option<String> {
        self.members.get(&no)?.call.problem()
    }
}
