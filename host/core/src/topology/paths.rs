//! Paths on demand: edge, relay, origin for a stream that comes no other way, made when somebody wants it and let go
//! when nobody has watched for a while.
//!
//! The rules link every relay to every origin, so a path is wanted only where they failed: the edge's relay lost the
//! origin or was refused by it, the origin has no room for that relay, or the edge's own relay is on its way out.

use std::collections::{BTreeMap, BTreeSet};

use super::drive::{asks_too_much, is_over};
use super::reach::distance;
use super::{LinkOrder, LinkState, Member, Topology};
use crate::ids::NodeNo;
use crate::node::Role;
use crate::units::{DurationMs, UtcMs};

/// However much changes, paths are looked at no more often than this: a look may walk over every stream of an edge.
const LOOK_PAUSE: DurationMs = DurationMs::secs(1);

/// The origins whose streams have viewers on an edge, by the newest reports.
pub type Watched<'a> = dyn Fn(NodeNo) -> BTreeSet<NodeNo> + 'a;

/// What a link on demand is good for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Use {
    /// Somebody watches a stream that comes over it, or that cannot be ruled out.
    Watched,
    /// Nobody does.
    Idle,
    /// The child is being told: its tries will tell.
    Coming,
    /// Its parent is leaving, and everything that comes over it comes another way as well.
    Replaced,
    /// It did not come about.
    Failed,
}

impl Topology {
    /// Somebody wants a stream of the origin at the edge: makes the path, or keeps the one that is there. The orders
    /// come with the next update. Changes nothing where the rules give every edge every origin.
    pub fn want_path(&mut self, edge: NodeNo, origin: NodeNo, now: UtcMs) {
        let serving = |no: NodeNo, role: Role| {
            let node = self.members.get(no).filter(|node| node.role == role);
            node.filter(|node| node.carries()).cloned()
        };
        let (Some(edge), Some(origin)) = (serving(edge, Role::Edge), serving(origin, Role::Origin))
        else {
            return;
        };
        if !self.has_relays() {
            return;
        }
        if let Some(relay) = self.open_way(edge.no, origin.no) {
            self.demand.used(edge.no, relay, now);
            self.demand.used(relay, origin.no, now);
            return;
        }
        // Of who was not heard yet it is not known what he has.
        let heard = |no: NodeNo| self.heard.contains(&no);
        if !self.can_be_told(edge.no) || !self.established(edge.no).all(heard) {
            return;
        }
        let Some(relay) = self.relay_between(&edge, &origin) else {
            return;
        };
        self.want_link(&edge, relay.no, now);
        self.want_link(&relay, origin.no, now);
    }

    fn want_link(&mut self, child: &Member, parent: NodeNo, now: UtcMs) {
        if !self.by_rules(child).contains(&parent) {
            self.demand.mark(child.no, parent, now);
        }
        let leaving = self.links.state(child.no, parent) == Some(LinkState::Disconnecting);
        if leaving && self.can_be_told(child.no) {
            let child = child.no;
            self.links
                .set(child, parent, LinkState::Connecting, (now, 1));
            self.pending.push(LinkOrder::Link { child, parent });
        }
        self.dirty.insert(child.no);
    }

    /// Whether paths should be looked at: every so often, and soon after something broke.
    pub fn check_due(&self, now: UtcMs, every: DurationMs) -> bool {
        self.checked.is_none_or(|at| {
            let since = now.since(at);
            since >= every || (self.shaken && since >= LOOK_PAUSE)
        })
    }

    /// Looks at every path: makes those that viewers need and do not have, lets go of links on demand that nobody has
    /// used for `idle`, and finds parents that are asked for too much. The orders come with the next update.
    pub fn check_paths(&mut self, now: UtcMs, idle: DurationMs, watched: &Watched<'_>) {
        self.checked = Some(now);
        self.shaken = false;
        let mut viewers = Viewers {
            watched,
            known: BTreeMap::new(),
        };
        self.mend_broken(now, &mut viewers);
        self.judge_demand(now, idle, &mut viewers);
        self.try_left_out();
        self.overloaded = self.find_overloaded();
    }

    /// Origins and relays whose children may pull more than they carry, as of the last look at paths.
    pub fn overloaded(&self) -> &BTreeSet<NodeNo> {
        &self.overloaded
    }

    /// Whether the link was made on demand: no rule gives it.
    pub fn is_on_demand(&self, child: NodeNo, parent: NodeNo) -> bool {
        self.demand.has(child, parent)
    }

    /// Viewers whose stream lost its way get another one, without having to ask.
    fn mend_broken(&mut self, now: UtcMs, viewers: &mut Viewers<'_>) {
        if !self.has_relays() {
            return;
        }
        let carrying: BTreeSet<NodeNo> = self
            .members
            .origins()
            .filter(|origin| origin.carries())
            .map(|origin| origin.no)
            .collect();
        let has_all = |relay: &&Member| {
            let origins = self.established(relay.no);
            relay.is_open() && origins.filter(|no| carrying.contains(no)).count() == carrying.len()
        };
        // The usual case: every relay has every origin, and nobody's streams need a look.
        let complete: BTreeSet<NodeNo> = self
            .members
            .relays()
            .filter(has_all)
            .map(|relay| relay.no)
            .collect();
        let mut lost = Vec::new();
        for edge in self.members.children() {
            let lasting = self.established(edge).any(|no| complete.contains(&no));
            if lasting || !self.is_heard_edge(edge) {
                continue;
            }
            let origins = viewers.of(edge).intersection(&carrying);
            lost.extend(
                origins
                    .filter(|origin| self.open_way(edge, **origin).is_none())
                    .map(|origin| (edge, *origin)),
            );
        }
        for (edge, origin) in lost {
            self.want_path(edge, origin, now);
        }
    }

    fn judge_demand(&mut self, now: UtcMs, idle: DurationMs, viewers: &mut Viewers<'_>) {
        let marks: Vec<(NodeNo, NodeNo, UtcMs)> = self.demand.all().collect();
        for (child, parent, last) in marks {
            match self.use_of(child, parent, viewers) {
                Use::Watched => self.demand.used(child, parent, now),
                Use::Idle => {
                    let made = self.links.get(child, parent).map(|link| link.since);
                    if now.since(last.max(made.unwrap_or(last))) >= idle {
                        self.let_go(child, parent, now);
                    }
                }
                Use::Coming => {}
                Use::Replaced => self.let_go(child, parent, now),
                Use::Failed => self.demand.unmark(child, parent),
            }
        }
    }

    fn use_of(&self, child: NodeNo, parent: NodeNo, viewers: &mut Viewers<'_>) -> Use {
        match self.links.state(child, parent) {
            Some(LinkState::Error) => return Use::Failed,
            Some(LinkState::Connecting) => return Use::Coming,
            Some(
                LinkState::Prospective
                | LinkState::Established
                | LinkState::Disconnecting
                | LinkState::Disconnected,
            )
            | None => {}
        }
        let (Some(child), Some(parent)) = (self.members.get(child), self.members.get(parent))
        else {
            return Use::Failed;
        };
        // Who is silent may have viewers all the same.
        if !self.can_be_told(child.no) || is_silent(parent) {
            return Use::Watched;
        }
        match child.role {
            Role::Edge => self.use_by_edge(child.no, parent, viewers),
            Role::Relay => self.use_by_relay(child.no, parent.no, viewers),
            Role::Origin | Role::Transcoder => Use::Failed,
        }
    }

    fn use_by_edge(&self, edge: NodeNo, relay: &Member, viewers: &mut Viewers<'_>) -> Use {
        let behind: BTreeSet<NodeNo> = self.established(relay.no).collect();
        let silent = |origin: &NodeNo| self.members.get(*origin).is_some_and(is_silent);
        if behind.iter().any(silent) {
            return Use::Watched;
        }
        let mut through = viewers.of(edge).intersection(&behind).peekable();
        if through.peek().is_none() {
            return Use::Idle;
        }
        let elsewhere = |origin: &NodeNo| self.open_way(edge, *origin).is_some();
        if relay.leaving && through.all(elsewhere) {
            return Use::Replaced;
        }
        Use::Watched
    }

    fn use_by_relay(&self, relay: NodeNo, origin: NodeNo, viewers: &mut Viewers<'_>) -> Use {
        for child in self.links.children_of(relay) {
            if !self.is_established(child, relay) {
                continue;
            }
            if !self.can_be_told(child) || viewers.of(child).contains(&origin) {
                return Use::Watched;
            }
        }
        Use::Idle
    }

    /// The link is not wanted any more, unless a rule gives it by now.
    fn let_go(&mut self, child: NodeNo, parent: NodeNo, now: UtcMs) {
        let by_rule = self
            .members
            .get(child)
            .is_some_and(|member| self.by_rules(member).contains(&parent));
        self.demand.unmark(child, parent);
        if by_rule {
            return;
        }
        match self.links.state(child, parent) {
            Some(LinkState::Connecting | LinkState::Established) => {
                self.links
                    .set(child, parent, LinkState::Disconnecting, (now, 1));
                self.pending.push(LinkOrder::Unlink { child, parent });
            }
            Some(LinkState::Prospective) => self.links.remove(child, parent),
            // These end by themselves.
            Some(LinkState::Disconnecting | LinkState::Disconnected | LinkState::Error) | None => {}
        }
    }

    /// Relays for which an origin had no room: it may have some by now.
    fn try_left_out(&mut self) {
        let left_out = |relay: &&Member| {
            let mut origins = self.members.origins().filter(|origin| origin.carries());
            origins.any(|origin| self.links.get(relay.no, origin.no).is_none())
        };
        let relays: Vec<NodeNo> = self
            .members
            .relays()
            .filter(left_out)
            .map(|relay| relay.no)
            .collect();
        self.dirty.extend(relays);
    }

    fn find_overloaded(&self) -> BTreeSet<NodeNo> {
        let parents = self.members.origins().chain(self.members.relays());
        parents
            .filter(|parent| parent.alive && parent.streams > 0)
            .filter(|parent| asks_too_much(parent, self.children_standing(parent.no).count()))
            .map(|parent| parent.no)
            .collect()
    }

    /// A relay that stays and has the origin, where the edge hangs on it.
    fn open_way(&self, edge: NodeNo, origin: NodeNo) -> Option<NodeNo> {
        self.established(edge)
            .find(|relay| self.is_open_relay(*relay) && self.is_established(*relay, origin))
    }

    /// The relay over which the path is made: first one with room, then the one that needs least to be done, near the
    /// edge, with few children.
    fn relay_between(&self, edge: &Member, origin: &Member) -> Option<Member> {
        let origin_over = is_over(origin, self.children_standing(origin.no).count());
        self.members
            .relays()
            .filter(|relay| relay.is_open())
            .filter_map(|relay| {
                let above = self.links.state(relay.no, origin.no);
                let below = self.links.state(edge.no, relay.no);
                let children = self.children_standing(relay.no).count();
                let overs = u8::from(above.is_none() && origin_over)
                    + u8::from(below.is_none() && is_over(relay, children));
                let steps = (distance(above)?, distance(below)?);
                let away = relay.region != edge.region;
                Some((overs, steps, away, children, relay.no))
            })
            .min()
            .and_then(|(.., no)| self.members.get(no).cloned())
    }

    fn is_heard_edge(&self, no: NodeNo) -> bool {
        let edge = self.members.get(no);
        edge.is_some_and(|node| node.role == Role::Edge) && self.can_be_told(no)
    }
}

/// Not heard, and not ending either: what it does is not known.
fn is_silent(node: &Member) -> bool {
    !node.alive && !node.leaving
}

/// Each edge is looked at once.
struct Viewers<'a> {
    watched: &'a Watched<'a>,
    known: BTreeMap<NodeNo, BTreeSet<NodeNo>>,
}

impl Viewers<'_> {
    fn of(&mut self, edge: NodeNo) -> &BTreeSet<NodeNo> {
        let watched = self.watched;
        self.known.entry(edge).or_insert_with(|| watched(edge))
    }
}

#[cfg(test)]
mod tests;
