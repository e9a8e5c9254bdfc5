//! Which nodes pull streams from which: the links a group wants, and how far they are.
//!
//! A link is made by the *child*: the host orders, the child's reports say what became of it. Soft state: after a
//! restart it is empty, and children report the links they have, which are adopted. Owned by the group's reconciler.
//!
//! ```text
//!  prospective ──ordered──▶ connecting ──child says so──▶ established ──ordered──▶ disconnecting ──▶ (gone)
//!                            │   ▲  │                        │
//!          told again, up to └───┘  │ after 3 tries          │ child lost it
//!          3 times                  ▼                        ▼
//!                                 error ──rested──▶ (gone) disconnected ──told again, or rested──▶ …
//! ```
//!
//! What is wanted by rule: a relay is linked to every origin that has room for it. Without relays an edge is linked to
//! every origin, so that it can serve all streams; with relays it is linked to one relay. Transcoders push to origins
//! and are not linked. A link that is to be replaced is left only when the new one is established, and a child that is
//! silent or drains keeps what it has: its viewers may still be there.
//!
//! What is wanted beside the rules: where an edge's relay does not have an origin whose stream somebody wants there,
//! the path edge, relay, origin is made *on demand*, over another relay, and let go when nobody has watched a stream
//! that comes that way for a while (`paths`). `reach` tells a viewer's node from one that cannot get the stream.

mod demand;
mod drive;
mod links;
mod members;
mod paths;
mod reach;

use std::collections::BTreeSet;

use crate::ids::{NodeNo, RegionName};
use crate::node::Role;
use crate::units::{DurationMs, UtcMs};
use demand::Demand;
use links::Links;
use members::Members;

pub use reach::{Reach, Ways};

/// A node as topology sees it. `alive` and `leaving` together tell four things apart: serving, draining (both),
/// silent or booting (neither), and ending (only `leaving`).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Member {
    /// Its number.
    pub no: NodeNo,
    /// Its role.
    pub role: Role,
    /// Its region.
    pub region: RegionName,
    /// In service.
    pub alive: bool,
    /// Draining or terminating.
    pub leaving: bool,
    /// Connections that count as 100 %.
    pub capacity: u32,
    /// Direct clients.
    pub connections: u32,
    /// Streams it holds.
    pub streams: u32,
}

/// How far a link is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum LinkState {
    /// Paired; the child was not told, because it was not heard yet.
    Prospective,
    /// The child was told.
    Connecting,
    /// The child reported it.
    Established,
    /// The child was told to leave.
    Disconnecting,
    /// The child lost it.
    Disconnected,
    /// It did not come about.
    Error,
}

impl LinkState {
    /// The word of the API.
    pub fn as_str(self) -> &'static str {
        match self {
            LinkState::Prospective => "prospective",
            LinkState::Connecting => "connecting",
            LinkState::Established => "established",
            LinkState::Disconnecting => "disconnecting",
            LinkState::Disconnected => "disconnected",
            LinkState::Error => "error",
        }
    }
}

/// What a child says of a link.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum LinkWord {
    /// It tries.
    Connecting,
    /// It is there.
    Established,
    /// It was there.
    Disconnected,
    /// It cannot.
    Error,
}

impl LinkWord {
    /// Reads the word of a report; words that are none of the protocol's mean an error.
    pub fn parse(word: &str) -> Self {
        match word {
            "connecting" => LinkWord::Connecting,
            "established" => LinkWord::Established,
            "disconnected" => LinkWord::Disconnected,
            _ => LinkWord::Error,
        }
    }
}

/// A link from a parent (the side of the ingest) to a child.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Link {
    /// Gives the streams.
    pub parent: NodeNo,
    /// Pulls them.
    pub child: NodeNo,
    /// How far it is.
    pub state: LinkState,
    /// When that state was entered.
    pub since: UtcMs,
    /// How often the child was told in this state; 0 for a link that it made before this process was.
    pub tries: u8,
}

/// Something a child is to be told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum LinkOrder {
    /// Connect to the parent.
    Link {
        /// Who is told.
        child: NodeNo,
        /// Whom to connect to.
        parent: NodeNo,
    },
    /// Leave the parent.
    Unlink {
        /// Who is told.
        child: NodeNo,
        /// Whom to leave.
        parent: NodeNo,
    },
}

impl LinkOrder {
    /// Who is told.
    pub fn child(self) -> NodeNo {
        match self {
            LinkOrder::Link { child, .. } | LinkOrder::Unlink { child, .. } => child,
        }
    }
}

/// The links of one group.
#[derive(Debug, Default)]
pub struct Topology {
    members: Members,
    links: Links,
    /// Children that reported: only these are told anything, and only of these it is known what they have.
    heard: BTreeSet<NodeNo>,
    /// Children whose links are to be looked at again.
    dirty: BTreeSet<NodeNo>,
    relays_foreseen: bool,
    /// Links that no rule gives.
    demand: Demand,
    /// When paths were last looked at.
    checked: Option<UtcMs>,
    /// Paths may have broken since.
    shaken: bool,
    /// Orders that came of looking at paths, for the next update.
    pending: Vec<LinkOrder>,
    overloaded: BTreeSet<NodeNo>,
}

impl Topology {
    /// Whether the group's limits allow relays. Edges then wait for one and are not linked to origins, even while
    /// no relay is there; without it relays count from the moment one is a member.
    pub fn foresee_relays(&mut self, foreseen: bool) {
        if self.relays_foreseen != foreseen {
            self.relays_foreseen = foreseen;
            self.dirty.extend(self.members.children());
        }
    }

    /// Takes in the group's nodes (all of them; whoever is missing is gone), looks at the links they want, and returns
    /// what is to be told, each order once a try. `reporting` is the period of reports. Cheap while nothing changed.
    pub fn update(
        &mut self,
        members: &[Member],
        now: UtcMs,
        reporting: DurationMs,
    ) -> Vec<LinkOrder> {
        let changes = self.members.replace(members);
        for no in changes.gone {
            self.drop_links_of(no);
        }
        self.dirty.extend(changes.changed);
        if changes.parents_changed {
            self.dirty.extend(self.members.children());
            self.shaken = true;
        }
        let mut orders = std::mem::take(&mut self.pending);
        // Who cannot be told now is told again later.
        orders.retain(|order| self.can_be_told(order.child()));
        self.follow_up(now, reporting, &mut orders);
        while let Some(child) = self.dirty.pop_first() {
            self.arrange(child, now, &mut orders);
        }
        orders
    }

    /// A child reported all its links to parents. Links it does not name are lost, unless it is still being told.
    pub fn reported(&mut self, child: NodeNo, parents: &[(NodeNo, LinkWord)], now: UtcMs) {
        let mut changed = self.heard.insert(child);
        for &(parent, word) in parents {
            if parent != child {
                changed |= self.links.hear(child, parent, word, now);
            }
        }
        let unnamed: Vec<NodeNo> = self
            .links
            .of_child(child)
            .map(|link| link.parent)
            .filter(|parent| !parents.iter().any(|(named, _)| named == parent))
            .collect();
        for parent in unnamed {
            changed |= self.links.miss(child, parent, now);
        }
        if changed {
            self.dirty.insert(child);
            self.shaken = true;
        }
    }

    /// The node is gone: its links go with it, and its children look for another parent at the next update.
    pub fn forget(&mut self, no: NodeNo) {
        self.members.remove(no);
        self.drop_links_of(no);
    }

    /// All links, by child, then parent.
    pub fn links(&self) -> impl Iterator<Item = &Link> {
        self.links.all()
    }

    /// Parents to which the child has an established link, ascending.
    pub fn parents(&self, child: NodeNo) -> Vec<NodeNo> {
        self.established(child).collect()
    }

    /// Children with an established link to the parent, ascending.
    pub fn children(&self, parent: NodeNo) -> Vec<NodeNo> {
        let children = self.links.children_of(parent);
        children
            .filter(|child| self.is_established(*child, parent))
            .collect()
    }

    fn established(&self, child: NodeNo) -> impl Iterator<Item = NodeNo> {
        self.links
            .of_child(child)
            .filter(|link| link.state == LinkState::Established)
            .map(|link| link.parent)
    }

    fn is_established(&self, child: NodeNo, parent: NodeNo) -> bool {
        self.links.state(child, parent) == Some(LinkState::Established)
    }

    /// Edges hang on relays.
    fn has_relays(&self) -> bool {
        self.relays_foreseen || self.members.relays().any(|relay| !relay.leaving)
    }

    fn drop_links_of(&mut self, no: NodeNo) {
        let orphans: Vec<NodeNo> = self.links.children_of(no).collect();
        for child in orphans {
            self.links.remove(child, no);
            self.dirty.insert(child);
        }
        let parents: Vec<NodeNo> = self.links.of_child(no).map(|link| link.parent).collect();
        for parent in parents {
            self.links.remove(no, parent);
        }
        self.heard.remove(&no);
        self.dirty.remove(&no);
        self.demand.forget(no);
        self.overloaded.remove(&no);
    }
}

#[cfg(test)]
mod properties;
#[cfg(test)]
mod support;
#[cfg(test)]
mod tests;
