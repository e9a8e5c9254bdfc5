//! The aggregate of one group: its records, what its nodes last said, and what the cloud said of them.
//!
//! Owned by the group's reconciler, which is the only one to call a `&mut` method. Soft facts (reports, the cloud's
//! answers, probes) are applied at once; durable changes are first *planned* ([`crate::plan`]), then stored, and only
//! then committed here, so that memory never runs ahead of the store.
//!
//! ```text
//! facts ──apply──▶ GroupState ──due + plan──▶ Plan ──stored──▶ commit ──▶ GroupState ──▶ snapshot, view, calls
//! ```

mod calls;
mod columns;
mod facts;
mod granting;
mod linking;
mod member;
mod picture;
mod silence;
mod streams;
mod transitions;
mod trouble;

use std::collections::{BTreeMap, BTreeSet, HashMap, VecDeque};
use std::sync::Arc;

use crate::boot_times::BootTimes;
use crate::group::{Binding, Decides, Group, GroupSpec, GroupState as Phase};
use crate::history::DemandHistory;
use crate::ids::{InstanceType, NodeNo, RegionName, ZoneName};
use crate::node::{Node, NodeState, Role};
use crate::plan::Plan;
use crate::timers::Timers;
use crate::topology::Topology;
use crate::units::{DurationMs, UtcMs};

use trouble::LaunchTroubles;

pub use calls::{CallAnswer, CallKind, CloudCall, LaunchFailure};
pub use facts::ReportEffect;
pub use member::{Load, Member};
pub use picture::{RoleLoad, placement_roles};
pub use streams::{MOST_HELD, StreamIndex};

/// A place where launches go.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// Region code.
    pub region: RegionName,
    /// Zone code.
    pub zone: ZoneName,
}

/// Settings that every group of the server shares and that may change at run time.
#[derive(Debug, Clone, PartialEq)]
pub struct HostRules {
    /// Timers of the life cycle.
    pub timers: Timers,
    /// Nodes with less free memory take no clients, MiB.
    pub min_free_memory_mib: u32,
    /// Port on which nodes speak RTMP.
    pub rtmp_port: u16,
    /// Price per hour of machine types, millionths of the currency unit.
    pub prices: BTreeMap<InstanceType, u32>,
    /// Weights of the metrics a placement policy compares, by metric name.
    pub weights: BTreeMap<String, f64>,
    /// When origins answer viewers.
    pub origin_serves: OriginServes,
    /// A node at its capacity takes no further client.
    pub hard_capacity: bool,
    /// Most launches per minute in a group.
    pub launches_per_minute: u32,
    /// Most nodes of a group, all roles together.
    pub nodes_per_group: u32,
}

impl Default for HostRules {
    fn default() -> Self {
        Self {
            timers: Timers::default(),
            min_free_memory_mib: 50,
            rtmp_port: 1935,
            prices: BTreeMap::new(),
            weights: BTreeMap::new(),
            origin_serves: OriginServes::WhenNoEdges,
            hard_capacity: false,
            launches_per_minute: 60,
            nodes_per_group: 1_000,
        }
    }
}

/// When an origin may be answered to a viewer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OriginServes {
    /// While the group has no edge and keeps none.
    WhenNoEdges,
    /// Beside edges.
    Always,
    /// Never.
    Never,
}

/// One group: durable records and soft facts.
#[derive(Debug)]
pub struct GroupState {
    pub(crate) group: Group,
    pub(crate) spec: Arc<GroupSpec>,
    pub(crate) rules: Arc<HostRules>,
    pub(crate) places: Vec<Place>,
    pub(crate) members: BTreeMap<NodeNo, Member>,
    pub(crate) topology: Topology,
    pub(crate) streams: StreamIndex,
    pub(crate) discouraged: BTreeSet<NodeNo>,
    pub(crate) history: DemandHistory,
    /// Public and private addresses of nodes.
    by_address: HashMap<String, NodeNo>,
    boot_times: BootTimes,
    troubles: LaunchTroubles,
    last_launch: BTreeMap<(Role, RegionName), UtcMs>,
    last_retirement: BTreeMap<(Role, RegionName), UtcMs>,
    recent_launches: VecDeque<UtcMs>,
    last_decision: UtcMs,
    frozen: bool,
    /// When the port of a node that was heard last answered.
    heard_one_answered: Option<UtcMs>,
    /// Since when this process has been listening: silence before it proves nothing.
    listening_since: UtcMs,
}

impl GroupState {
    /// A group as read from the store, at start or take-over. Nobody was heard yet; silence counts from `now`.
    pub fn restore(
        group: Group,
        nodes: Vec<Node>,
        spec: Arc<GroupSpec>,
        rules: Arc<HostRules>,
        places: Vec<Place>,
        now: UtcMs,
    ) -> Self {
        let mut last_launch = BTreeMap::new();
        for node in &nodes {
            let newest = last_launch
                .entry((node.role, node.region.clone()))
                .or_insert(node.launched_at);
            *newest = (*newest).max(node.launched_at);
        }
        let addresses = |node: &Node| [node.address.clone(), node.private_address.clone()];
        let known = |node: &Node| {
            let no = node.no;
            addresses(node)
                .into_iter()
                .flatten()
                .map(move |address| (address, no))
        };
        let by_address = nodes.iter().flat_map(known).collect();
        let members = nodes
            .into_iter()
            .map(|node| (node.no, Member::restored(node)))
            .collect();
        Self {
            group,
            spec,
            rules,
            places,
            members,
            topology: Topology::default(),
            streams: StreamIndex::default(),
            discouraged: BTreeSet::new(),
            history: DemandHistory::new(now),
            by_address,
            boot_times: BootTimes::default(),
            troubles: LaunchTroubles::default(),
            last_launch,
            last_retirement: BTreeMap::new(),
            recent_launches: VecDeque::new(),
            last_decision: now,
            frozen: false,
            heard_one_answered: None,
            listening_since: now,
        }
    }

    /// The group's record.
    pub fn group(&self) -> &Group {
        &self.group
    }

    /// The policy that decides: the group's own, else what its documents or the settings state.
    pub fn binding(&self, decides: Decides) -> &Binding {
        let own = self.group.bindings.current(decides);
        own.unwrap_or_else(|| self.spec.bindings.of(decides))
    }

    /// What its decisions follow from.
    pub fn spec(&self) -> &Arc<GroupSpec> {
        &self.spec
    }

    /// The server's rules.
    pub fn rules(&self) -> &Arc<HostRules> {
        &self.rules
    }

    /// Nodes by number.
    pub fn members(&self) -> impl Iterator<Item = &Member> {
        self.members.values()
    }

    /// A node by number.
    pub fn member(&self, no: NodeNo) -> Option<&Member> {
        self.members.get(&no)
    }

    /// Links of the group.
    pub fn topology(&self) -> &Topology {
        &self.topology
    }

    /// Streams and who holds them.
    pub fn streams(&self) -> &StreamIndex {
        &self.streams
    }

    /// Most nodes are silent at once: removals are frozen.
    pub fn is_frozen(&self) -> bool {
        self.frozen
    }

    /// Memory and store agree: these are the records this state was made of and has committed since.
    pub fn agrees_with(&self, group: &Group, nodes: &[Node]) -> bool {
        let known = self.members.values().map(|member| member.node.as_ref());
        self.group == *group && known.eq(nodes)
    }

    /// Takes new documents, rules or places from now on.
    pub fn configure(&mut self, spec: Arc<GroupSpec>, rules: Arc<HostRules>, places: Vec<Place>) {
        self.spec = spec;
        self.rules = rules;
        self.places = places;
    }

    /// Stored: memory follows. Also remembers when nodes were launched and retired, for waits and rates.
    pub fn commit(&mut self, plan: Plan, now: UtcMs) {
        if let Some(group) = plan.group {
            self.group = group;
        }
        for node in plan.nodes {
            self.commit_node(node, now);
        }
        for gone in &plan.gone {
            self.forget(gone.no);
        }
        if let Some(discouraged) = plan.discouraged {
            self.discouraged = discouraged;
        }
    }

    fn commit_node(&mut self, node: Node, now: UtcMs) {
        if let Some(before) = self.members.get(&node.no).map(|member| member.node.clone()) {
            self.forget_addresses(&before);
        }
        for address in [&node.address, &node.private_address].into_iter().flatten() {
            self.by_address.insert(address.clone(), node.no);
        }
        let place = (node.role, node.region.clone());
        let Some(member) = self.members.get_mut(&node.no) else {
            self.last_launch.insert(place, now);
            self.recent_launches.push_back(now);
            self.members.insert(node.no, Member::new(node));
            return;
        };
        if node.drain.is_some() && member.node.drain.is_none() {
            self.last_retirement.insert(place.clone(), now);
        }
        if node.in_service_at.is_some() && member.node.in_service_at.is_none() {
            self.boot_times
                .record(node.role, now.since(node.launched_at));
            self.troubles.worked(&place);
        }
        let ends =
            node.state == NodeState::Terminating && member.node.state != NodeState::Terminating;
        let never_came = ends && member.node.in_service_at.is_none();
        let leaves_service =
            node.state != NodeState::InService && member.node.state == NodeState::InService;
        let given_up = node.reason == crate::reason::Reason::NeverReported;
        let no = node.no;
        member.node = Arc::new(node);
        if ends {
            member.call.reset();
        }
        if leaves_service {
            member.forget_load();
            self.streams.forget(no);
        }
        if never_came && given_up {
            self.troubles.failed(place, now);
        }
    }

    fn forget(&mut self, no: NodeNo) {
        if let Some(member) = self.members.remove(&no) {
            self.forget_addresses(&member.node);
        }
        self.topology.forget(no);
        self.streams.forget(no);
        self.discouraged.remove(&no);
    }

    fn forget_addresses(&mut self, node: &Node) {
        for address in [&node.address, &node.private_address].into_iter().flatten() {
            // Another node may have the address by now.
            if self.by_address.get(address) == Some(&node.no) {
                self.by_address.remove(address);
            }
        }
    }

    /// Failed launches in a row of a role in a region, and until when none is tried there.
    pub fn launch_trouble(&self, role: Role, region: &RegionName) -> Option<(u32, UtcMs)> {
        self.troubles.hold(&(role, region.clone()))
    }

    fn is_held(&self, role: Role, region: &RegionName, now: UtcMs) -> bool {
        self.launch_trouble(role, region)
            .is_some_and(|(_, until)| now < until)
    }

    /// Launches of the last minute, for the host's rate cap.
    pub fn launches_last_minute(&self, now: UtcMs) -> u32 {
        let recent = self
            .recent_launches
            .iter()
            .rev()
            .take_while(|at| now.since(**at) < DurationMs::secs(60));
        u32::try_from(recent.count()).unwrap_or(u32::MAX)
    }

    /// A scaling policy was asked: refusals counted for the next one start anew.
    pub fn note_decision(&mut self, now: UtcMs) {
        self.last_decision = now;
        while self
            .recent_launches
            .front()
            .is_some_and(|at| now.since(*at) > DurationMs::secs(60))
        {
            self.recent_launches.pop_front();
        }
    }

    /// The first origin was in service: minimums are kept.
    pub fn is_active(&self) -> bool {
        self.group.state == Phase::Active
    }
}

#[cfg(test)]
mod tests;
