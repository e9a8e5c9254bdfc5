//! The cloud of a backtest: instances that boot, run and cost money. It answers every call at once.

use std::collections::BTreeMap;

use rand::RngExt;
use weir_cloud::simulated::randomness;
use weir_core::group_state::{CallAnswer, CallKind, CloudCall};
use weir_core::ids::{NodeId, NodeNo};
use weir_core::lifecycle::Addresses;
use weir_core::node::{Node, Role};
use weir_core::report::Boot;
use weir_core::units::{DurationMs, UtcMs};

use super::plant::Plant;

/// An instance that is ended sooner costs as much all the same: clouds bill a minute at least.
const LEAST_BILLED: DurationMs = DurationMs::secs(60);
/// So much of the boot time passes until the cloud calls the instance running, percent.
const RUNNING_PERCENT: u64 = 40;

/// One instance and the node on it.
#[derive(Debug)]
pub(super) struct Instance {
    launched_at: UtcMs,
    runs_at: UtcMs,
    /// `None`: its node never speaks.
    talks_at: Option<UtcMs>,
    is_edge: bool,
    /// The start of its service.
    pub(super) boot: Boot,
}

/// All of them.
pub(super) struct Instances {
    plant: Plant,
    alive: BTreeMap<NodeNo, Instance>,
    /// Of edges that ended.
    billed: DurationMs,
    /// Launches whose node never speaks.
    pub(super) failed: u32,
}

impl Instances {
    /// The instances of nodes that are in service at the start.
    pub(super) fn of(plant: &Plant, nodes: &[Node], now: UtcMs) -> Self {
        let instance = |node: &Node| Instance {
            launched_at: now,
            runs_at: now,
            talks_at: Some(now),
            is_edge: node.role == Role::Edge,
            boot: first_boot(&node.id, node.launched_at),
        };
        Self {
            plant: plant.clone(),
            alive: nodes.iter().map(|node| (node.no, instance(node))).collect(),
            billed: DurationMs(0),
            failed: 0,
        }
    }

    /// Answers the manager's call.
    pub(super) fn answer(&mut self, call: &CloudCall, now: UtcMs) -> CallAnswer {
        let node = &call.node;
        match call.kind {
            CallKind::Launch => {
                if !self.alive.contains_key(&node.no) {
                    let instance = self.launch(node, now);
                    self.failed += u32::from(instance.talks_at.is_none());
                    self.alive.insert(node.no, instance);
                }
                self.look(node.no, now)
            }
            CallKind::Describe => self.look(node.no, now),
            CallKind::Terminate => {
                if let Some(instance) = self.alive.remove(&node.no) {
                    self.billed.0 += instance.billed(now).0;
                }
                CallAnswer::Accepted
            }
        }
    }

    fn launch(&self, node: &Node, now: UtcMs) -> Instance {
        let plant = &self.plant;
        let boot = plant.boots.draw(plant.seed, &node.id);
        let lot: f64 = randomness(plant.seed, "failure", node.id.as_str()).random();
        Instance {
            launched_at: now,
            runs_at: now + DurationMs(boot.0 * RUNNING_PERCENT / 100),
            talks_at: (lot >= plant.launch_failures).then_some(now + boot),
            is_edge: node.role == Role::Edge,
            boot: first_boot(&node.id, now),
        }
    }

    fn look(&self, no: NodeNo, now: UtcMs) -> CallAnswer {
        let Some(instance) = self.alive.get(&no) else {
            return CallAnswer::Ended;
        };
        let running = instance.runs_at <= now;
        CallAnswer::Instance(Addresses {
            platform_id: format!("i-{no}").into(),
            running,
            address: running.then(|| address(no)),
            private_address: None,
            hostname: None,
        })
    }

    /// Nodes that speak, by number.
    pub(super) fn talking(&self, now: UtcMs) -> impl Iterator<Item = (NodeNo, &Instance)> {
        let talks = move |instance: &Instance| instance.talks_at.is_some_and(|at| at <= now);
        let alive = self.alive.iter().map(|(no, instance)| (*no, instance));
        alive.filter(move |(_, instance)| talks(instance))
    }

    /// Time of edges billed up to `now`, boots and drains included.
    pub(super) fn billed(&self, now: UtcMs) -> DurationMs {
        let edges = self.alive.values().filter(|instance| instance.is_edge);
        let running: u64 = edges.map(|instance| instance.billed(now).0).sum();
        DurationMs(self.billed.0 + running)
    }
}

impl Instance {
    fn billed(&self, now: UtcMs) -> DurationMs {
        if !self.is_edge {
            return DurationMs(0);
        }
        now.since(self.launched_at).max(LEAST_BILLED)
    }
}

/// The only start of a node's service: nothing restarts here.
pub(super) fn first_boot(id: &NodeId, at: UtcMs) -> Boot {
    Boot {
        started_ms: at.0,
        word: id.to_string(),
    }
}

/// A node's address.
pub(super) fn address(no: NodeNo) -> String {
    format!("10.0.0.{no}")
}
