//! A node's links: to its parents, where it pulls streams, and to its children, who pull from it.
//!
//! A child opens a link some time after it was told, if the parent is alive then; a lost link comes back by itself when
//! the parent does.

use std::collections::{BTreeMap, BTreeSet};

use weir_core::report::{Parent, ParentLink};
use weir_core::stream::StreamName;
use weir_core::units::{DurationMs, UtcMs};

#[derive(Default)]
pub(crate) struct Links {
    /// By the address as the manager gave it.
    parents: BTreeMap<String, Link>,
    /// Children by their identifier, with the streams they pull.
    children: BTreeMap<String, BTreeSet<StreamName>>,
    restreams: BTreeMap<StreamName, Restream>,
}

/// A link to a parent.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Link {
    parent: Parent,
    told_at: UtcMs,
    state: LinkState,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum LinkState {
    Connecting,
    Established,
    Disconnected,
}

impl LinkState {
    fn word(self) -> &'static str {
        match self {
            LinkState::Connecting => "connecting",
            LinkState::Established => "established",
            LinkState::Disconnected => "disconnected",
        }
    }
}

/// A stream pulled from a parent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Restream {
    pub(crate) from: String,
    pub(crate) since: UtcMs,
    /// When somebody last wanted it.
    pub(crate) wanted_at: UtcMs,
}

impl Links {
    /// The manager's order to connect. Repeating it changes nothing.
    pub(crate) fn link(&mut self, parent: Parent, now: UtcMs) {
        let link = Link {
            told_at: now,
            state: LinkState::Connecting,
            parent: parent.clone(),
        };
        let known = self.parents.entry(parent.address.clone()).or_insert(link);
        known.parent = parent;
    }

    /// The manager's order to leave. Streams pulled from there end.
    pub(crate) fn unlink(&mut self, address: &str) {
        self.parents.remove(address);
        self.restreams
            .retain(|_, restream| restream.from != address);
    }

    pub(crate) fn parent_addresses(&self) -> Vec<String> {
        self.parents.keys().cloned().collect()
    }

    /// Looks at the parents again. `alive` tells by address which of them answer.
    pub(crate) fn refresh(&mut self, alive: &BTreeSet<String>, delay: DurationMs, now: UtcMs) {
        for (address, link) in &mut self.parents {
            link.state = match (link.state, alive.contains(address)) {
                (_, true) if now >= link.told_at + delay => LinkState::Established,
                (LinkState::Connecting, _) if now < link.told_at + delay => LinkState::Connecting,
                (LinkState::Connecting | LinkState::Established | LinkState::Disconnected, _) => {
                    LinkState::Disconnected
                }
            };
        }
    }

    /// Addresses of the parents whose links stand.
    pub(crate) fn established(&self) -> Vec<String> {
        let standing = |(address, link): (&String, &Link)| {
            (link.state == LinkState::Established).then(|| address.clone())
        };
        self.parents.iter().filter_map(standing).collect()
    }

    pub(crate) fn reported(&self) -> Vec<ParentLink> {
        let line = |(address, link): (&String, &Link)| ParentLink {
            address: address.clone(),
            state: link.state.word().to_owned(),
        };
        self.parents.iter().map(line).collect()
    }

    pub(crate) fn restreams(&self) -> &BTreeMap<StreamName, Restream> {
        &self.restreams
    }

    /// Notes that the stream is pulled from the parent at `from`.
    pub(crate) fn pull(&mut self, stream: &StreamName, from: &str, now: UtcMs) {
        let restream = self.restreams.entry(stream.clone());
        let restream = restream.or_insert_with(|| Restream {
            from: from.to_owned(),
            since: now,
            wanted_at: now,
        });
        from.clone_into(&mut restream.from);
    }

    /// Notes that somebody wants the stream now.
    pub(crate) fn want(&mut self, stream: &StreamName, now: UtcMs) {
        if let Some(restream) = self.restreams.get_mut(stream) {
            restream.wanted_at = now;
        }
    }

    /// Ends a restream.
    pub(crate) fn stop_pulling(&mut self, stream: &StreamName) {
        self.restreams.remove(stream);
    }

    /// What a child pulls from here; linked children that pull nothing stay listed.
    pub(crate) fn set_child(&mut self, child: &str, pulls: BTreeSet<StreamName>) {
        self.children.insert(child.to_owned(), pulls);
    }

    /// Forgets the children that are not among `linked`.
    pub(crate) fn keep_children(&mut self, linked: &BTreeSet<String>) {
        self.children.retain(|child, _| linked.contains(child));
    }

    pub(crate) fn children(&self) -> Vec<String> {
        self.children.keys().cloned().collect()
    }

    /// Outgoing restreams: streams times the children that pull them.
    pub(crate) fn outgoing(&self) -> u32 {
        let pulls = self.children.values().map(BTreeSet::len).sum::<usize>();
        u32::try_from(pulls).unwrap_or(u32::MAX)
    }

    pub(crate) fn is_pulled(&self, stream: &StreamName) -> bool {
        self.children.values().any(|pulls| pulls.contains(stream))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const DELAY: DurationMs = DurationMs(300);

    fn linked() -> Links {
        let mut links = Links::default();
        let parent = Parent {
            node_id: "o".to_owned(),
            address: "127.64.0.1".to_owned(),
            port: 1935,
        };
        links.link(parent, UtcMs(1_000));
        links
    }

    fn state_after(links: &mut Links, alive: bool, now: u64) -> String {
        let alive = alive.then(|| "127.64.0.1".to_owned()).into_iter().collect();
        links.refresh(&alive, DELAY, UtcMs(now));
        links.reported().remove(0).state
    }

    #[test]
    fn a_link_stands_after_a_while_and_follows_its_parents_life() {
        let mut links = linked();
        assert_eq!(state_after(&mut links, true, 1_299), "connecting");
        assert_eq!(state_after(&mut links, true, 1_300), "established");
        assert_eq!(state_after(&mut links, false, 1_400), "disconnected");
        assert_eq!(state_after(&mut links, true, 1_500), "established");
    }

    #[test]
    fn a_parent_that_is_not_there_is_never_linked() {
        let mut links = linked();
        assert_eq!(state_after(&mut links, false, 1_299), "connecting");
        assert_eq!(state_after(&mut links, false, 5_000), "disconnected");
        assert!(links.established().is_empty());
    }

    #[test]
    fn leaving_a_parent_ends_the_streams_that_came_from_it() {
        let mut links = linked();
        let stream = StreamName::new("live", "s");
        links.pull(&stream, "127.64.0.1", UtcMs(2_000));
        links.unlink("127.64.0.1");
        assert!(links.restreams().is_empty());
        assert!(links.reported().is_empty());
    }
}
