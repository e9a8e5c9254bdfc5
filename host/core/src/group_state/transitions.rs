//! What follows for a node from the facts at hand: the events that are due, in order.

use crate::group::GroupState as Phase;
use crate::lifecycle::{self, NodeEvent};
use crate::liveness::{self, Liveness, Port};
use crate::node::{Drain, NodeState};
use crate::reason::Reason;
use crate::units::UtcMs;

use super::member::Sighting;
use super::{GroupState, Member};

/// A message arrived that the record does not show. What a silent node said before its silence is over and done.
fn speaks(member: &Member) -> bool {
    let since = member.node.state_since;
    let silent = member.node.state == NodeState::Unresponsive;
    member.heard && (!silent || member.last_message.is_some_and(|at| at >= since))
}

/// Looks without an answer after which a silent node's instance counts as lost. One short listing proves nothing.
const MISSING_UNTIL_LOST: u32 = 2;

impl GroupState {
    /// Events due for this node. Those that change nothing durable are filtered out by the life cycle.
    pub(crate) fn due(&self, member: &Member, now: UtcMs) -> Vec<NodeEvent> {
        if member.node.state == NodeState::Terminating {
            return Vec::new();
        }
        if self.group.state == Phase::Terminating {
            return vec![NodeEvent::EndDecided {
                reason: Reason::GroupDeleted,
            }];
        }
        let mut events = Vec::new();
        // Asked for every node in every pass: what the record has already is not copied.
        if let Sighting::Seen(addresses) = &member.sighting
            && lifecycle::is_news(&member.node, addresses)
        {
            events.push(NodeEvent::InstanceSeen(addresses.clone()));
        }
        let recorded = member.node.state == NodeState::InService && member.node.boot == member.boot;
        if member.said_bye && member.node.state == NodeState::InService {
            events.push(NodeEvent::SaidBye);
        } else if let (true, false, Some(boot)) = (speaks(member), recorded, &member.boot) {
            events.push(NodeEvent::Reported { boot: boot.clone() });
        }
        let end = self
            .lost(member, now)
            .or_else(|| self.overdue(member, now))
            .or_else(|| self.drained(member, now));
        if let Some(reason) = end {
            events.push(NodeEvent::EndDecided { reason });
        } else {
            events.extend(self.silence(member, now));
        }
        events
    }

    fn lost(&self, member: &Member, now: UtcMs) -> Option<Reason> {
        let quiet =
            liveness::judge(self.last_heard(member), now, &self.rules.timers) != Liveness::Fresh;
        let unlisted = match &member.sighting {
            Sighting::Missing { times } => *times >= MISSING_UNTIL_LOST,
            Sighting::Unknown | Sighting::Seen(_) | Sighting::Ended => false,
        };
        let was_up = member.node.state != NodeState::Pending;
        let lost = member.instance_ended() || (unlisted && quiet && was_up && !self.frozen);
        lost.then_some(Reason::InstanceLost)
    }

    fn overdue(&self, member: &Member, now: UtcMs) -> Option<Reason> {
        if member.heard {
            return None;
        }
        let (limit, reason) = self.time_to_come_up(member)?;
        (now > limit).then_some(reason)
    }

    /// The last moment at which a node on its way up may still be silent, and what it is ended for after that.
    fn time_to_come_up(&self, member: &Member) -> Option<(UtcMs, Reason)> {
        let timers = &self.rules.timers;
        let from = |at: UtcMs| at.max(self.listening_since);
        let reported = from(member.node.launched_at) + timers.first_report;
        let left_state = from(member.node.state_since) + timers.stuck;
        match member.node.state {
            NodeState::Pending => Some((reported.min(left_state), Reason::Stuck)),
            NodeState::Running if left_state < reported => Some((left_state, Reason::Stuck)),
            NodeState::Running => Some((reported, Reason::NeverReported)),
            NodeState::InService | NodeState::Unresponsive | NodeState::Terminating => None,
        }
    }

    /// Nodes that should have been gone for long. They stay on record until the cloud no longer lists them, so this is
    /// for people.
    pub fn overstaying(&self, now: UtcMs) -> impl Iterator<Item = &Member> {
        let stuck = self.rules.timers.stuck;
        self.members.values().filter(move |member| {
            let since = member.node.state_since.max(self.listening_since);
            member.node.state == NodeState::Terminating && now.since(since) > stuck
        })
    }

    fn drained(&self, member: &Member, now: UtcMs) -> Option<Reason> {
        let drain = member.node.drain.as_ref()?;
        // Only a report that arrives well after the mark speaks of a time at which nobody was sent there any more.
        let since = drain.since + self.rules.timers.drain_wait;
        let seen_empty = member.node.state == NodeState::InService
            && member.assigned == 0
            && member.seen_empty.is_some_and(|at| at > since);
        if seen_empty || member.said_bye {
            return Some(match (member.node.sunset, seen_empty) {
                (true, _) => Reason::Sunset,
                (false, true) => Reason::Drained,
                (false, false) => Reason::Bye,
            });
        }
        let over = drain.deadline.is_some_and(|deadline| now >= deadline);
        (over && !self.frozen).then_some(Reason::DrainDeadline)
    }

    fn silence(&self, member: &Member, now: UtcMs) -> Vec<NodeEvent> {
        if self.frozen || member.node.state.is_in_flight() {
            return Vec::new();
        }
        let last = self.last_heard(member);
        let timers = &self.rules.timers;
        match liveness::judge(last, now, timers) {
            Liveness::Fresh => Vec::new(),
            Liveness::Late => vec![NodeEvent::ReportMissed],
            Liveness::Silent => {
                let mut events = vec![NodeEvent::ReportMissed];
                let long = now.since(last) > timers.reachable_silence;
                match member.probed.map(|(port, _)| port) {
                    Some(Port::Closed | Port::Unreachable) => {
                        let reason = if member.said_bye {
                            Reason::Bye
                        } else {
                            Reason::Silent
                        };
                        events.push(NodeEvent::EndDecided { reason });
                    }
                    Some(Port::Open) if long => events.push(NodeEvent::DrainMarked {
                        deadline: Some(now + timers.drain_deadline),
                        reason: Reason::SilentButReachable,
                    }),
                    Some(Port::Open | Port::Untold) | None => {}
                }
                events
            }
        }
    }

    /// The next moment at which something becomes due by time alone; `None`: only facts can change anything.
    pub fn next_due(&self, now: UtcMs) -> Option<UtcMs> {
        let of_members = self
            .members
            .values()
            .filter_map(|member| self.member_due(member, now));
        let holds = self.troubles.next_end(now);
        of_members.chain(holds).min()
    }

    fn member_due(&self, member: &Member, now: UtcMs) -> Option<UtcMs> {
        let timers = &self.rules.timers;
        let just_after = |at: UtcMs| UtcMs(at.0 + 1);
        let by_state = match member.node.state {
            NodeState::Pending | NodeState::Running => self
                .time_to_come_up(member)
                .map_or(UtcMs(u64::MAX), |(limit, _)| just_after(limit)),
            NodeState::InService => just_after(self.last_heard(member) + timers.missed()),
            NodeState::Unresponsive => {
                just_after(self.last_heard(member) + timers.missed() + timers.missed())
            }
            NodeState::Terminating => UtcMs(u64::MAX),
        };
        let deadline = member
            .node
            .drain
            .as_ref()
            .and_then(|drain: &Drain| drain.deadline);
        let call = member.call.due(&member.node);
        [Some(by_state), deadline, call]
            .into_iter()
            .flatten()
            .filter(|at| *at > now && at.0 != u64::MAX)
            .min()
    }
}
