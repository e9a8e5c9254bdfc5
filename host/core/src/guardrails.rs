//! What the host lets through of a policy's wish, and what it adds to keep the minimum and the maximum.
//!
//! A scaling policy only proposes; [`apply`] is the only way from its words to actions. Whatever a policy says:
//!
//! 1. What names unknown nodes or places is dropped.
//! 2. Draining nodes are taken back as far as the maximum allows; launches in flight are given up unless the minimum
//!    needs them.
//! 3. Launches go up to the maximum minus the nodes that count against it ([`crate::node::Node::counts_against_max`]).
//! 4. The host's own caps bound all launches; what the minimum needs is set aside first, so that no wish uses it up.
//! 5. Retirements leave the minimum in service, leave an origin beside every origin with publishers, and leave one
//!    node that can serve. While the host is blind nothing is removed.
//! 6. The minimum, and one origin at least, is filled by the host itself, proposal or not.
//! 7. What stands above a maximum that was lowered is drained by the host itself, as far as 2 and 5 let it go.
//!
//! Every cut is a [`Clamp`] that keeps the raw wish. Total: no input makes it fail or panic.

mod launches;
mod ledger;
mod removals;
mod surplus;

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use crate::ids::NodeNo;
use crate::node::Role;
use crate::proposal::Proposal;
use crate::reason::{Clamp, ClampReason, Reason};
use crate::snapshot::Snapshot;
use ledger::Ledger;

/// The host's own caps, whatever limits documents allow.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Caps {
    /// Launches of the group per minute. Default 60.
    pub launches_per_minute: u32,
    /// Nodes of the group that are not terminating, draining ones included: all of them cost money. Default 1,000.
    pub nodes_per_group: u32,
}

impl Default for Caps {
    fn default() -> Self {
        Self {
            launches_per_minute: 60,
            nodes_per_group: 1_000,
        }
    }
}

/// Most launches of one decision, whatever the caps: a policy's answer holds no more actions either.
pub const MAX_LAUNCHES_PER_DECISION: u32 = 1_000;

/// What the host knows beside the snapshot.
#[derive(Debug, Clone, Copy)]
pub struct GuardFacts<'a> {
    /// An origin was in service once: wishes to launch are heard and every minimum is kept.
    pub active: bool,
    /// The first origin is being launched: only the origin's minimum, one at least, is kept.
    pub minimum_origin_only: bool,
    /// Most nodes are silent at once: nothing is removed.
    pub frozen: bool,
    /// The group is being deleted: nothing is launched or taken back.
    pub terminating: bool,
    /// Launches of the group in the last 60 s.
    pub launches_last_minute: u32,
    /// The host's own caps.
    pub caps: Caps,
    /// Roles with a launch target.
    pub launchable: &'a BTreeSet<Role>,
    /// Roles, with the index of the region, whose launches rest after failures.
    pub resting: &'a BTreeSet<(Role, u32)>,
}

/// One node to launch. Indices are those of the snapshot and valid; what is `None` the host chooses.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct GrantedLaunch {
    /// Role.
    pub role: Role,
    /// Index into the regions.
    pub region: u32,
    /// Index into the zones, of this region and not blocked.
    pub zone: Option<u32>,
    /// Index into the machine types.
    pub instance_type: Option<u32>,
    /// [`Reason::Policy`], [`Reason::BelowMinimum`] or [`Reason::NoOrigin`].
    pub reason: Reason,
}

/// What is to be done. No node stands in two of the first four lists of nodes, and none twice in one.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Granted {
    /// One entry per node.
    pub launches: Vec<GrantedLaunch>,
    /// Nodes to drain.
    pub retirements: Vec<NodeNo>,
    /// Draining nodes to take back.
    pub reinstatements: Vec<NodeNo>,
    /// Launches in flight to end.
    pub cancellations: Vec<NodeNo>,
    /// Nodes above the maximum: to drain, or to end where they are in flight.
    pub surplus: Vec<NodeNo>,
    /// The whole set of nodes that placement should let empty, in ascending order.
    pub discouraged: Vec<NodeNo>,
    /// What was cut, in the order of the rules.
    pub clamps: Vec<Clamp>,
}

/// Cuts `proposal` to what may be done, and adds what minimum and maximum need; without a proposal only the latter.
pub fn apply(snapshot: &Snapshot, proposal: Option<&Proposal>, facts: &GuardFacts<'_>) -> Granted {
    let mut ledger = Ledger::new(snapshot, facts);
    if let Some(proposal) = proposal {
        removals::take_back_and_cancel(&mut ledger, proposal);
        launches::grant(&mut ledger, &proposal.launches);
        removals::retire(&mut ledger, &proposal.retirements);
        discourage(&mut ledger, &proposal.discouraged);
    }
    launches::fill_minimum(&mut ledger);
    surplus::shrink(&mut ledger);
    ledger.granted
}

fn discourage(ledger: &mut Ledger<'_>, ids: &[u32]) {
    let wished: BTreeSet<u32> = ids.iter().copied().collect();
    for id in wished {
        match ledger.find(id) {
            Some(_) => ledger.granted.discouraged.push(NodeNo(id)),
            None => ledger.refuse("discourage", id, ClampReason::UnknownNode),
        }
    }
}

#[cfg(test)]
mod properties;
#[cfg(test)]
mod retirement_tests;
#[cfg(test)]
mod support;
#[cfg(test)]
mod surplus_tests;
#[cfg(test)]
mod tests;
