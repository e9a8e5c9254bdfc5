//! Calls to the cloud that the records ask for. Level-triggered: what a record wants is asked until the answer is in,
//! so a restart needs no memory of what was under way.

use std::sync::Arc;

use crate::ids::NodeNo;
use crate::lifecycle::Addresses;
use crate::node::{Node, NodeState};
use crate::units::{DurationMs, UtcMs};

use super::GroupState;

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
    /// No room in the zone.
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
    /// Throttled, lost, unreadable: ask again.
    Unclear(String),
}

/// Between two looks at an instance that is coming or going.
const LOOK_EVERY: DurationMs = DurationMs::secs(2);
/// First pause after an unclear answer; doubles.
const FIRST_PAUSE: DurationMs = DurationMs::secs(1);
/// Longest pause after unclear answers.
const LONGEST_PAUSE: DurationMs = DurationMs::secs(30);
/// Looks in a row that must find nothing before a terminated instance counts as gone.
const ABSENT_UNTIL_GONE: u32 = 2;

/// How far the cloud got with a node.
#[derive(Debug, Clone, Default)]
pub(crate) struct CallProgress {
    in_flight: bool,
    next_at: UtcMs,
    unclear: u32,
    launched: bool,
    looked: bool,
    end_accepted: bool,
    absent: u32,
    pub(crate) gone: bool,
    pub(crate) failed: Option<LaunchFailure>,
    pub(crate) last_problem: Option<String>,
}

impl CallProgress {
    /// A new goal: what was counted for the old one is forgotten, a call under way is waited for.
    pub(crate) fn reset(&mut self) {
        *self = Self {
            in_flight: self.in_flight,
            ..Self::default()
        };
    }

    fn wanted(&self, node: &Node) -> Option<CallKind> {
        if self.gone || self.failed.is_some() {
            return None;
        }
        match node.state {
            NodeState::Pending if !self.launched => Some(CallKind::Launch),
            NodeState::Pending => Some(CallKind::Describe),
            NodeState::Running | NodeState::InService | NodeState::Unresponsive => {
                // Addresses may come later than the instance itself.
                (!self.looked || node.address.is_none()).then_some(CallKind::Describe)
            }
            NodeState::Terminating if !self.end_accepted => Some(CallKind::Terminate),
            NodeState::Terminating => Some(CallKind::Describe),
        }
    }

    /// When the next call is due; `None`: nothing to ask, or the answer of one is awaited.
    pub(crate) fn due(&self, node: &Node) -> Option<UtcMs> {
        (!self.in_flight && self.wanted(node).is_some()).then_some(self.next_at)
    }

    fn pause(&mut self, now: UtcMs) {
        let doublings = self.unclear.min(8);
        self.unclear = self.unclear.saturating_add(1);
        self.next_at = now + DurationMs((FIRST_PAUSE.0 << doublings).min(LONGEST_PAUSE.0));
    }
}

impl GroupState {
    /// The calls due now; each is marked as under way until [`GroupState::called`] brings its answer.
    pub fn take_calls(&mut self, now: UtcMs) -> Vec<CloudCall> {
        let mut calls = Vec::new();
        for member in self.members.values_mut() {
            let Some(kind) = member.call.wanted(&member.node) else {
                continue;
            };
            if member.call.in_flight || member.call.next_at > now {
                continue;
            }
            member.call.in_flight = true;
            calls.push(CloudCall {
                kind,
                node: member.node.clone(),
            });
        }
        calls
    }

    /// The answer of a call that [`GroupState::take_calls`] gave out.
    pub fn called(&mut self, no: NodeNo, kind: CallKind, answer: CallAnswer, now: UtcMs) {
        let Some(member) = self.members.get_mut(&no) else {
            return;
        };
        let progress = &mut member.call;
        progress.in_flight = false;
        progress.next_at = now + LOOK_EVERY;
        if let CallAnswer::Unclear(problem) = answer {
            progress.last_problem = Some(problem);
            progress.pause(now);
            return;
        }
        progress.unclear = 0;
        progress.last_problem = None;
        if member.node.state == NodeState::Terminating {
            return self.called_ending(no, kind, &answer);
        }
        match answer {
            CallAnswer::Instance(addresses) => {
                progress.launched = true;
                progress.looked = addresses.running;
                self.instance_seen(no, addresses);
            }
            CallAnswer::Ended => self.instance_ended(no),
            CallAnswer::Absent => {
                progress.looked = member.node.state != NodeState::Pending;
                self.instance_missing(no);
            }
            CallAnswer::Failed(failure) => {
                progress.failed = Some(failure.clone());
                self.launch_failed(no, &failure, now);
            }
            CallAnswer::Ending | CallAnswer::Accepted | CallAnswer::Unclear(_) => {}
        }
    }

    fn called_ending(&mut self, no: NodeNo, kind: CallKind, answer: &CallAnswer) {
        let Some(member) = self.members.get_mut(&no) else {
            return;
        };
        let progress = &mut member.call;
        match answer {
            CallAnswer::Accepted => {
                progress.end_accepted = true;
                // Look at once: many clouds answer "ended" straight away.
                progress.next_at = UtcMs(0);
            }
            CallAnswer::Ended => {
                progress.gone = progress.end_accepted || kind == CallKind::Describe
            }
            CallAnswer::Absent => {
                progress.absent += 1;
                progress.gone = progress.absent >= ABSENT_UNTIL_GONE;
            }
            // Still there after the order was taken: give the order again.
            CallAnswer::Instance(_) => {
                progress.absent = 0;
                progress.end_accepted = false;
            }
            CallAnswer::Ending => progress.absent = 0,
            // The launch never was, so there is nothing to end.
            CallAnswer::Failed(_) => progress.gone = kind == CallKind::Launch,
            CallAnswer::Unclear(_) => {}
        }
    }

    fn launch_failed(&mut self, no: NodeNo, failure: &LaunchFailure, now: UtcMs) {
        let Some(member) = self.members.get(&no) else {
            return;
        };
        let (zone, place) = (
            member.node.zone.clone(),
            (member.node.role, member.node.region.clone()),
        );
        match failure {
            LaunchFailure::NoCapacity => {
                self.blocked_zones
                    .insert(zone, now + self.rules.timers.zone_block);
                let elsewhere = self
                    .places
                    .iter()
                    .any(|other| other.region == place.1 && !self.is_blocked(&other.zone, now));
                if !elsewhere {
                    self.note_failed_launch(place, now);
                }
            }
            LaunchFailure::Refused(_) => self.note_failed_launch(place, now),
        }
    }

    /// A launch failed in the zone lately: it is left alone while others can serve.
    pub fn is_blocked(&self, zone: &crate::ids::ZoneName, now: UtcMs) -> bool {
        self.blocked_zones
            .get(zone)
            .is_some_and(|until| now < *until)
    }

    /// What the cloud last said against a node's call, for people.
    pub fn call_problem(&self, no: NodeNo) -> Option<String> {
        let call = &self.members.get(&no)?.call;
        call.last_problem.clone().or_else(|| match &call.failed {
            Some(LaunchFailure::NoCapacity) => Some("no capacity in the zone".to_owned()),
            Some(LaunchFailure::Refused(words)) => Some(words.clone()),
            None => None,
        })
    }
}
