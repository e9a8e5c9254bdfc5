//! Random histories of a group with relays: whatever nodes and viewers do, these hold.

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;

use super::support::*;
use super::*;
use crate::node::Role::{Edge, Origin, Relay};

const ORIGINS: [u32; 2] = [1, 2];
const RELAYS: [u32; 3] = [3, 4, 5];
const EDGES: [u32; 3] = [6, 7, 8];

#[derive(Debug, Clone)]
enum Step {
    Later(u8),
    /// A node comes, goes, falls silent or drains.
    Turn(u8, u8),
    Load {
        which: u8,
        streams: u8,
    },
    /// A viewer asks at an edge for a stream of an origin.
    Ask(u8, u8),
    /// Viewers of an origin's streams come to an edge, or leave it.
    Watch {
        edge: u8,
        origin: u8,
        come: bool,
    },
    /// A child does what it was told, all or nothing of it; some links are refused.
    Obey {
        child: u8,
        refuse: u8,
    },
    /// A child lost a link.
    Lose(u8, u8),
    Restart(u8),
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let byte = any::<u8>;
    let step = prop_oneof![
        3 => (1..40_u8).prop_map(Step::Later),
        2 => (byte(), byte()).prop_map(|(which, how)| Step::Turn(which, how)),
        1 => (byte(), 0..5_u8).prop_map(|(which, streams)| Step::Load { which, streams }),
        4 => (byte(), byte()).prop_map(|(edge, origin)| Step::Ask(edge, origin)),
        3 => (byte(), byte(), any::<bool>())
            .prop_map(|(edge, origin, come)| Step::Watch { edge, origin, come }),
        6 => (byte(), byte()).prop_map(|(child, refuse)| Step::Obey { child, refuse }),
        2 => (byte(), byte()).prop_map(|(child, parent)| Step::Lose(child, parent)),
        1 => byte().prop_map(Step::Restart),
    ];
    prop::collection::vec(step, 1..120)
}

fn pick<const N: usize>(from: [u32; N], which: u8) -> u32 {
    from[usize::from(which) % N]
}

/// The group, and what its children really have.
struct World {
    topology: Topology,
    members: BTreeMap<u32, Member>,
    /// Links as the children have them.
    real: BTreeMap<u32, BTreeMap<u32, LinkWord>>,
    orders: BTreeMap<u32, Vec<LinkOrder>>,
    watched: BTreeSet<(u32, u32)>,
    second: u64,
}

impl World {
    fn new() -> Self {
        let mut world = Self {
            topology: Topology::default(),
            members: BTreeMap::new(),
            real: BTreeMap::new(),
            orders: BTreeMap::new(),
            watched: BTreeSet::new(),
            second: 0,
        };
        for no in 1..=8 {
            world.members.insert(no, member(no, role(no)));
        }
        // One relay stays: without any, edges would be linked to origins.
        world.topology.foresee_relays(true);
        world
    }

    fn now(&self) -> UtcMs {
        at(self.second)
    }

    fn list(&self) -> Vec<Member> {
        self.members.values().cloned().collect()
    }

    fn say(&mut self, child: u32) {
        let alive = self.members.get(&child).is_some_and(|node| node.alive);
        if alive {
            let links: Vec<_> = self.real.get(&child).into_iter().flatten().collect();
            let links: Vec<(u32, LinkWord)> =
                links.into_iter().map(|(no, word)| (*no, *word)).collect();
            says(&mut self.topology, child, &links, at(self.second));
        }
    }

    /// What the group's reconciler does in a pass; answers what was ordered.
    fn pass(&mut self) -> Vec<LinkOrder> {
        let now = self.now();
        if self.topology.check_due(now, IDLE) {
            let watched: Vec<_> = self.watched.iter().copied().collect();
            look(&mut self.topology, &watched, now);
        }
        let orders = self.topology.update(&self.list(), now, PERIOD);
        for order in &orders {
            let waiting = self.orders.entry(order.child().0).or_default();
            waiting.push(*order);
        }
        orders
    }

    fn obey(&mut self, child: u32, refuse: u8) {
        for order in self.orders.remove(&child).unwrap_or_default() {
            let links = self.real.entry(child).or_default();
            match order {
                LinkOrder::Link { parent, .. } => {
                    let refused = refuse.is_multiple_of(4);
                    let word = if refused {
                        LinkWord::Error
                    } else {
                        LinkWord::Established
                    };
                    links.insert(parent.0, word);
                }
                LinkOrder::Unlink { parent, .. } => {
                    links.remove(&parent.0);
                }
            }
        }
        self.say(child);
    }

    fn turn(&mut self, no: u32, how: u8) {
        match how % 5 {
            0 => {
                self.members.remove(&no);
                self.real.remove(&no);
                self.orders.remove(&no);
                self.watched.retain(|(edge, _)| *edge != no);
                self.real.values_mut().for_each(|links| {
                    links.remove(&no);
                });
                self.topology.forget(NodeNo(no));
            }
            how => {
                let node = self
                    .members
                    .entry(no)
                    .or_insert_with(|| member(no, role(no)));
                (node.alive, node.leaving) = match how {
                    1 => (true, false),
                    2 => (false, false),
                    3 => (true, true),
                    _ => (false, true),
                };
            }
        }
    }

    fn carry_out(&mut self, step: &Step) {
        match *step {
            Step::Later(seconds) => self.second += u64::from(seconds),
            Step::Turn(which, how) => self.turn(u32::from(which % 8) + 1, how),
            Step::Load { which, streams } => {
                if let Some(node) = self.members.get_mut(&(u32::from(which % 5) + 1)) {
                    (node.capacity, node.streams) = (8, u32::from(streams));
                }
            }
            Step::Ask(edge, origin) => {
                let (edge, origin) = (pick(EDGES, edge), pick(ORIGINS, origin));
                self.topology
                    .want_path(NodeNo(edge), NodeNo(origin), at(self.second));
            }
            Step::Watch { edge, origin, come } => {
                let pair = (pick(EDGES, edge), pick(ORIGINS, origin));
                if come && self.members.contains_key(&pair.0) {
                    self.watched.insert(pair);
                } else {
                    self.watched.remove(&pair);
                }
            }
            Step::Obey { child, refuse } => self.obey(u32::from(child % 6) + 3, refuse),
            Step::Lose(child, parent) => {
                let child = u32::from(child % 6) + 3;
                if let Some(links) = self.real.get_mut(&child) {
                    let lost = links.keys().nth(usize::from(parent) % 3).copied();
                    lost.map(|parent| links.insert(parent, LinkWord::Disconnected));
                }
                self.say(child);
            }
            Step::Restart(child) => {
                let child = u32::from(child % 6) + 3;
                self.real.remove(&child);
                self.orders.remove(&child);
                self.watched.retain(|(edge, _)| *edge != child);
                self.topology.forget(NodeNo(child));
                self.say(child);
            }
        }
    }

    /// Everybody who is there is well and does what it is told, until nothing is ordered any more.
    fn settle(&mut self) -> Result<(), TestCaseError> {
        for no in 1..=8 {
            let node = self
                .members
                .entry(no)
                .or_insert_with(|| member(no, role(no)));
            (node.alive, node.leaving, node.capacity) = (true, false, 100);
        }
        for _ in 0..60 {
            // Links that failed rest for two minutes.
            self.second += 20;
            for child in 3..=8 {
                self.obey(child, 1);
            }
            self.pass();
        }
        self.second += 1;
        prop_assert_eq!(self.pass(), [], "the topology comes to rest");
        Ok(())
    }

    fn is_watched(&self, edge: u32, relay: NodeNo) -> bool {
        let origins = self.topology.parents(relay);
        let mut watched = self.watched.iter().filter(|(no, _)| *no == edge);
        watched.any(|(_, origin)| origins.contains(&NodeNo(*origin)))
    }
}

fn role(no: u32) -> Role {
    match no {
        1 | 2 => Origin,
        3..=5 => Relay,
        _ => Edge,
    }
}

/// What an order may be, and what it may cost.
fn check(
    world: &World,
    orders: &[LinkOrder],
    before: &[(NodeNo, NodeNo)],
) -> Result<(), TestCaseError> {
    for order in orders {
        let (LinkOrder::Link { child, parent } | LinkOrder::Unlink { child, parent }) = *order;
        let roles = (role(child.0), role(parent.0));
        prop_assert!(
            matches!(roles, (Edge, Relay) | (Relay, Origin)),
            "{:?} links {:?}",
            order,
            roles
        );
        prop_assert!(
            world.members[&child.0].alive,
            "a silent child cannot be told"
        );
        let other = &world.members[&parent.0];
        if let LinkOrder::Unlink { .. } = order {
            let on_demand = before.contains(&(child, parent));
            let watched = on_demand && roles.0 == Edge && world.is_watched(child.0, parent);
            prop_assert!(
                !watched || other.leaving,
                "viewers of {child} are cut from {parent}"
            );
        }
    }
    for (child, parent, _) in world.topology.demand.all() {
        let there = |no: NodeNo| world.members.contains_key(&no.0);
        prop_assert!(there(child) && there(parent), "a mark of nobody");
    }
    Ok(())
}

proptest! {
    #[test]
    fn no_history_links_the_wrong_nodes_or_cuts_a_viewer_from_a_path(steps in steps()) {
        let mut world = World::new();
        for step in &steps {
            world.carry_out(step);
            let before: Vec<_> =
                world.topology.demand.all().map(|(child, parent, _)| (child, parent)).collect();
            let orders = world.pass();
            check(&world, &orders, &before)?;
        }
    }

    #[test]
    fn when_all_is_well_every_edge_has_every_origin_by_the_rules_alone(steps in steps()) {
        let mut world = World::new();
        for step in &steps {
            world.carry_out(step);
            world.pass();
        }
        world.watched.clear();
        world.settle()?;
        for (edge, origin) in EDGES.iter().flat_map(|edge| ORIGINS.map(|origin| (*edge, origin))) {
            prop_assert_eq!(reach(&world.topology, edge, origin), Reach::Standing);
        }
        prop_assert!(world.topology.demand.all().next().is_none(), "nothing is left of paths nobody uses");
        for edge in EDGES {
            prop_assert_eq!(world.topology.parents(NodeNo(edge)).len(), 1);
        }
    }

    #[test]
    fn whoever_watches_gets_the_stream_while_one_relay_can_have_it(
        steps in steps(), alone in 0..3_u8, edge in any::<u8>(), origin in any::<u8>()
    ) {
        let mut world = World::new();
        for step in &steps {
            world.carry_out(step);
            world.pass();
        }
        world.watched.clear();
        world.settle()?;
        let (edge, origin) = (pick(EDGES, edge), pick(ORIGINS, origin));
        world.watched.insert((edge, origin));
        // All relays but one lose the origin and do not get it again.
        for relay in RELAYS.into_iter().filter(|relay| *relay != pick(RELAYS, alone)) {
            world.real.entry(relay).or_default().insert(origin, LinkWord::Error);
            world.say(relay);
        }
        for _ in 0..4 {
            world.second += 10;
            for child in EDGES {
                world.obey(child, 1);
            }
            world.pass();
        }
        prop_assert!(world.topology.reaches(NodeNo(edge), NodeNo(origin)));
    }
}
