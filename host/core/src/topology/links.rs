//! The table of links, with what reports do to it.

use std::collections::{BTreeMap, BTreeSet};

use super::{Link, LinkState, LinkWord};
use crate::ids::NodeNo;
use crate::units::UtcMs;

/// Links by (child, parent), findable from both ends.
#[derive(Debug, Default)]
pub(super) struct Links {
    by_child: BTreeMap<(NodeNo, NodeNo), Link>,
    by_parent: BTreeMap<NodeNo, BTreeSet<NodeNo>>,
    /// Links that time can change: those that are neither prospective nor established.
    open: BTreeSet<(NodeNo, NodeNo)>,
}

impl Links {
    pub fn all(&self) -> impl Iterator<Item = &Link> {
        self.by_child.values()
    }

    pub fn of_child(&self, child: NodeNo) -> impl Iterator<Item = &Link> {
        let range = (child, NodeNo(0))..=(child, NodeNo(u32::MAX));
        self.by_child.range(range).map(|(_, link)| link)
    }

    pub fn children_of(&self, parent: NodeNo) -> impl Iterator<Item = NodeNo> {
        self.by_parent.get(&parent).into_iter().flatten().copied()
    }

    pub fn children_count(&self, parent: NodeNo) -> usize {
        self.by_parent.get(&parent).map_or(0, BTreeSet::len)
    }

    pub fn get(&self, child: NodeNo, parent: NodeNo) -> Option<&Link> {
        self.by_child.get(&(child, parent))
    }

    pub fn state(&self, child: NodeNo, parent: NodeNo) -> Option<LinkState> {
        self.get(child, parent).map(|link| link.state)
    }

    /// Links that wait for something, as they are now.
    pub fn open(&self) -> Vec<Link> {
        let links = self.open.iter().filter_map(|key| self.by_child.get(key));
        links.cloned().collect()
    }

    /// Makes the link or changes its state; it was told `tries` times in that state.
    pub fn set(
        &mut self,
        child: NodeNo,
        parent: NodeNo,
        state: LinkState,
        (now, tries): (UtcMs, u8),
    ) {
        let link = Link {
            parent,
            child,
            state,
            since: now,
            tries,
        };
        self.by_child.insert((child, parent), link);
        self.by_parent.entry(parent).or_default().insert(child);
        match state {
            LinkState::Prospective | LinkState::Established => self.open.remove(&(child, parent)),
            LinkState::Connecting
            | LinkState::Disconnecting
            | LinkState::Disconnected
            | LinkState::Error => self.open.insert((child, parent)),
        };
    }

    /// The child was told once more.
    pub fn told(&mut self, child: NodeNo, parent: NodeNo) {
        if let Some(link) = self.by_child.get_mut(&(child, parent)) {
            link.tries = link.tries.saturating_add(1);
        }
    }

    pub fn remove(&mut self, child: NodeNo, parent: NodeNo) {
        self.by_child.remove(&(child, parent));
        if let Some(children) = self.by_parent.get_mut(&parent) {
            children.remove(&child);
            if children.is_empty() {
                self.by_parent.remove(&parent);
            }
        }
        self.open.remove(&(child, parent));
    }

    /// Takes in the child's word on a link; says whether anything changed. A link that is not known was made before
    /// this process was: it is adopted.
    pub fn hear(&mut self, child: NodeNo, parent: NodeNo, word: LinkWord, now: UtcMs) -> bool {
        use LinkState as State;
        use LinkWord as Word;
        let state = match (self.state(child, parent), word) {
            (Some(State::Established), Word::Established)
            | (Some(State::Connecting), Word::Connecting)
            // It may not have read the order yet: the tries will tell.
            | (Some(State::Connecting), Word::Disconnected)
            | (Some(State::Disconnecting), Word::Established | Word::Connecting)
            | (Some(State::Disconnected), Word::Disconnected)
            | (Some(State::Error), Word::Connecting | Word::Disconnected | Word::Error)
            // What was said of a link nobody ordered counts only when it is there.
            | (None | Some(State::Prospective), Word::Disconnected | Word::Error) => return false,
            (Some(State::Disconnecting), Word::Disconnected | Word::Error) => {
                self.remove(child, parent);
                return true;
            }
            (
                None
                | Some(State::Prospective | State::Connecting | State::Disconnected | State::Error),
                Word::Established,
            ) => State::Established,
            (
                None | Some(State::Prospective | State::Established | State::Disconnected),
                Word::Connecting,
            ) => State::Connecting,
            (Some(State::Established), Word::Disconnected) => State::Disconnected,
            (Some(State::Connecting | State::Established | State::Disconnected), Word::Error) => {
                State::Error
            }
        };
        let tries = u8::from(self.get(child, parent).is_some());
        self.set(child, parent, state, (now, tries));
        true
    }

    /// The child's report does not name the link; says whether anything changed.
    pub fn miss(&mut self, child: NodeNo, parent: NodeNo, now: UtcMs) -> bool {
        match self.state(child, parent) {
            Some(LinkState::Established) => {
                self.set(child, parent, LinkState::Disconnected, (now, 0));
                true
            }
            Some(LinkState::Disconnecting) => {
                self.remove(child, parent);
                true
            }
            Some(
                LinkState::Prospective
                | LinkState::Connecting
                | LinkState::Disconnected
                | LinkState::Error,
            )
            | None => false,
        }
    }
}
