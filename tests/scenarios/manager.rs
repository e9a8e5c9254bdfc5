//! The manager of a scenario: passes over the pure core, as the reconciler makes them, with the built-in policy's
//! component. The store is the memory of this file, time a number.

use std::collections::BTreeMap;
use std::sync::Arc;

use weir::policy::SharedPolicy;
use weir_core::group::{
    GroupState as Phase, LaunchDocument, LaunchTarget, LimitsDocument, RoleLimits,
};
use weir_core::group_state::{GroupState, HostRules, Place};
use weir_core::guardrails::Granted;
use weir_core::ids::{NodeId, NodeNo, ZoneName};
use weir_core::node::{Node, Role};
use weir_core::plan::{OperatorOrder, Plan, Planner};
use weir_core::proposal::Proposal;
use weir_core::snapshot::Snapshot;
use weir_core::units::{DurationMs, UtcMs};

use crate::documents::{documents, group, limits, place, spec};
use crate::log::Log;
use crate::script::Setting;
use crate::world::World;

/// The moment a scenario begins.
pub const START: UtcMs = UtcMs(1_700_000_000_000);

/// Who wishes.
pub enum Policy {
    /// The built-in component.
    Threshold(SharedPolicy),
    /// The script; one wish for the next decision.
    ByHand(Proposal),
}

pub struct Manager {
    pub state: GroupState,
    pub policy: Policy,
    document: LimitsDocument,
    launch: LaunchDocument,
    thresholds: BTreeMap<Role, u32>,
    places: Vec<Place>,
    policy_state: Vec<u8>,
    minted: u32,
    /// When the policy is asked next.
    pub due: UtcMs,
}

impl Manager {
    /// An empty group.
    pub fn new(setup: &[Setting], threshold: SharedPolicy) -> Self {
        let (document, launch) = documents();
        let mut manager = Self {
            state: GroupState::restore(
                group(),
                Vec::new(),
                Arc::new(spec(&document, &launch, &BTreeMap::new())),
                Arc::new(HostRules::default()),
                Vec::new(),
                START,
            ),
            policy: Policy::Threshold(threshold),
            document,
            launch,
            thresholds: BTreeMap::new(),
            places: vec![place("zone-a"), place("zone-b")],
            policy_state: Vec::new(),
            minted: 0,
            due: START,
        };
        setup.iter().for_each(|setting| manager.set(setting));
        manager.configure();
        manager
    }

    fn set(&mut self, setting: &Setting) {
        match setting {
            Setting::Group {
                role,
                min,
                max,
                capacity,
                step,
            } => {
                self.limits().push(limits(*role, *min, *max, *step));
                self.launch.targets.push(LaunchTarget {
                    role: *role,
                    instance_type: "m5.large".into(),
                    capacity: *capacity,
                    image: None,
                });
            }
            Setting::Threshold(role, percent) => {
                self.thresholds.insert(*role, *percent);
            }
            Setting::Zones(zones) => self.places = zones.iter().map(|zone| place(zone)).collect(),
            Setting::Waits([out, into, cool_down]) => {
                for limits in self.limits() {
                    limits.scale_out_wait = Some(*out);
                    limits.scale_in_wait = Some(*into);
                    limits.cool_down = Some(*cool_down);
                }
            }
            Setting::WishesByHand => self.policy = Policy::ByHand(Proposal::default()),
            Setting::Boot(_) => {}
        }
    }

    fn limits(&mut self) -> &mut Vec<RoleLimits> {
        &mut self.document.regions[0].1
    }

    /// The documents' present text counts from now on.
    fn configure(&mut self) {
        let spec = spec(&self.document, &self.launch, &self.thresholds);
        let rules = Arc::new(HostRules::default());
        self.state
            .configure(Arc::new(spec), rules, self.places.clone());
        self.due = UtcMs(0);
    }

    pub fn change_limits(&mut self, role: Role, min: u32, max: u32) {
        for limits in self.limits() {
            if limits.role == role {
                (limits.min, limits.max) = (min, max);
            }
        }
        self.configure();
    }

    /// This process is no more; another one reads the records.
    pub fn restart(&mut self, now: UtcMs) {
        let nodes = self.state.members().map(|member| (*member.node).clone());
        self.state = GroupState::restore(
            self.state.group().clone(),
            nodes.collect(),
            self.state.spec().clone(),
            self.state.rules().clone(),
            self.places.clone(),
            now,
        );
        self.due = UtcMs(0);
    }

    fn plan<T>(
        &mut self,
        now: UtcMs,
        act: impl FnOnce(&mut Planner<'_>, &GroupState) -> T,
    ) -> (Plan, T) {
        let minted = &mut self.minted;
        let mut mint = |zone: &ZoneName| {
            *minted += 1;
            NodeId::from(format!("node-{zone}-{minted}"))
        };
        let mut planner = Planner::new(&self.state, &mut mint, now);
        let done = act(&mut planner, &self.state);
        (planner.finish(), done)
    }

    /// Stored and committed at once.
    fn commit(&mut self, plan: Plan, world: &mut World, log: &mut Log, now: UtcMs) {
        if let Some(group) = &plan.group
            && group.state != self.state.group().state
        {
            log.say(now, format!("the group is {:?}", group.state));
        }
        for node in &plan.nodes {
            let name = world.name(node);
            let before = self.state.member(node.no).map(|member| &*member.node);
            log.node(now, &name, before, node);
        }
        for gone in &plan.gone {
            if let Some(member) = self.state.member(gone.no) {
                let name = world.name(&member.node);
                let why = self.state.call_problem(gone.no);
                let why = why.map_or_else(String::new, |why| format!(": {why}"));
                log.say(now, format!("{name} is gone{why}"));
            }
        }
        if !plan.is_empty() {
            self.due = UtcMs(0);
        }
        self.state.commit(plan, now);
    }

    /// An operator's order.
    pub fn order(&mut self, order: &OperatorOrder, world: &mut World, log: &mut Log, now: UtcMs) {
        let (plan, done) = self.plan(now, |planner, _| planner.order(order));
        match done {
            Ok(()) => self.commit(plan, world, log, now),
            Err(refused) => log.say(now, format!("refused: {refused}")),
        }
    }

    /// One pass.
    pub fn pass(&mut self, world: &mut World, log: &mut Log, now: UtcMs) {
        if self.state.judge_silence(now) {
            let frozen = self.state.is_frozen();
            let news = if frozen {
                "most nodes are silent: removals are frozen"
            } else {
                "nodes are heard again, or known to be dead: removals are allowed"
            };
            log.say(now, news.to_owned());
        }
        self.state.record_demand(now);
        let (plan, ()) = self.plan(now, |planner, _| planner.follow_facts());
        self.commit(plan, world, log, now);
        if self.due <= now {
            self.decide(world, log, now);
        }
        self.act(world, log, now);
    }

    fn decide(&mut self, world: &mut World, log: &mut Log, now: UtcMs) {
        let snapshot = self.state.snapshot(7, now);
        let active = self.state.group().state == Phase::Active;
        let wish = if active { self.ask(&snapshot) } else { None };
        let (plan, granted) = self.plan(now, |planner, state| {
            let granted = state.grant(&snapshot, wish.as_ref(), now);
            planner.grant(&granted);
            granted
        });
        let names = |no: &NodeNo| {
            let member = self.state.member(*no);
            member.map_or_else(String::new, |member| world.name(&member.node))
        };
        log.decision(
            now,
            &granted_words(&granted, &plan, names),
            wish.as_ref(),
            &granted.clamps,
        );
        let timers = &self.state.rules().timers;
        let hint = wish.as_ref().and_then(|wish| wish.next_wake_ms);
        let pause = hint.map_or(timers.decide_every, |ms| DurationMs(ms.into()));
        let next = now + pause.min(timers.decide_every).max(DurationMs(200));
        if let Some(wish) = wish {
            self.policy_state = wish.state;
        }
        self.state.note_decision(now);
        self.commit(plan, world, log, now);
        self.due = next;
    }

    fn ask(&mut self, snapshot: &Snapshot) -> Option<Proposal> {
        match &mut self.policy {
            Policy::ByHand(wish) => Some(std::mem::take(wish)),
            Policy::Threshold(policy) => {
                let outcome = policy.propose(snapshot, "{}", &self.policy_state);
                Some(outcome.answer.expect("the built-in policy answers"))
            }
        }
    }

    /// Links, calls to the cloud and probes, all answered at once.
    fn act(&mut self, world: &mut World, log: &mut Log, now: UtcMs) {
        let mut commands = 0_u32;
        let mut mint = || {
            commands += 1;
            format!("c-{now}-{commands}")
        };
        self.state.relink(&[], &mut mint, now);
        let calls = self.state.take_calls(now);
        for call in calls {
            let clients = world.clients(call.node.no);
            if call.kind == weir_core::group_state::CallKind::Terminate && clients > 0 {
                let name = world.name(&call.node);
                log.say(now, format!("{clients} clients of {name} are cut"));
            }
            let answer = world.answer(&call, now);
            self.state.called(call.node.no, call.kind, answer, now);
        }
        for node in self.state.take_probes(now) {
            self.state.probed(node.no, world.port(node.no), now);
        }
    }

    /// What the nodes say reaches the group.
    pub fn listen(&mut self, world: &mut World, now: UtcMs) {
        for letter in world.letters(now) {
            let no = letter.no;
            self.state
                .heard(no, &letter.boot, &letter.acknowledged, now);
            let effect = self.state.reported(no, &letter.report, now);
            if effect.load_changed {
                self.due = UtcMs(0);
            }
            if let Some(member) = self.state.member(no) {
                world.obey(no, &member.commands);
            }
        }
    }
}

/// `launch 2 edge, retire edge1`; empty: hold.
fn granted_words(
    granted: &Granted,
    plan: &Plan,
    mut name: impl FnMut(&NodeNo) -> String,
) -> Vec<String> {
    let mut words = Vec::new();
    for role in Role::ALL {
        let launched = |node: &&Node| node.role == role && plan.launched.contains(&node.no);
        let count = plan.nodes.iter().filter(launched).count();
        if count > 0 {
            words.push(format!("launch {count} {role}"));
        }
    }
    let lists = [
        ("retire", &granted.retirements),
        ("take back", &granted.reinstatements),
        ("give up", &granted.cancellations),
        ("shrink by", &granted.surplus),
        ("discourage", &granted.discouraged),
    ];
    for (verb, list) in lists {
        if !list.is_empty() {
            let names: Vec<String> = list.iter().map(&mut name).collect();
            words.push(format!("{verb} {}", names.join(" ")));
        }
    }
    words
}
