//! A group whose cloud and nodes are driven by hand.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::group::{
    Binding, Bindings, Group, GroupSpec, GroupState as Phase, LaunchDocument, LaunchTarget,
    LimitsDocument, RoleLimits, StatedBindings,
};
use crate::group_state::{CallAnswer, CallKind, GroupState, HostRules, Place, ReportEffect};
use crate::guardrails::Granted;
use crate::ids::{GroupId, NodeId, NodeNo, PlatformId, ZoneName};
use crate::lifecycle::Addresses;
use crate::liveness::Port;
use crate::node::{Node, NodeState, Role};
use crate::placement::Action;
use crate::plan::{OperatorOrder, OrderRefused, Plan, Planner};
use crate::proposal::Proposal;
use crate::report::{Boot, Report};
use crate::units::UtcMs;

pub(super) struct Story {
    pub(super) state: GroupState,
    pub(super) now: UtcMs,
    boots: BTreeMap<NodeNo, Boot>,
    minted: u64,
}

fn limits(role: Role, min: u32, max: u32) -> RoleLimits {
    RoleLimits {
        role,
        min,
        max,
        step: 1,
        scale_out_wait: None,
        scale_in_wait: None,
        warm_up: None,
        cool_down: None,
    }
}

fn spec(edges: u32) -> GroupSpec {
    let roles = vec![
        limits(Role::Origin, 1, 1),
        limits(Role::Edge, edges.max(1), edges.max(2)),
        limits(Role::Relay, 1, 1),
    ];
    let limits = LimitsDocument {
        name: "scale1".to_owned(),
        description: String::new(),
        kind: String::new(),
        version: "0.0.3".to_owned(),
        flat: false,
        regions: vec![("default".to_owned(), roles)],
        bindings: StatedBindings::default(),
    };
    let target = |role, capacity| LaunchTarget {
        role,
        instance_type: "t2.medium".into(),
        capacity,
        image: None,
    };
    let launch = LaunchDocument {
        name: "launch1".to_owned(),
        description: String::new(),
        image: "image".to_owned(),
        version: "0.0.3".to_owned(),
        targets: vec![
            target(Role::Origin, 2_000),
            target(Role::Edge, 1),
            target(Role::Relay, 2_000),
        ],
        properties: Vec::new(),
        tags: Vec::new(),
    };
    let bound = Binding {
        policy: "threshold".to_owned(),
        settings: "{}".to_owned(),
    };
    let bindings = Bindings {
        scaling: bound.clone(),
        broadcast: bound.clone(),
        subscribe: bound,
    };
    GroupSpec::resolve(
        &["ap-northeast-1".into()],
        &limits,
        &launch,
        &BTreeMap::new(),
        &bindings,
    )
}

impl Story {
    /// A new group: one origin, one relay, one or two edges of capacity 1.
    pub(super) fn new() -> Self {
        Self::with_edges(0)
    }

    fn with_edges(edges: u32) -> Self {
        let group = Group {
            id: GroupId(1),
            name: "group-test".into(),
            regions: vec!["ap-northeast-1".into()],
            launch_config: "launch1".to_owned(),
            limits: "scale1".to_owned(),
            state: Phase::New,
            created_at: UtcMs(1_000_000),
            bindings: crate::group::OwnBindings::default(),
            next_no: 1,
            version: 1,
        };
        let place = |zone: &str| Place {
            region: "ap-northeast-1".into(),
            zone: zone.into(),
        };
        let places = vec![place("ap-northeast-1a"), place("ap-northeast-1c")];
        let now = UtcMs(1_000_000);
        let rules = Arc::new(HostRules::default());
        let state =
            GroupState::restore(group, Vec::new(), Arc::new(spec(edges)), rules, places, now);
        Self {
            state,
            now,
            boots: BTreeMap::new(),
            minted: 0,
        }
    }

    /// A group with its origin, relay and so many edges in service.
    pub(super) fn serving(edges: u32) -> Self {
        let mut story = Self::with_edges(edges);
        let origin = story
            .order(OperatorOrder::Launch(Role::Origin))
            .expect("there is room for an origin");
        story.boot(origin);
        for no in story.decide(None) {
            story.boot(no);
        }
        story
    }

    pub(super) fn later(&mut self, ms: u64) {
        self.now = UtcMs(self.now.0 + ms);
    }

    fn plan(&mut self, act: impl FnOnce(&mut Planner<'_>)) -> Plan {
        let minted = &mut self.minted;
        let mut mint = |zone: &ZoneName| {
            *minted += 1;
            NodeId::from(format!("node-{zone}-{minted}"))
        };
        let mut planner = Planner::new(&self.state, &mut mint, self.now);
        act(&mut planner);
        planner.finish()
    }

    pub(super) fn pass(&mut self) {
        self.state.judge_silence(self.now);
        let plan = self.plan(|planner| planner.follow_facts());
        self.state.commit(plan, self.now);
    }

    pub(super) fn order_on(&mut self, order: OperatorOrder) -> Result<Vec<NodeNo>, OrderRefused> {
        let mut result = Ok(());
        let plan = self.plan(|planner| result = planner.order(&order));
        result?;
        let launched = plan.launched.clone();
        self.state.commit(plan, self.now);
        Ok(launched)
    }

    pub(super) fn orders(&mut self, orders: &[OperatorOrder]) -> Result<Vec<NodeNo>, OrderRefused> {
        let mut result = Ok(Vec::new());
        let plan = self.plan(|planner| result = planner.orders(orders));
        self.state.commit(plan, self.now);
        result
    }

    pub(super) fn ask_refused(&mut self, region: &str) {
        self.state
            .note_questions(Role::Edge, &region.into(), 0, 1, self.now);
    }

    pub(super) fn order(&mut self, order: OperatorOrder) -> Result<NodeNo, OrderRefused> {
        self.order_on(order).map(|launched| launched[0])
    }

    /// One decision; answers the nodes launched.
    pub(super) fn decide(&mut self, proposal: Option<&Proposal>) -> Vec<NodeNo> {
        let snapshot = self.state.snapshot(1, self.now);
        let granted = self.state.grant(&snapshot, proposal, self.now);
        let plan = self.plan(|planner| planner.grant(&granted));
        let launched = plan.launched.clone();
        self.state.commit(plan, self.now);
        launched
    }

    pub(super) fn retire(&mut self, no: NodeNo) {
        let granted = Granted {
            retirements: vec![no],
            ..Granted::default()
        };
        let plan = self.plan(|planner| planner.grant(&granted));
        self.state.commit(plan, self.now);
    }

    /// The calls due now.
    pub(super) fn calls(&mut self) -> Vec<(NodeNo, CallKind)> {
        self.state
            .take_calls(self.now)
            .into_iter()
            .map(|call| (call.node.no, call.kind))
            .collect()
    }

    pub(super) fn answer(&mut self, no: NodeNo, kind: CallKind, answer: CallAnswer) {
        self.state.called(no, kind, answer, self.now);
    }

    /// The cloud shows the node's instance running.
    pub(super) fn runs(&mut self, no: NodeNo) {
        let addresses = Addresses {
            platform_id: PlatformId::from(format!("i-{no}")),
            running: true,
            address: Some(format!("127.1.0.{no}")),
            private_address: None,
            hostname: None,
        };
        self.answer(no, CallKind::Launch, CallAnswer::Instance(addresses));
        self.pass();
    }

    /// Launched, running and reporting.
    pub(super) fn boot(&mut self, no: NodeNo) {
        self.calls();
        self.runs(no);
        self.later(1_000);
        self.report(no, 0);
    }

    pub(super) fn restart_service(&mut self, no: NodeNo) {
        self.boots.insert(
            no,
            Boot {
                started_ms: 2,
                word: "second".to_owned(),
            },
        );
    }

    pub(super) fn report(&mut self, no: NodeNo, clients: u32) {
        self.hear(no, clients);
        self.pass();
    }

    fn hear(&mut self, no: NodeNo, clients: u32) {
        let report = Report {
            client_count: clients,
            subscriber_count: clients,
            ..Report::default()
        };
        self.say(no, &report);
    }

    /// The node sends this report.
    pub(super) fn say(&mut self, no: NodeNo, report: &Report) -> ReportEffect {
        let first = Boot {
            started_ms: 1,
            word: "first".to_owned(),
        };
        let boot = self.boots.entry(no).or_insert(first).clone();
        self.state.heard(no, &boot, &[], self.now);
        self.state.reported(no, report, self.now)
    }

    /// This process ends, and another one reads the records.
    pub(super) fn restart(&mut self) {
        let nodes = self.state.members().map(|member| (*member.node).clone());
        self.state = GroupState::restore(
            self.state.group.clone(),
            nodes.collect(),
            self.state.spec.clone(),
            self.state.rules.clone(),
            self.state.places.clone(),
            self.now,
        );
    }

    /// Everybody in service or unresponsive reports, but these.
    pub(super) fn report_all_but(&mut self, silent: &[NodeNo]) {
        let nos: Vec<NodeNo> = self.state.members().map(|member| member.node.no).collect();
        for no in nos.into_iter().filter(|no| !silent.contains(no)) {
            self.hear(no, 0);
        }
        self.pass();
    }

    /// The ports that are due are tried, all with this result. Answers whose.
    pub(super) fn probe(&mut self, port: Port) -> Vec<NodeNo> {
        self.probe_each(|_| port)
    }

    pub(super) fn probe_each(&mut self, port: impl Fn(NodeNo) -> Port) -> Vec<NodeNo> {
        let nos: Vec<NodeNo> = self
            .state
            .take_probes(self.now)
            .iter()
            .map(|node| node.no)
            .collect();
        for no in &nos {
            self.state.probed(*no, port(*no), self.now);
        }
        nos
    }

    pub(super) fn phase(&self) -> Phase {
        self.state.group().state
    }

    pub(super) fn has(&self, no: NodeNo) -> bool {
        self.state.member(no).is_some()
    }

    pub(super) fn node(&self, no: NodeNo) -> Arc<Node> {
        self.state
            .member(no)
            .expect("the node is there")
            .node
            .clone()
    }

    pub(super) fn state_of(&self, no: NodeNo) -> NodeState {
        self.node(no).state
    }

    pub(super) fn role_of(&self, no: NodeNo) -> Role {
        self.node(no).role
    }

    pub(super) fn zone_of(&self, no: NodeNo) -> ZoneName {
        self.node(no).zone.clone()
    }

    pub(super) fn in_service(&self) -> Vec<NodeNo> {
        let serving = self
            .state
            .members()
            .filter(|member| member.node.state == NodeState::InService);
        serving.map(|member| member.node.no).collect()
    }

    pub(super) fn offered(&self, action: Action) -> Vec<NodeNo> {
        self.state
            .view(action, self.now)
            .nodes
            .id
            .into_iter()
            .map(NodeNo)
            .collect()
    }
}
