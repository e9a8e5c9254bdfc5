//! What the silence of nodes says of them, and what it says of us: since when we listen, whether most are silent at once.

use crate::ids::NodeNo;
use crate::liveness::{self, Port};
use crate::node::{NodeState, Role};
use crate::units::UtcMs;

use super::{GroupState, Member};

impl GroupState {
    /// This process did not run for a while (suspended, or its clock jumped): silence until now proves nothing.
    pub fn listen_anew(&mut self, now: UtcMs) {
        self.listening_since = now;
    }

    /// Looks at the silence of all nodes together. Call before planning; answers whether the verdict changed.
    pub fn judge_silence(&mut self, now: UtcMs) -> bool {
        let expected = |member: &&Member| {
            matches!(
                member.node.state,
                NodeState::InService | NodeState::Unresponsive
            ) && !member.said_bye
        };
        let (mut all, mut late, mut closed) = (0, 0, 0);
        for member in self.members.values().filter(expected) {
            all += 1;
            if self.is_silent(member, now) && !member.instance_ended() {
                late += 1;
                closed += usize::from(matches!(member.probed, Some((Port::Closed, _))));
            }
        }
        // A machine that refuses the connection tells us that its service is dead, if we dial as we should: whether we
        // are blind is asked of the others.
        let known_dead = if self.dials_well(now) { closed } else { 0 };
        let frozen = liveness::blind(all - known_dead, late - known_dead);
        let changed = std::mem::replace(&mut self.frozen, frozen) != frozen;
        // Known to be dead is not heard again: what was tried of the others still holds.
        if changed && !liveness::blind(all, late) {
            self.see_again(now);
        }
        changed
    }

    /// A node that is heard answered on its port lately: the way out works, and the port is the right one.
    fn dials_well(&self, now: UtcMs) -> bool {
        let timers = &self.rules.timers;
        self.heard_one_answered
            .is_some_and(|at| liveness::judge(at, now, timers) != liveness::Liveness::Silent)
    }

    /// While removals are frozen, a node that is heard, to see whether we dial as we should.
    pub(super) fn to_try_dialling(&self, now: UtcMs) -> Option<NodeNo> {
        if !self.frozen || self.dials_well(now) {
            return None;
        }
        let heard = |member: &&Member| {
            let serves = member.node.state == NodeState::InService;
            serves && !member.probing && !self.is_silent(member, now)
        };
        let found = self.members.values().find(heard);
        found.map(|member| member.node.no)
    }

    pub(super) fn is_silent(&self, member: &Member, now: UtcMs) -> bool {
        let last = self.last_heard(member);
        liveness::judge(last, now, &self.rules.timers) != liveness::Liveness::Fresh
    }

    /// The blindness is over: those not heard yet get their time, and what was tried while it lasted proves nothing.
    fn see_again(&mut self, now: UtcMs) {
        self.listen_anew(now);
        for member in self.members.values_mut() {
            member.probed = None;
        }
    }

    /// Every node in service has reported since this process listens, or had the time to: before that a load of nothing
    /// may be a load nobody told of, and no reason to remove anything. A node that came into service since then came
    /// without clients.
    pub fn knows_loads(&self, now: UtcMs) -> bool {
        let untold = |member: &Member| {
            member.node.state == NodeState::InService
                && member.last_report.is_none()
                && member.node.state_since <= self.listening_since
        };
        now.since(self.listening_since) > self.rules.timers.missed()
            || !self.members.values().any(untold)
    }

    /// What is published is known: every origin and transcoder in service has listed its streams since this process
    /// listens, or had the time to. Before that a stream nobody knows may be on the air all the same.
    pub fn knows_streams(&self, now: UtcMs) -> bool {
        let untold = |member: &Member| {
            let publishes = match member.node.role {
                Role::Origin | Role::Transcoder => true,
                Role::Edge | Role::Relay => false,
            };
            let told = member.listed.is_some_and(|at| at >= self.listening_since);
            publishes && member.node.state == NodeState::InService && !told
        };
        now.since(self.listening_since) > self.rules.timers.missed()
            || !self.members.values().any(untold)
    }

    /// Arrival of a node's newest message, or the earliest moment from which its silence counts.
    pub(crate) fn last_heard(&self, member: &Member) -> UtcMs {
        let heard = member.last_message.unwrap_or(member.node.state_since);
        heard.max(self.listening_since)
    }
}
