//! From facts, orders of operators and granted wishes to the records that have to be stored.
//!
//! A plan is all or nothing: the reconciler stores it in one transaction and then commits it to the state. Calls to
//! the cloud are not in it: they follow from the stored records ([`GroupState::take_calls`]).

mod launching;
mod orders;

use std::collections::{BTreeMap, BTreeSet};

use crate::group::{Group, GroupState as Phase};
use crate::group_state::{GroupState, Member};
use crate::guardrails::Granted;
use crate::ids::{NodeId, NodeNo, ZoneName};
use crate::lifecycle::{self, NodeEvent};
use crate::node::{Node, NodeState, Role};
use crate::reason::Reason;
use crate::units::UtcMs;

pub use orders::{OperatorOrder, OrderRefused};

/// A node whose record is to be removed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Gone {
    /// Number.
    pub no: NodeNo,
    /// Identifier.
    pub id: NodeId,
}

/// Durable changes of one pass.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Plan {
    /// The group's new record.
    pub group: Option<Group>,
    /// New and changed node records.
    pub nodes: Vec<Node>,
    /// Records to remove.
    pub gone: Vec<Gone>,
    /// The new set of discouraged nodes (soft).
    pub discouraged: Option<BTreeSet<NodeNo>>,
    /// Numbers of the nodes this plan launches.
    pub launched: Vec<NodeNo>,
}

impl Plan {
    /// Nothing to store.
    pub fn is_empty(&self) -> bool {
        self.group.is_none() && self.nodes.is_empty() && self.gone.is_empty()
    }
}

/// Makes one plan. Take a fresh one for each pass; the order of calls is the order of effects.
pub struct Planner<'a> {
    state: &'a GroupState,
    now: UtcMs,
    mint: &'a mut dyn FnMut(&ZoneName) -> NodeId,
    group: Group,
    changed: BTreeMap<NodeNo, Node>,
    launched: Vec<NodeNo>,
    gone: BTreeMap<NodeNo, Gone>,
    discouraged: Option<BTreeSet<NodeNo>>,
}

impl<'a> Planner<'a> {
    /// Over this state, at this moment. `mint` makes identifiers that are unique in the environment.
    pub fn new(
        state: &'a GroupState,
        mint: &'a mut dyn FnMut(&ZoneName) -> NodeId,
        now: UtcMs,
    ) -> Self {
        let group = state.group().clone();
        Self {
            state,
            now,
            mint,
            group,
            changed: BTreeMap::new(),
            launched: Vec::new(),
            gone: BTreeMap::new(),
            discouraged: None,
        }
    }

    /// What follows from the facts: nodes come into service, go silent, end; the group becomes active.
    pub fn follow_facts(&mut self) {
        for member in self.state.members() {
            if let Some(gone) = self.is_gone(member) {
                self.gone.insert(gone.no, gone);
                continue;
            }
            for event in self.state.due(member, self.now) {
                self.step(&member.node, &event);
            }
        }
        self.advance_phase();
    }

    fn is_gone(&self, member: &Member) -> Option<Gone> {
        let over = match member.node.state {
            NodeState::Pending => member.call.failed.is_some(),
            NodeState::Terminating => member.call.gone,
            NodeState::Running | NodeState::InService | NodeState::Unresponsive => false,
        };
        over.then(|| Gone {
            no: member.node.no,
            id: member.node.id.clone(),
        })
    }

    /// One event; what the life cycle refuses or what changes nothing is left out. Answers whether it took effect.
    fn step(&mut self, node: &Node, event: &NodeEvent) -> bool {
        let newest = self.changed.get(&node.no).unwrap_or(node);
        match lifecycle::next(newest, event, self.now) {
            Ok(Some(next)) => {
                let record = Node {
                    // Several events of one pass are one stored change.
                    version: node.version + 1,
                    ..next
                };
                self.changed.insert(node.no, record);
                true
            }
            Ok(None) | Err(_) => false,
        }
    }

    fn advance_phase(&mut self) {
        let serves = |planner: &Self, member: &Member| {
            let record = planner.changed.get(&member.node.no).unwrap_or(&member.node);
            record.role == Role::Origin && record.state == NodeState::InService
        };
        if self.group.state == Phase::Initializing
            && self.state.members().any(|member| serves(self, member))
        {
            self.group.state = Phase::Active;
        }
    }

    /// Carries out what the guardrails granted.
    pub fn grant(&mut self, granted: &Granted) {
        for no in &granted.reinstatements {
            if self.state.member(*no).is_some_and(may_be_taken_back) {
                self.step_no(*no, &NodeEvent::DrainLifted);
            }
        }
        for no in &granted.cancellations {
            self.end(*no, Reason::Cancelled);
        }
        for no in &granted.retirements {
            self.drain(*no, Reason::Policy);
        }
        for no in &granted.surplus {
            let in_flight = |member: &Member| member.node.state.is_in_flight();
            match self.state.member(*no).is_some_and(in_flight) {
                true => self.end(*no, Reason::AboveMaximum),
                false => self.drain(*no, Reason::AboveMaximum),
            }
        }
        for wish in &granted.launches {
            self.launch(wish);
        }
        self.discouraged = Some(granted.discouraged.iter().copied().collect());
    }

    fn end(&mut self, no: NodeNo, reason: Reason) {
        self.step_no(no, &NodeEvent::EndDecided { reason });
    }

    fn drain(&mut self, no: NodeNo, reason: Reason) {
        let deadline = Some(self.now + self.state.rules().timers.drain_deadline);
        self.step_no(no, &NodeEvent::DrainMarked { deadline, reason });
    }

    fn step_no(&mut self, no: NodeNo, event: &NodeEvent) {
        if let Some(member) = self.state.member(no) {
            let node = member.node.clone();
            self.step(&node, event);
        }
    }

    /// The plan. The group's record is in it only when it changed.
    pub fn finish(mut self) -> Plan {
        for no in self.gone.keys() {
            self.changed.remove(no);
        }
        let before = self.state.group();
        let group = (self.group != *before).then(|| {
            self.group.version = before.version + 1;
            self.group.clone()
        });
        Plan {
            group,
            nodes: self.changed.into_values().collect(),
            gone: self.gone.into_values().collect(),
            discouraged: self.discouraged,
            launched: self.launched,
        }
    }
}

/// A policy takes back what a policy gave away, and what left for a maximum that was raised again since; never what an
/// operator drained, or the host because of its silence.
fn may_be_taken_back(member: &Member) -> bool {
    let drain = member.node.drain.as_ref();
    drain.is_some_and(|drain| matches!(drain.reason, Reason::Policy | Reason::AboveMaximum))
}
