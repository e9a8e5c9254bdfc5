//! Links between nodes: what their reports say of them, whose streams they are for, and the orders that change them.

use std::collections::BTreeSet;

use crate::ids::NodeNo;
use crate::node::Role;
use crate::report::{Command, Order, Parent, Report};
use crate::stream::StreamName;
use crate::topology::{LinkOrder, LinkWord, Ways};
use crate::units::{DurationMs, UtcMs};

use super::{GroupState, Member, StreamIndex};

/// Orders are repeated until acknowledged, for this long.
const ORDER_LIFE: DurationMs = DurationMs::secs(120);

impl GroupState {
    pub(super) fn links_reported(&mut self, no: NodeNo, report: &Report, now: UtcMs) {
        let words: Vec<_> = report
            .parents
            .iter()
            .filter_map(|link| {
                Some((
                    *self.by_address.get(&link.address)?,
                    LinkWord::parse(&link.state),
                ))
            })
            .collect();
        self.topology.reported(no, &words, now);
    }

    /// The ways to a stream; `None` when it is published on no origin, so that nothing can be said (a transcoder that
    /// takes it pushes it to one).
    pub fn ways_to(&self, stream: &StreamName) -> Option<Ways<'_>> {
        let is_origin = |no: &NodeNo| {
            let member = self.members.get(no);
            member.is_some_and(|member| member.node.role == Role::Origin)
        };
        let origins: Vec<NodeNo> = self.streams.publishers(stream).filter(is_origin).collect();
        (!origins.is_empty()).then(|| self.topology.ways(origins))
    }

    /// Brings links in line with the nodes in service and with the paths that viewers want (edge and origin), and
    /// queues the orders that follow.
    pub fn relink(
        &mut self,
        wanted: &[(NodeNo, NodeNo)],
        mint: &mut dyn FnMut() -> String,
        now: UtcMs,
    ) {
        let limits = self.spec.limits.values();
        // Where none is kept none may ever come: edges must not wait for it.
        let kept = limits
            .filter(|limits| limits.role == Role::Relay)
            .any(|limits| limits.min > 0);
        self.topology.foresee_relays(kept);
        for (edge, origin) in wanted {
            self.topology.want_path(*edge, *origin, now);
        }
        let timers = &self.rules.timers;
        if self.topology.check_due(now, timers.path_check) {
            let (members, streams) = (&self.members, &self.streams);
            let watched = |edge: NodeNo| {
                let member = members.get(&edge);
                member.map_or_else(BTreeSet::new, |member| watched_origins(member, streams))
            };
            self.topology.check_paths(now, timers.idle_path, &watched);
        }
        let nodes = self.topology_members();
        let orders = self
            .topology
            .update(&nodes, now, self.rules.timers.reporting);
        for order in orders {
            let (child, parent, link) = match order {
                LinkOrder::Link { child, parent } => (child, parent, true),
                LinkOrder::Unlink { child, parent } => (child, parent, false),
            };
            let Some(parent) = self.parent_of(parent) else {
                continue;
            };
            let order = if link {
                Order::Link { parent }
            } else {
                Order::Unlink { parent }
            };
            self.order(child, order, mint(), now);
        }
    }

    fn parent_of(&self, no: NodeNo) -> Option<Parent> {
        let node = &self.members.get(&no)?.node;
        let address = node
            .private_address
            .clone()
            .or_else(|| node.address.clone())?;
        Some(Parent {
            node_id: node.id.to_string(),
            address,
            port: self.rules.rtmp_port,
        })
    }

    /// Queues an order; the same order already waiting is not doubled. Of orders about one parent only the newest
    /// stays: whether the node has carried out an earlier one or not, it ends as the newest says.
    pub fn order(&mut self, no: NodeNo, order: Order, id: String, now: UtcMs) {
        let Some(member) = self.members.get_mut(&no) else {
            return;
        };
        if member.commands.iter().any(|command| command.order == order) {
            return;
        }
        if let Some(parent) = parent_in(&order) {
            let about = |command: &Command| parent_in(&command.order) == Some(parent);
            member.commands.retain(|command| !about(command));
        }
        let deadline_ms = (now + ORDER_LIFE).0;
        member.commands.push(Command {
            id,
            order,
            deadline_ms,
        });
    }
}

/// Whom an order to link or unlink is about.
fn parent_in(order: &Order) -> Option<&Parent> {
    match order {
        Order::Link { parent } | Order::Unlink { parent } => Some(parent),
        Order::Drain { .. } | Order::Kick { .. } | Order::Resync {} | Order::Exit {} => None,
    }
}

/// The origins that publish what the edge's viewers watch. A node that does not tell how many viewers each stream has is
/// taken to have some on every stream it holds.
pub(super) fn watched_origins(edge: &Member, streams: &StreamIndex) -> BTreeSet<NodeNo> {
    let counted = streams
        .held_by(edge.node.no)
        .fold(0_u32, |sum, (_, held)| sum.saturating_add(held.subscribers));
    let uncounted = counted < edge.load.subscribers;
    let watched = streams
        .held_by(edge.node.no)
        .filter(|(_, held)| uncounted || held.subscribers > 0);
    watched
        .flat_map(|(stream, _)| streams.publishers(stream))
        .collect()
}
