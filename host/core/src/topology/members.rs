//! The nodes of the group, and what changed among them since the last look.

use super::Member;
use crate::ids::NodeNo;
use crate::node::Role;

/// Ascending by number, each number once.
#[derive(Debug, Default)]
pub(super) struct Members {
    nodes: Vec<Member>,
    /// Positions of the origins and of the relays: few among many.
    origins: Vec<usize>,
    relays: Vec<usize>,
}

#[derive(Debug, Default)]
pub(super) struct Changes {
    pub gone: Vec<NodeNo>,
    /// New ones included.
    pub changed: Vec<NodeNo>,
    /// An origin or a relay is among them.
    pub parents_changed: bool,
}

impl Member {
    /// New children may hang on it for good.
    pub(super) fn is_open(&self) -> bool {
        self.alive && !self.leaving
    }

    /// Has streams that children need: an origin that drains still has publishers.
    pub(super) fn carries(&self) -> bool {
        self.alive && (!self.leaving || self.streams > 0)
    }

    /// Its end has come: nothing flows from it any more.
    pub(super) fn is_ending(&self) -> bool {
        !self.alive && self.leaving
    }

    /// Everything the wanted links follow from; load alone changes none.
    fn same_to_links(&self, other: &Member) -> bool {
        self.no == other.no
            && self.role == other.role
            && self.alive == other.alive
            && self.leaving == other.leaving
            && self.carries() == other.carries()
            && self.region == other.region
    }
}

impl Members {
    pub fn get(&self, no: NodeNo) -> Option<&Member> {
        let at = self.nodes.binary_search_by_key(&no, |node| node.no).ok()?;
        self.nodes.get(at)
    }

    pub fn origins(&self) -> impl Iterator<Item = &Member> {
        self.origins.iter().filter_map(|&at| self.nodes.get(at))
    }

    pub fn relays(&self) -> impl Iterator<Item = &Member> {
        self.relays.iter().filter_map(|&at| self.nodes.get(at))
    }

    /// Nodes of the roles that have parents.
    pub fn children(&self) -> impl Iterator<Item = NodeNo> {
        let has_parents = |node: &&Member| match node.role {
            Role::Edge | Role::Relay => true,
            Role::Origin | Role::Transcoder => false,
        };
        self.nodes.iter().filter(has_parents).map(|node| node.no)
    }

    pub fn remove(&mut self, no: NodeNo) {
        self.nodes.retain(|node| node.no != no);
        self.index();
    }

    /// Takes the new list; usually only loads differ, and then this is one walk over both lists.
    pub fn replace(&mut self, members: &[Member]) -> Changes {
        let pairs = || self.nodes.iter().zip(members);
        let unchanged =
            self.nodes.len() == members.len() && pairs().all(|(old, new)| old.same_to_links(new));
        if unchanged {
            for (old, new) in self.nodes.iter_mut().zip(members) {
                old.capacity = new.capacity;
                old.connections = new.connections;
                old.streams = new.streams;
            }
            return Changes::default();
        }
        let mut nodes = members.to_vec();
        nodes.sort_by_key(|node| node.no);
        nodes.dedup_by_key(|node| node.no);
        let old = Self {
            nodes: std::mem::replace(&mut self.nodes, nodes),
            ..Self::default()
        };
        self.index();
        self.changes_since(&old)
    }

    fn changes_since(&self, old: &Members) -> Changes {
        let is_parent = |node: &Member| match node.role {
            Role::Origin | Role::Relay => true,
            Role::Edge | Role::Transcoder => false,
        };
        let mut changes = Changes::default();
        for node in &old.nodes {
            if self.get(node.no).is_none() {
                changes.gone.push(node.no);
                changes.parents_changed |= is_parent(node);
            }
        }
        for node in &self.nodes {
            if !old
                .get(node.no)
                .is_some_and(|before| before.same_to_links(node))
            {
                changes.changed.push(node.no);
                changes.parents_changed |= is_parent(node);
            }
        }
        changes
    }

    fn index(&mut self) {
        let nodes = &self.nodes;
        let of = |role: Role| {
            let places = nodes.iter().enumerate();
            let here = places.filter(|(_, node)| node.role == role);
            here.map(|(at, _)| at).collect()
        };
        let (origins, relays) = (of(Role::Origin), of(Role::Relay));
        self.origins = origins;
        self.relays = relays;
    }
}
