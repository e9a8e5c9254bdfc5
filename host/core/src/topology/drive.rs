//! What a child should hang on, and the steps that bring it there.

use super::reach::distance;
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
        let rules = self.by_rules(&member);
        self.adopt_on_demand(&member, &rules, now);
        let mut wanted = rules.clone();
        wanted.extend(self.on_demand(&member, &rules));
        let tell = self.can_be_told(child);
        self.take_back(child, now, orders);
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
        self.release(&member, &rules, now, orders);
    }

    /// A link on demand was let go because its parent was taken for ending, and that is none any more: it drained and was
    /// silent, and either is over. Viewers may be there still.
    fn take_back(&mut self, child: NodeNo, now: UtcMs, orders: &mut Vec<LinkOrder>) {
        if !self.can_be_told(child) {
            return;
        }
        let stays = |no: &NodeNo| self.members.get(*no).is_some_and(|node| !node.leaving);
        let left = |no: &NodeNo| self.links.state(child, *no) == Some(LinkState::Disconnecting);
        let marked = self.demand.parents_of(child);
        let back: Vec<NodeNo> = marked.filter(|no| left(no) && stays(no)).collect();
        for parent in back {
            self.links
                .set(child, parent, LinkState::Connecting, (now, 1));
            orders.push(LinkOrder::Link { child, parent });
        }
    }

    /// Lets go of links that no rule wants, once nothing is lost by it. Those on demand are let go elsewhere.
    fn release(
        &mut self,
        member: &Member,
        rules: &[NodeNo],
        now: UtcMs,
        orders: &mut Vec<LinkOrder>,
    ) {
        let child = member.no;
        let tell = self.can_be_told(child);
        let replaced = !rules.is_empty()
            && rules
                .iter()
                .all(|&parent| self.is_established(child, parent));
        let unwanted: Vec<(NodeNo, LinkState)> = self
            .links
            .of_child(child)
            .filter(|link| !rules.contains(&link.parent))
            .map(|link| (link.parent, link.state))
            .collect();
        for (parent, state) in unwanted {
            let Some(other) = self.members.get(parent) else {
                self.links.remove(child, parent);
                continue;
            };
            let on_demand = self.demand.has(child, parent);
            let surplus = replaced && !on_demand && !self.keeps(member, other);
            let go = other.is_ending() || surplus || self.wants_none(member);
            match state {
                LinkState::Prospective if on_demand && !other.is_ending() => {}
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

    /// Parents the child should have by the rules, in the order in which it is told.
    pub(super) fn by_rules(&self, child: &Member) -> Vec<NodeNo> {
        match child.role {
            Role::Origin | Role::Transcoder => Vec::new(),
            Role::Edge | Role::Relay if child.is_ending() => Vec::new(),
            Role::Relay => self.origins_with_room(child),
            Role::Edge if self.has_relays() => self.relay_for(child).into_iter().collect(),
            Role::Edge => self.origins(child),
        }
    }

    /// Parents the child should have beside those, because somebody wants a stream that comes that way.
    fn on_demand(&self, child: &Member, rules: &[NodeNo]) -> Vec<NodeNo> {
        let fits = |parent: &NodeNo| {
            let parent = self.members.get(*parent);
            parent.is_some_and(|parent| match (child.role, parent.role) {
                (Role::Edge, Role::Relay) => parent.is_open(),
                (Role::Relay, Role::Origin) => parent.carries(),
                (Role::Edge | Role::Relay | Role::Origin | Role::Transcoder, _) => false,
            })
        };
        let marked = self.demand.parents_of(child.no);
        marked
            .filter(|parent| !child.is_ending() && !rules.contains(parent) && fits(parent))
            .collect()
    }

    /// An edge came with more relays than one from before this process was: streams may flow over each of them, so all
    /// but the first are kept like links on demand.
    fn adopt_on_demand(&mut self, child: &Member, rules: &[NodeNo], now: UtcMs) {
        if child.role != Role::Edge || !self.has_relays() {
            return;
        }
        let untold: Vec<NodeNo> = self
            .links
            .of_child(child.no)
            .filter(|link| link.state == LinkState::Established && link.tries == 0)
            .map(|link| link.parent)
            .filter(|parent| !rules.contains(parent) && self.is_open_relay(*parent))
            .collect();
        for parent in untold {
            if !self.demand.has(child.no, parent) {
                self.demand.mark(child.no, parent, now);
            }
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

    /// The origins a relay should have: those it has, and those with room for one more child. Whoever has no relay yet
    /// gets one in any case. Where a relay is left out, its edges get the origin's streams over another.
    fn origins_with_room(&self, relay: &Member) -> Vec<NodeNo> {
        let mut origins = self.origins(relay);
        origins.retain(|&no| {
            let stands = self.links.get(relay.no, no).is_some() && !self.demand.has(relay.no, no);
            stands || self.has_room(no, relay.no)
        });
        origins
    }

    fn has_room(&self, origin: NodeNo, child: NodeNo) -> bool {
        let standing = self.children_standing(origin);
        let others = standing.filter(|other| *other != child).count();
        let room = |origin: &Member| !is_over(origin, others);
        others == 0 || self.members.get(origin).is_some_and(room)
    }

    /// The relay an edge should hang on: the one it has, else one with room, of its region, with the fewest children.
    fn relay_for(&self, child: &Member) -> Option<NodeNo> {
        // The usual case, and without a look at every relay. One that is there on demand may go again.
        let mut standing_now = self.established(child.no);
        let lasting = standing_now
            .find(|relay| self.is_open_relay(*relay) && !self.demand.has(child.no, *relay));
        if let Some(relay) = lasting {
            return Some(relay);
        }
        self.members
            .relays()
            .filter(|node| node.is_open())
            .filter_map(|relay| {
                let distance = distance(self.links.state(child.no, relay.no))?;
                let children = self.links.children_count(relay.no);
                let away = relay.region != child.region;
                Some((distance, is_over(relay, children), away, children, relay.no))
            })
            .min()
            .map(|(.., no)| no)
    }

    pub(super) fn is_open_relay(&self, no: NodeNo) -> bool {
        let relay = self.members.get(no);
        relay.is_some_and(|node| node.role == Role::Relay && node.is_open())
    }

    /// Children that pull from the parent or are about to.
    pub(super) fn children_standing(&self, parent: NodeNo) -> impl Iterator<Item = NodeNo> {
        let pulls = move |child: &NodeNo| match self.links.state(*child, parent) {
            Some(LinkState::Prospective | LinkState::Connecting | LinkState::Established) => true,
            Some(LinkState::Disconnecting | LinkState::Disconnected | LinkState::Error) | None => {
                false
            }
        };
        self.links.children_of(parent).filter(pulls)
    }

    pub(super) fn can_be_told(&self, child: NodeNo) -> bool {
        self.heard.contains(&child) && self.members.get(child).is_some_and(|node| node.alive)
    }
}

/// Whether one more child would ask more of the parent than it carries.
pub(super) fn is_over(parent: &Member, children: usize) -> bool {
    asks_too_much(parent, children + 1)
}

/// Whether so many children may ask more of the parent than it carries: each may pull each of its streams.
pub(super) fn asks_too_much(parent: &Member, children: usize) -> bool {
    let restreamers = (children as u64).saturating_mul(u64::from(parent.streams));
    restreamers > u64::from(parent.capacity.saturating_sub(parent.connections))
}
