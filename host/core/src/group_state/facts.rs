//! Facts coming in: messages of nodes, answers of the cloud, probes.

use crate::ids::NodeNo;
use crate::lifecycle::Addresses;
use crate::liveness::{self, Liveness, Port};
use crate::node::{NodeState, Role};
use crate::report::{Boot, Command, Report};
use crate::stream::StreamName;
use crate::units::UtcMs;

use super::member::{Load, Sighting};
use super::{GroupState, Member};

/// What a report changed, for whoever decides how soon to look.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct ReportEffect {
    /// The node was not in service: its record has to change.
    pub enters_service: bool,
    /// The number of its clients changed.
    pub load_changed: bool,
    /// It says what changed among its streams, and a list of them all is not known: it is to send one.
    pub list_missing: bool,
}

const MIB: u64 = 1024 * 1024;

fn mib(bytes: u64) -> u32 {
    u32::try_from(bytes / MIB).unwrap_or(u32::MAX)
}

impl GroupState {
    /// A message of whatever kind arrived from `boot`: the node lives. Older boots must have been refused before.
    pub fn heard(&mut self, no: NodeNo, boot: &Boot, acknowledged: &[String], now: UtcMs) {
        let Some(member) = self.members.get_mut(&no) else {
            return;
        };
        let restarted = member.boot.as_ref().is_some_and(|known| known < boot);
        if restarted {
            member.forget_load();
            member.commands.clear();
            self.streams.forget(no);
            self.topology.forget(no);
        }
        let Some(member) = self.members.get_mut(&no) else {
            return;
        };
        member.boot = Some(boot.clone());
        member.last_message = Some(now);
        member.heard = true;
        member.said_bye = false;
        member.probed = None;
        let done = |command: &Command| {
            acknowledged
                .iter()
                .any(|ack| ack.split(':').next() == Some(command.id.as_str()))
        };
        member
            .commands
            .retain(|command| !done(command) && now.0 < command.deadline_ms);
    }

    /// A report, after [`GroupState::heard`] of the same message.
    pub fn reported(&mut self, no: NodeNo, report: &Report, now: UtcMs) -> ReportEffect {
        let Some(member) = self.members.get_mut(&no) else {
            return ReportEffect::default();
        };
        let before = member.load.connections;
        member.last_report = Some(now);
        member.load = load_of(report);
        member.seen_empty = (report.client_count == 0).then_some(now);
        if member.node.state == NodeState::Terminating {
            return ReportEffect::default();
        }
        if !report.delta {
            member.listed = Some(now);
        }
        let list_missing = member.listed.is_none();
        let enters_service = member.node.state != NodeState::InService;
        let effect = ReportEffect {
            enters_service,
            load_changed: before != member.load.connections,
            list_missing,
        };
        self.streams.reported(no, &report.streams, report.delta);
        self.links_reported(no, report, now);
        effect
    }

    /// A publisher started on the node.
    pub fn published(&mut self, no: NodeNo, stream: &StreamName, started_at: UtcMs) {
        if self
            .members
            .get(&no)
            .is_some_and(|member| member.node.state != NodeState::Terminating)
        {
            self.streams.published(no, stream, started_at);
        }
    }

    /// A publisher ended on the node.
    pub fn unpublished(&mut self, no: NodeNo, stream: &StreamName, started_at: UtcMs) {
        self.streams.unpublished(no, stream, started_at);
    }

    /// The node shut down cleanly.
    pub fn said_bye(&mut self, no: NodeNo) {
        if let Some(member) = self.members.get_mut(&no) {
            member.said_bye = true;
            member.heard = false;
            member.forget_load();
            self.streams.forget(no);
        }
    }

    /// The cloud shows the node's instance.
    pub fn instance_seen(&mut self, no: NodeNo, addresses: Addresses) {
        if let Some(member) = self.members.get_mut(&no) {
            member.sighting = Sighting::Seen(addresses);
        }
    }

    /// The cloud says that the node's instance ended.
    pub fn instance_ended(&mut self, no: NodeNo) {
        if let Some(member) = self.members.get_mut(&no) {
            member.sighting = Sighting::Ended;
        }
    }

    /// The cloud did not list the node's instance. By itself this proves nothing; see `transitions`.
    pub fn instance_missing(&mut self, no: NodeNo) {
        if let Some(member) = self.members.get_mut(&no) {
            member.sighting = match &member.sighting {
                Sighting::Missing { times } => Sighting::Missing {
                    times: times.saturating_add(1),
                },
                Sighting::Ended => Sighting::Ended,
                Sighting::Unknown | Sighting::Seen(_) => Sighting::Missing { times: 1 },
            };
        }
    }

    /// The node's port was tried.
    pub fn probed(&mut self, no: NodeNo, port: Port, now: UtcMs) {
        let Some(member) = self.members.get(&no) else {
            return;
        };
        let heard = !self.is_silent(member, now);
        if heard && port == Port::Open {
            self.heard_one_answered = Some(now);
        }
        if let Some(member) = self.members.get_mut(&no) {
            member.probing = false;
            member.probed = (!heard).then_some((port, now));
        }
    }

    /// Nodes whose port should be tried now: silent beyond twice the limit and not tried since. Marks them as being
    /// tried.
    pub fn take_probes(&mut self, now: UtcMs) -> Vec<std::sync::Arc<crate::node::Node>> {
        let due: Vec<NodeNo> = self
            .members
            .values()
            .filter(|member| self.wants_probe(member, now))
            .map(|member| member.node.no)
            .chain(self.to_try_dialling(now))
            .collect();
        let mut nodes = Vec::with_capacity(due.len());
        for no in due {
            if let Some(member) = self.members.get_mut(&no) {
                member.probing = true;
                nodes.push(member.node.clone());
            }
        }
        nodes
    }

    fn wants_probe(&self, member: &Member, now: UtcMs) -> bool {
        let silent =
            liveness::judge(self.last_heard(member), now, &self.rules.timers) == Liveness::Silent;
        let tried_lately = member
            .probed
            .is_some_and(|(_, at)| now.since(at) < self.rules.timers.reporting);
        let state = matches!(
            member.node.state,
            NodeState::InService | NodeState::Unresponsive
        );
        state && silent && !member.probing && !tried_lately
    }

    /// Takes the counts of clients handed out that no report shows yet, per node.
    pub fn set_assigned(&mut self, outstanding: impl Fn(NodeNo) -> u32) {
        for member in self.members.values_mut() {
            member.assigned = outstanding(member.node.no);
        }
    }

    /// So many questions for a role in a region were answered and refused. A region that is not the group's counts as
    /// its first one: what clients write must not make series.
    pub fn note_questions(
        &mut self,
        role: Role,
        region: &crate::ids::RegionName,
        answered: u32,
        refused: u32,
        now: UtcMs,
    ) {
        let own = self.group.regions.iter().find(|known| *known == region);
        let Some(region) = own.or(self.group.regions.first()) else {
            return;
        };
        if answered > 0 {
            self.history.joined(role, region, answered, now);
        }
        if refused > 0 {
            self.history.refused(role, region, refused, now);
        }
    }

    /// Writes the load of every role into the demand history. Call at least once a bucket.
    pub fn record_demand(&mut self, now: UtcMs) {
        for load in self.role_loads() {
            self.history
                .connections(load.role, &load.region, load.connections, now);
        }
    }

    /// Drops stream entries from the lists until they are announced again; see [`super::StreamIndex`].
    pub fn clear_streams(&mut self, active: bool) -> u32 {
        let live = |no: NodeNo| {
            self.members
                .get(&no)
                .is_some_and(|member| member.node.state == NodeState::InService)
        };
        self.streams.clear(active, |no| !live(no))
    }
}

fn load_of(report: &Report) -> Load {
    // Metrics reach policies as whole numbers: thousandths, so that a load of 0.12 stays visible.
    let column = |value: f64| {
        if value.is_finite() {
            (value * 1_000.0).clamp(0.0, f64::from(u32::MAX)) as u32
        } else {
            0
        }
    };
    Load {
        connections: report.client_count,
        publishers: report.publisher_count,
        subscribers: report.subscriber_count,
        restreamers: report.restreamer_count,
        free_memory_mib: mib(report.free_memory),
        max_memory_mib: mib(report.max_memory),
        last_traffic_ms: report.last_traffic_time,
        metrics: report
            .metrics
            .iter()
            .map(|(name, value)| (name.clone(), column(*value)))
            .collect(),
    }
}
