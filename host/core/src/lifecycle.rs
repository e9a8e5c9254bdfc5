//! The life of a node: what may happen to its record, and what the record becomes.
//!
//! The reconciler asks [`next`] before it stores anything; nobody else changes a node's state.
//!
//! ```text
//!   pending ──InstanceSeen (running)──▶ running
//!      │                                   │
//!      └──────────── Reported ─────────────┤
//!                                          ▼
//!             ┌─────── Reported ──────▶ inservice
//!             │                            │
//!        unresponsive ◀─ ReportMissed, SaidBye
//!
//!   each of the four ──EndDecided──▶ terminating      no way back; the record goes once the cloud confirms
//! ```
//!
//! Beside the state stand two marks: *drain* (set and lifted while in service or unresponsive) and *sunset* (edges,
//! never lifted). Going silent and coming back changes neither.

use crate::ids::PlatformId;
use crate::node::{Drain, Node, NodeState, Role};
use crate::reason::Reason;
use crate::report::Boot;
use crate::units::UtcMs;

/// What the cloud says of a node's instance. An absent address says nothing: what is known stays.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Addresses {
    /// The cloud's id of the instance.
    pub platform_id: PlatformId,
    /// The instance runs; it may still be booting its service.
    pub running: bool,
    /// Address clients use.
    pub address: Option<String>,
    /// Address inside the cloud's network.
    pub private_address: Option<String>,
    /// Public DNS name.
    pub hostname: Option<String>,
}

/// Something that happened to a node, or was decided about it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NodeEvent {
    /// The cloud showed the instance.
    InstanceSeen(Addresses),
    /// The service was heard: a report, or its question for a role.
    Reported {
        /// Which start of the service speaks.
        boot: Boot,
    },
    /// No report for longer than [`crate::timers::Timers::missed`].
    ReportMissed,
    /// The service shut down cleanly.
    SaidBye,
    /// It is to take no new clients and to leave when empty.
    DrainMarked {
        /// When its last clients are cut; `None`: never.
        deadline: Option<UtcMs>,
        /// Why.
        reason: Reason,
    },
    /// The drain is taken back.
    DrainLifted,
    /// The operator wants the edge to take no new subscribers and to leave when empty.
    SunsetMarked,
    /// Its instance is to be terminated.
    EndDecided {
        /// Why; becomes the record's reason.
        reason: Reason,
    },
}

/// Why an event cannot happen to a node as it stands.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// Its end is decided.
    #[error("the node is terminating: there is no way back")]
    NoWayBack,
    /// The message comes from a start of the service that a later one replaced.
    #[error("boot {got} is older than {known}: the service was restarted since")]
    OldBoot {
        /// Boot on record.
        known: Boot,
        /// Boot of the message.
        got: Boot,
    },
    /// Only a draining node can be taken back.
    #[error("the node is not draining")]
    NotDraining,
    /// A launch in flight has no clients to wait for: it is ended, not drained.
    #[error("the node is {} and was never in service: cancel the launch instead", state.as_str())]
    NotInService {
        /// Where it stands.
        state: NodeState,
    },
    /// Only edges can be sunset.
    #[error("only edges can be sunset, and the node is of role {role}")]
    NotAnEdge {
        /// Its role.
        role: Role,
    },
}

/// The record after `event`, with the next version; `None` when the event changes nothing durable.
///
/// `state_since` is `now` when the state changed; `in_service_at` is set the first time the node comes into service.
///
/// # Errors
/// A [`Refusal`] when the event cannot happen to the node as it stands; the record stays as it is.
pub fn next(node: &Node, event: &NodeEvent, now: UtcMs) -> Result<Option<Node>, Refusal> {
    let changed = match event {
        NodeEvent::InstanceSeen(seen) => instance_seen(node, seen, now),
        NodeEvent::Reported { boot } => reported(node, boot, now)?,
        NodeEvent::ReportMissed | NodeEvent::SaidBye => silent(node, now),
        NodeEvent::DrainMarked { deadline, reason } => drain_marked(node, *deadline, *reason, now)?,
        NodeEvent::DrainLifted => Some(drain_lifted(node)?),
        NodeEvent::SunsetMarked => sunset_marked(node)?,
        NodeEvent::EndDecided { reason } => end_decided(node, *reason, now),
    };
    Ok(changed.map(|record| Node {
        version: node.version.saturating_add(1),
        ..record
    }))
}

fn entered(node: &Node, state: NodeState, now: UtcMs) -> Node {
    Node {
        state,
        state_since: now,
        ..node.clone()
    }
}

/// Whether the record does not say yet what the cloud says.
pub(crate) fn is_news(node: &Node, seen: &Addresses) -> bool {
    let differs = |known: &Option<String>, word: &Option<String>| word.is_some() && word != known;
    (node.state == NodeState::Pending && seen.running)
        || node.platform_id.as_ref() != Some(&seen.platform_id)
        || differs(&node.address, &seen.address)
        || differs(&node.private_address, &seen.private_address)
        || differs(&node.hostname, &seen.hostname)
}

fn instance_seen(node: &Node, seen: &Addresses, now: UtcMs) -> Option<Node> {
    if !is_news(node, seen) {
        return None;
    }
    let mut record = match node.state {
        NodeState::Pending if seen.running => entered(node, NodeState::Running, now),
        NodeState::Pending
        | NodeState::Running
        | NodeState::InService
        | NodeState::Unresponsive => node.clone(),
        NodeState::Terminating => return None,
    };
    record.platform_id = Some(seen.platform_id.clone());
    let known = [
        (&mut record.address, &seen.address),
        (&mut record.private_address, &seen.private_address),
        (&mut record.hostname, &seen.hostname),
    ];
    for (place, word) in known {
        if word.is_some() {
            place.clone_from(word);
        }
    }
    Some(record)
}

fn reported(node: &Node, boot: &Boot, now: UtcMs) -> Result<Option<Node>, Refusal> {
    let mut record = match node.state {
        NodeState::Pending | NodeState::Running | NodeState::Unresponsive => {
            entered(node, NodeState::InService, now)
        }
        NodeState::InService => node.clone(),
        NodeState::Terminating => return Err(Refusal::NoWayBack),
    };
    if let Some(known) = node.boot.as_ref().filter(|known| boot < known) {
        return Err(Refusal::OldBoot {
            known: known.clone(),
            got: boot.clone(),
        });
    }
    record.in_service_at = record.in_service_at.or(Some(now));
    record.boot = Some(boot.clone());
    Ok((record != *node).then_some(record))
}

/// A launch that was never heard has no reports to miss: its own limits judge it.
fn silent(node: &Node, now: UtcMs) -> Option<Node> {
    match node.state {
        NodeState::InService => Some(entered(node, NodeState::Unresponsive, now)),
        NodeState::Pending
        | NodeState::Running
        | NodeState::Unresponsive
        | NodeState::Terminating => None,
    }
}

/// Refuses what is not (or no longer) in the middle of its life.
fn must_be_serving(node: &Node) -> Result<(), Refusal> {
    match node.state {
        NodeState::InService | NodeState::Unresponsive => Ok(()),
        NodeState::Pending | NodeState::Running => Err(Refusal::NotInService { state: node.state }),
        NodeState::Terminating => Err(Refusal::NoWayBack),
    }
}

/// The first mark stays: a second one must not move the moment from which an empty report counts, nor the deadline.
fn drain_marked(
    node: &Node,
    deadline: Option<UtcMs>,
    reason: Reason,
    now: UtcMs,
) -> Result<Option<Node>, Refusal> {
    must_be_serving(node)?;
    Ok(node.drain.is_none().then(|| Node {
        drain: Some(Drain {
            since: now,
            deadline,
            reason,
        }),
        ..node.clone()
    }))
}

fn drain_lifted(node: &Node) -> Result<Node, Refusal> {
    if node.drain.is_none() {
        return Err(match node.state {
            NodeState::Terminating => Refusal::NoWayBack,
            NodeState::Pending
            | NodeState::Running
            | NodeState::InService
            | NodeState::Unresponsive => Refusal::NotDraining,
        });
    }
    must_be_serving(node)?;
    Ok(Node {
        drain: None,
        ..node.clone()
    })
}

fn sunset_marked(node: &Node) -> Result<Option<Node>, Refusal> {
    match node.role {
        Role::Edge => {}
        role @ (Role::Origin | Role::Transcoder | Role::Relay) => {
            return Err(Refusal::NotAnEdge { role });
        }
    }
    match node.state {
        NodeState::Terminating => Err(Refusal::NoWayBack),
        NodeState::Pending
        | NodeState::Running
        | NodeState::InService
        | NodeState::Unresponsive => Ok((!node.sunset).then(|| Node {
            sunset: true,
            ..node.clone()
        })),
    }
}

/// Deciding the end of a terminating node again is no error: whoever decided first gave the reason.
fn end_decided(node: &Node, reason: Reason, now: UtcMs) -> Option<Node> {
    match node.state {
        NodeState::Pending
        | NodeState::Running
        | NodeState::InService
        | NodeState::Unresponsive => Some(Node {
            reason,
            ..entered(node, NodeState::Terminating, now)
        }),
        NodeState::Terminating => None,
    }
}

#[cfg(test)]
mod tests;
