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
//! What is wanted: a relay is linked to every origin. Without relays an edge is linked to every origin, so that it
//! can serve all streams; with relays it is linked to one relay. Transcoders push to origins and are not linked.
//! A link that is to be replaced is left only when the new one is established, and a child that is silent or drains
//! keeps what it has: its viewers may still be there.

mod drive;
mod links;
mod members;

use std::collections::BTreeSet;

use crate::ids::{NodeNo, RegionName};
use crate::node::Role;
use crate::units::{DurationMs, UtcMs};
use links::Links;
use members::Members;

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
    /// How often the child was told in this state.
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
        }
        let mut orders = Vec::new();
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

    /// Whether a stream of the origin comes to the child over established links, through a relay or without.
    pub fn reaches(&self, child: NodeNo, origin: NodeNo) -> bool {
        child == origin
            || self.is_established(child, origin)
            || self
                .established(child)
                .any(|relay| self.is_established(relay, origin))
    }

    /// Whether the child could be brought to reach the origin: both are in service, and where edges hang on relays
    /// one of these can take it.
    pub fn linkable(&self, child: NodeNo, origin: NodeNo) -> bool {
        let serving = |no: NodeNo| self.members.get(no).filter(|node| node.alive);
        let (Some(child), Some(origin)) = (serving(child), serving(origin)) else {
            return false;
        };
        origin.role == Role::Origin
            && match child.role {
                Role::Origin | Role::Transcoder => child.no == origin.no,
                Role::Relay => true,
                Role::Edge => !self.has_relays() || self.members.relays().any(Member::is_open),
            }
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
    }
}

#[cfg(test)]
mod tests;
