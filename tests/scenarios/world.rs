//! What is outside the manager: the cloud's instances, and the nodes on them with their clients.

use std::collections::{BTreeMap, BTreeSet};

use weir_core::group_state::{CallAnswer, CallKind, CloudCall, LaunchFailure};
use weir_core::ids::NodeNo;
use weir_core::lifecycle::Addresses;
use weir_core::liveness::Port;
use weir_core::node::{Node, Role};
use weir_core::report::{Boot, Command, Order, ParentLink, Report};
use weir_core::units::{DurationMs, UtcMs};

/// Period of reports.
const PERIOD: DurationMs = DurationMs::secs(10);
/// From launch until the cloud shows the instance running.
const STARTS_IN: DurationMs = DurationMs::secs(10);

/// The instances and nodes.
pub struct World {
    /// From launch to the first report.
    pub boot: DurationMs,
    /// Zones without capacity.
    pub full: BTreeSet<String>,
    /// New nodes never report.
    pub mute: bool,
    /// Reports reach the manager.
    pub heard: bool,
    units: BTreeMap<NodeNo, Unit>,
    launched: BTreeMap<Role, u32>,
    names: BTreeMap<NodeNo, String>,
}

/// One instance and its node.
struct Unit {
    launched_at: UtcMs,
    /// `None`: it never reports.
    talks_from: Option<UtcMs>,
    next_report: UtcMs,
    silent: bool,
    port_open: bool,
    viewers: u32,
    publishers: u32,
    boot: Boot,
    links: BTreeSet<String>,
    acknowledged: Vec<String>,
}

/// What a node sends.
pub struct Letter {
    pub no: NodeNo,
    pub boot: Boot,
    pub acknowledged: Vec<String>,
    pub report: Report,
}

fn address(no: NodeNo) -> String {
    format!("10.0.0.{no}")
}

impl World {
    pub fn new() -> Self {
        Self {
            boot: DurationMs::secs(40),
            full: BTreeSet::new(),
            mute: false,
            heard: true,
            units: BTreeMap::new(),
            launched: BTreeMap::new(),
            names: BTreeMap::new(),
        }
    }

    /// Role and order of launch.
    pub fn name(&mut self, node: &Node) -> String {
        let launched = &mut self.launched;
        let name = || {
            let count = launched.entry(node.role).or_default();
            *count += 1;
            format!("{}{count}", node.role)
        };
        self.names.entry(node.no).or_insert_with(name).clone()
    }

    /// The node of that name.
    pub fn find(&self, name: &str) -> Option<NodeNo> {
        let mut names = self.names.iter();
        names.find(|(_, known)| *known == name).map(|(no, _)| *no)
    }

    pub fn answer(&mut self, call: &CloudCall, now: UtcMs) -> CallAnswer {
        let node = &call.node;
        match call.kind {
            CallKind::Launch if self.full.contains(node.zone.as_str()) => {
                CallAnswer::Failed(LaunchFailure::NoCapacity)
            }
            CallKind::Launch => {
                let unit = self.unit(now);
                let unit = self.units.entry(node.no).or_insert(unit);
                CallAnswer::Instance(unit.seen(node.no, now))
            }
            CallKind::Describe => match self.units.get(&node.no) {
                Some(unit) => CallAnswer::Instance(unit.seen(node.no, now)),
                None => CallAnswer::Ended,
            },
            CallKind::Terminate => {
                self.units.remove(&node.no);
                CallAnswer::Accepted
            }
        }
    }

    fn unit(&self, now: UtcMs) -> Unit {
        let talks_from = (!self.mute).then_some(now + self.boot);
        Unit {
            launched_at: now,
            talks_from,
            next_report: talks_from.unwrap_or(now),
            silent: false,
            port_open: true,
            viewers: 0,
            publishers: 0,
            boot: Boot {
                started_ms: now.0,
                word: "first".to_owned(),
            },
            links: BTreeSet::new(),
            acknowledged: Vec::new(),
        }
    }

    /// Clients on the node's instance, which is cut off with it.
    pub fn clients(&self, no: NodeNo) -> u32 {
        let unit = self.units.get(&no);
        unit.map_or(0, |unit| unit.viewers + unit.publishers)
    }

    pub fn set_viewers(&mut self, no: NodeNo, count: u32, now: UtcMs) {
        if let Some(unit) = self.units.get_mut(&no) {
            unit.viewers = count;
            unit.next_report = now;
        }
    }

    pub fn set_publishers(&mut self, no: NodeNo, count: u32, now: UtcMs) {
        if let Some(unit) = self.units.get_mut(&no) {
            unit.publishers = count;
            unit.next_report = now;
        }
    }

    pub fn set_silent(&mut self, no: NodeNo, silent: bool, port_open: bool, now: UtcMs) {
        if let Some(unit) = self.units.get_mut(&no) {
            unit.silent = silent;
            unit.port_open = port_open;
            unit.next_report = now;
        }
    }

    /// Its instance is gone.
    pub fn lose(&mut self, no: NodeNo) {
        self.units.remove(&no);
    }

    pub fn port(&self, no: NodeNo) -> Port {
        match self.units.get(&no) {
            Some(unit) if unit.port_open => Port::Open,
            Some(_) => Port::Closed,
            None => Port::Unreachable,
        }
    }

    /// The node carries out what it is told.
    pub fn obey(&mut self, no: NodeNo, commands: &[Command]) {
        let Some(unit) = self.units.get_mut(&no) else {
            return;
        };
        for command in commands {
            match &command.order {
                Order::Link { parent } => {
                    unit.links.insert(parent.address.clone());
                }
                Order::Unlink { parent } => {
                    unit.links.remove(&parent.address);
                }
                Order::Drain { .. } | Order::Kick { .. } | Order::Resync {} | Order::Exit {} => {}
            }
            unit.acknowledged.push(command.id.clone());
        }
    }

    /// Who reports now, by number.
    pub fn letters(&mut self, now: UtcMs) -> Vec<Letter> {
        let mut letters = Vec::new();
        for (no, unit) in &mut self.units {
            let talks = unit.talks_from.is_some_and(|from| from <= now) && !unit.silent;
            if !talks || unit.next_report > now {
                continue;
            }
            unit.next_report = now + PERIOD;
            letters.push(Letter {
                no: *no,
                boot: unit.boot.clone(),
                acknowledged: std::mem::take(&mut unit.acknowledged),
                report: unit.report(),
            });
        }
        letters.retain(|_| self.heard);
        letters
    }
}

impl Unit {
    fn seen(&self, no: NodeNo, now: UtcMs) -> Addresses {
        let running = now.since(self.launched_at) >= STARTS_IN;
        Addresses {
            platform_id: format!("i-{no}").into(),
            running,
            address: running.then(|| address(no)),
            private_address: None,
            hostname: None,
        }
    }

    fn report(&self) -> Report {
        let link = |address: &String| ParentLink {
            address: address.clone(),
            state: "established".to_owned(),
        };
        Report {
            client_count: self.viewers + self.publishers,
            publisher_count: self.publishers,
            subscriber_count: self.viewers,
            free_memory: 3 << 30,
            max_memory: 4 << 30,
            parents: self.links.iter().map(link).collect(),
            ..Report::default()
        }
    }
}
