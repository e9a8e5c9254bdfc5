//! Whether a node gets a stream: over links that stand, over links that can be made, or not at all.
//!
//! Asked on the hot path, under a lock: a look costs a few map look-ups, whatever the group's size.

use std::cell::OnceCell;

use super::{LinkState, Member, Topology};
use crate::ids::NodeNo;
use crate::node::Role;

/// How a node comes by a stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Reach {
    /// The stream is published there, or comes over links that the rules give.
    Standing,
    /// It comes from this origin over a link made on demand: who sends a viewer there tells
    /// [`Topology::want_path`], so that the link is kept.
    OnDemand(NodeNo),
    /// It does not come, but links to this origin can be made: who sends a viewer there tells
    /// [`Topology::want_path`].
    Linkable(NodeNo),
    /// It does not come, and no link can be made now.
    CutOff,
}

/// The ways to one stream: for a question that looks at several nodes.
pub struct Ways<'a> {
    topology: &'a Topology,
    origins: Vec<NodeNo>,
    /// Relays that have one of the origins or can get it, each with that origin. Made when first needed.
    relays: OnceCell<Vec<(NodeNo, NodeNo)>>,
}

impl Ways<'_> {
    /// How the node comes by the stream.
    pub fn of(&self, node: NodeNo) -> Reach {
        let mut on_demand = None;
        for &origin in &self.origins {
            match self.topology.leads(node, origin) {
                Some(false) => return Reach::Standing,
                Some(true) => on_demand = on_demand.or(Some(origin)),
                None => {}
            }
        }
        match on_demand {
            Some(origin) => Reach::OnDemand(origin),
            None => self.linkable(node).map_or(Reach::CutOff, Reach::Linkable),
        }
    }

    /// The origin to which links can be made.
    fn linkable(&self, node: NodeNo) -> Option<NodeNo> {
        let topology = self.topology;
        let child = topology.members.get(node).filter(|child| child.alive)?;
        match child.role {
            Role::Origin | Role::Transcoder => None,
            Role::Edge if topology.has_relays() => {
                let relays = self.relays.get_or_init(|| self.relays_to());
                let mut ways = relays.iter();
                ways.find(|(relay, _)| topology.can_link(node, *relay))
                    .map(|(_, origin)| *origin)
            }
            Role::Edge | Role::Relay => {
                let mut origins = self.origins.iter().copied();
                origins.find(|origin| topology.carries(*origin) && topology.can_link(node, *origin))
            }
        }
    }

    fn relays_to(&self) -> Vec<(NodeNo, NodeNo)> {
        let topology = self.topology;
        let way = |relay: &Member| {
            let mut origins = self.origins.iter().copied();
            let origin = origins
                .find(|origin| topology.carries(*origin) && topology.can_link(relay.no, *origin))?;
            Some((relay.no, origin))
        };
        let relays = topology.members.relays();
        relays
            .filter(|relay| relay.is_open())
            .filter_map(way)
            .collect()
    }
}

impl Topology {
    /// The ways to a stream that is published on these origins.
    pub fn ways(&self, origins: Vec<NodeNo>) -> Ways<'_> {
        Ways {
            topology: self,
            origins,
            relays: OnceCell::new(),
        }
    }

    /// Whether a stream of the origin comes to the child over established links, through a relay or without.
    pub fn reaches(&self, child: NodeNo, origin: NodeNo) -> bool {
        self.leads(child, origin).is_some()
    }

    /// No link is on its way for the first time: established, none wanted, or told again already, which takes two
    /// periods of reports. False for nodes that are no members or not in service.
    pub fn settled(&self, child: NodeNo) -> bool {
        let serving = self.members.get(child).is_some_and(|node| node.alive);
        serving
            && self.links.of_child(child).all(|link| match link.state {
                LinkState::Prospective => false,
                LinkState::Connecting => link.tries > 1,
                LinkState::Established
                | LinkState::Disconnecting
                | LinkState::Disconnected
                | LinkState::Error => true,
            })
    }

    /// No stream comes to the node: it reported, and none of its links leads to an origin. Not so for nodes that were
    /// not heard yet, nor for those that need no parent.
    pub fn is_cut_off(&self, child: NodeNo) -> bool {
        let wants_parents = self
            .members
            .get(child)
            .is_some_and(|node| matches!(node.role, Role::Edge | Role::Relay));
        wants_parents
            && self.heard.contains(&child)
            && !self.established(child).any(|parent| self.feeds(parent))
    }

    /// Whether the parent has streams to give, or may have: what a relay that was not heard has is not known.
    fn feeds(&self, parent: NodeNo) -> bool {
        let role = self.members.get(parent).map(|node| node.role);
        match role {
            Some(Role::Relay) => {
                !self.heard.contains(&parent) || self.established(parent).next().is_some()
            }
            Some(Role::Origin | Role::Edge | Role::Transcoder) | None => true,
        }
    }

    /// Whether established links lead from the child to the origin; if so, whether only over one made on demand.
    fn leads(&self, child: NodeNo, origin: NodeNo) -> Option<bool> {
        if child == origin {
            return Some(false);
        }
        let marked = |child, parent| self.demand.has(child, parent);
        let direct = self.is_established(child, origin);
        if direct && !marked(child, origin) {
            return Some(false);
        }
        let mut found = direct.then_some(true);
        for relay in self.established(child) {
            if relay == origin || !self.is_established(relay, origin) {
                continue;
            }
            if !marked(child, relay) && !marked(relay, origin) {
                return Some(false);
            }
            found = Some(true);
        }
        found
    }

    /// Not known to have failed lately.
    fn can_link(&self, child: NodeNo, parent: NodeNo) -> bool {
        distance(self.links.state(child, parent)).is_some()
    }

    fn carries(&self, origin: NodeNo) -> bool {
        self.members
            .get(origin)
            .is_some_and(|node| node.role == Role::Origin && node.carries())
    }
}

/// How near a link is to being there, less is nearer; `None`: it failed, and rests.
pub(super) fn distance(state: Option<LinkState>) -> Option<u8> {
    match state {
        Some(LinkState::Established) => Some(0),
        Some(LinkState::Connecting) => Some(1),
        Some(LinkState::Prospective) => Some(2),
        None => Some(3),
        // It was just lost.
        Some(LinkState::Disconnected) => Some(4),
        Some(LinkState::Disconnecting) => Some(5),
        Some(LinkState::Error) => None,
    }
}
