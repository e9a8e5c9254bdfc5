//! What a child should hang on, and the steps that bring it there.

use super::{LinkOrder, LinkState, Member, Topology};
use crate::ids::NodeNo;
use crate::node::Role;
use crate::units::{DurationMs, UtcMs};

/// So often a child is told before the link counts as failed.
const TRIES: u8 = 3;

/// Periods of reports for which a failed or lost link is remembered; after that the parent may be tried anew.
const REST_PERIODS: u64 = 12;

impl Topology {
    /// Looks after links that wait: tells again, gives up, forgets.
    pub(super) fn follow_up(
        &mut self,
        now: UtcMs,
        reporting: DurationMs,
        orders: &mut Vec<LinkOrder>,
    ) {
        let periods = |count: u64| DurationMs(reporting.0.saturating_mul(count));
        for link in self.links.open() {
            let (child, parent) = (link.child, link.parent);
            let waited = now.since(link.since);
            let order = match link.state {
                LinkState::Connecting => LinkOrder::Link { child, parent },
                LinkState::Disconnecting => LinkOrder::Unlink { child, parent },
                LinkState::Disconnected | LinkState::Error => {
                    if waited > periods(REST_PERIODS) {
                        self.links.remove(child, parent);
                        self.dirty.insert(child);
                    }
                    continue;
                }
                LinkState::Prospective | LinkState::Established => continue,
            };
            let patience = periods(2 * u64::from(link.tries.max(1)));
            // A silent child cannot be told, and its silence is not the link's failure.
            if waited <= patience || !self.can_be_told(child) {
                continue;
            }
            if link.tries < TRIES {
                self.links.told(child, parent);
                orders.push(order);
            } else {
                self.links
                    .set(child, parent, LinkState::Error, (now, link.tries));
                self.dirty.insert(child);
            }
        }
    }

    /// Brings a child's links nearer to what is wanted.
    pub(super) fn arrange(&mut self, child: NodeNo, now: UtcMs, orders: &mut Vec<LinkOrder>) {
        let Some(member) = self.members.get(child).cloned() else {
            // It reported although it is gone.
            self.drop_links_of(child);
            return;
        };
        let wanted = self.wanted(&member);
        let tell = self.can_be_told(child);
        for &parent in &wanted {
            let fresh = match self.links.state(child, parent) {
                None | Some(LinkState::Disconnected | LinkState::Prospective) => true,
                Some(
                    LinkState::Connecting
                    | LinkState::Established
                    | LinkState::Disconnecting
                    | LinkState::Error,
                ) => false,
            };
            if fresh && tell {
                self.links
                    .set(child, parent, LinkState::Connecting, (now, 1));
                orders.push(LinkOrder::Link { child, parent });
            } else if fresh {
                self.links
                    .set(child, parent, LinkState::Prospective, (now, 0));
            }
        }
        self.release(&member, &wanted, now, orders);
    }

    /// Lets go of links that are not wanted, once nothing is lost by it.
    fn release(
        &mut self,
        member: &Member,
        wanted: &[NodeNo],
        now: UtcMs,
        orders: &mut Vec<LinkOrder>,
    ) {
        let child = member.no;
        let tell = self.can_be_told(child);
        let replaced = !wanted.is_empty()
            && wanted
                .iter()
                .all(|&parent| self.is_established(child, parent));
        let unwanted: Vec<(NodeNo, LinkState)> = self
            .links
            .of_child(child)
            .filter(|link| !wanted.contains(&link.parent))
            .map(|link| (link.parent, link.state))
            .collect();
        for (parent, state) in unwanted {
            let Some(other) = self.members.get(parent) else {
                self.links.remove(child, parent);
                continue;
            };
            let surplus = replaced && !self.keeps(member, other);
            let go = other.is_ending() || surplus || self.wants_none(member);
            match state {
                LinkState::Prospective => self.links.remove(child, parent),
                LinkState::Connecting | LinkState::Established => {
                    if go && tell {
                        self.links
                            .set(child, parent, LinkState::Disconnecting, (now, 1));
                        orders.push(LinkOrder::Unlink { child, parent });
                    }
                }
                LinkState::Disconnecting | LinkState::Disconnected | LinkState::Error => {}
            }
        }
    }

    /// Parents the child should have now, in the order in which it is told.
    fn wanted(&self, child: &Member) -> Vec<NodeNo> {
        match child.role {
            Role::Origin | Role::Transcoder => Vec::new(),
            Role::Edge | Role::Relay if child.is_ending() => Vec::new(),
            Role::Relay => self.origins(child),
            Role::Edge if self.has_relays() => self.relay_for(child).into_iter().collect(),
            Role::Edge => self.origins(child),
        }
    }

    fn wants_none(&self, child: &Member) -> bool {
        match child.role {
            Role::Origin | Role::Transcoder => true,
            Role::Edge | Role::Relay => false,
        }
    }

    /// An origin that cannot be had now may come back: a child of origins keeps its link to it.
    fn keeps(&self, child: &Member, parent: &Member) -> bool {
        let child_of_origins = match child.role {
            Role::Relay => true,
            Role::Edge => !self.has_relays(),
            Role::Origin | Role::Transcoder => false,
        };
        child_of_origins && parent.role == Role::Origin
    }

    /// Every origin with streams to give, those of the child's region first.
    fn origins(&self, child: &Member) -> Vec<NodeNo> {
        let mut origins: Vec<(bool, NodeNo)> = self
            .members
            .origins()
            .filter(|node| node.carries())
            .map(|node| (node.region != child.region, node.no))
            .collect();
        origins.sort_unstable();
        origins.into_iter().map(|(_, no)| no).collect()
    }

    /// The relay an edge should hang on: the one it has, else one with room, of its region, with the fewest children.
    fn relay_for(&self, child: &Member) -> Option<NodeNo> {
        let open = |no: &NodeNo| {
            let relay = self.members.get(*no);
            relay.is_some_and(|node| node.role == Role::Relay && node.is_open())
        };
        // The usual case, and without a look at every relay.
        if let Some(relay) = self.established(child.no).find(open) {
            return Some(relay);
        }
        self.members
            .relays()
            .filter(|node| node.is_open())
            .filter_map(|relay| {
                let standing = match self.links.state(child.no, relay.no) {
                    Some(LinkState::Established | LinkState::Connecting) => 1,
                    Some(LinkState::Prospective) => 2,
                    None => 3,
                    // It was just lost: only when there is no other.
                    Some(LinkState::Disconnected) => 4,
                    Some(LinkState::Disconnecting | LinkState::Error) => return None,
                };
                let children = self.links.children_count(relay.no);
                let away = relay.region != child.region;
                Some((standing, is_over(relay, children), away, children, relay.no))
            })
            .min()
            .map(|(.., no)| no)
    }

    fn can_be_told(&self, child: NodeNo) -> bool {
        self.heard.contains(&child) && self.members.get(child).is_some_and(|node| node.alive)
    }
}

/// Whether one more child would ask more of the relay than it carries: each child pulls each stream.
fn is_over(relay: &Member, children: usize) -> bool {
    let restreamers = (children as u64 + 1).saturating_mul(u64::from(relay.streams));
    restreamers > u64::from(relay.capacity.saturating_sub(relay.connections))
}
