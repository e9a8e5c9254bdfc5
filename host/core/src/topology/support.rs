//! Groups of a few nodes whose children are driven by hand.

use std::collections::{BTreeMap, BTreeSet};

use super::*;

pub(super) const PERIOD: DurationMs = DurationMs::secs(10);
pub(super) const IDLE: DurationMs = DurationMs::secs(30);

pub(super) fn at(seconds: u64) -> UtcMs {
    UtcMs(1_000_000 + seconds * 1_000)
}

pub(super) fn member(no: u32, role: Role) -> Member {
    Member {
        no: NodeNo(no),
        role,
        region: "west".into(),
        alive: true,
        leaving: false,
        capacity: 100,
        connections: 0,
        streams: 1,
    }
}

pub(super) fn of(nodes: &[(u32, Role)]) -> Vec<Member> {
    nodes.iter().map(|&(no, role)| member(no, role)).collect()
}

pub(super) fn set(members: &mut [Member], no: u32, edit: impl Fn(&mut Member)) {
    members
        .iter_mut()
        .filter(|node| node.no.0 == no)
        .for_each(edit);
}

pub(super) fn link(child: u32, parent: u32) -> LinkOrder {
    LinkOrder::Link {
        child: NodeNo(child),
        parent: NodeNo(parent),
    }
}

pub(super) fn unlink(child: u32, parent: u32) -> LinkOrder {
    LinkOrder::Unlink {
        child: NodeNo(child),
        parent: NodeNo(parent),
    }
}

pub(super) fn says(topology: &mut Topology, child: u32, parents: &[(u32, LinkWord)], now: UtcMs) {
    let parents: Vec<_> = parents
        .iter()
        .map(|&(no, word)| (NodeNo(no), word))
        .collect();
    topology.reported(NodeNo(child), &parents, now);
}

pub(super) fn states(topology: &Topology) -> Vec<(u32, u32, LinkState)> {
    topology
        .links()
        .map(|link| (link.child.0, link.parent.0, link.state))
        .collect()
}

/// A topology whose children were heard and have the links they were told.
pub(super) fn standing(members: &[Member]) -> Topology {
    let mut topology = Topology::default();
    for node in members {
        says(&mut topology, node.no.0, &[], at(0));
    }
    obey(&mut topology, members, at(0));
    topology
}

/// Children do what they are told until nothing is ordered any more; returns all that was ordered.
pub(super) fn obey(topology: &mut Topology, members: &[Member], now: UtcMs) -> Vec<LinkOrder> {
    let mut all = Vec::new();
    for _ in 0..10 {
        let orders = topology.update(members, now, PERIOD);
        if orders.is_empty() {
            return all;
        }
        for order in &orders {
            let (child, parent, word) = match *order {
                LinkOrder::Link { child, parent } => (child, parent, LinkWord::Established),
                LinkOrder::Unlink { child, parent } => (child, parent, LinkWord::Disconnected),
            };
            let mut parents: Vec<_> = topology
                .parents(child)
                .into_iter()
                .filter(|no| *no != parent)
                .map(|no| (no, LinkWord::Established))
                .collect();
            parents.push((parent, word));
            topology.reported(child, &parents, now);
        }
        all.extend(orders);
    }
    panic!("the topology never comes to rest");
}

pub(super) fn reach(topology: &Topology, child: u32, origin: u32) -> Reach {
    topology.ways(vec![NodeNo(origin)]).of(NodeNo(child))
}

/// A child loses one of its links, or gets it back; the others it keeps.
pub(super) fn turns(topology: &mut Topology, child: u32, parent: u32, word: LinkWord, now: UtcMs) {
    let mut parents: BTreeMap<NodeNo, LinkWord> = topology
        .parents(NodeNo(child))
        .into_iter()
        .map(|no| (no, LinkWord::Established))
        .collect();
    parents.insert(NodeNo(parent), word);
    let parents: Vec<_> = parents.into_iter().collect();
    topology.reported(NodeNo(child), &parents, now);
}

/// A look at paths while these edges have viewers of streams of these origins.
pub(super) fn look(topology: &mut Topology, watched: &[(u32, u32)], now: UtcMs) {
    let of_edge = |edge: NodeNo| -> BTreeSet<NodeNo> {
        let watched = watched.iter().filter(|(no, _)| NodeNo(*no) == edge);
        watched.map(|(_, origin)| NodeNo(*origin)).collect()
    };
    topology.check_paths(now, IDLE, &of_edge);
}
