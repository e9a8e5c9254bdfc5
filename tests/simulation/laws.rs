//! What may never be, whatever happens: looked at again and again while a history goes on.

use std::collections::{BTreeMap, BTreeSet};

use weir::fleet::status::NodeStatus;
use weir_cloud::clock::Clock;
use weir_core::node::{Node, NodeState, Role};
use weir_core::reason::Reason;
use weir_core::units::{DurationMs, UtcMs};
use weir_tests::{Client, TestServer};

/// From the moment a change is planned at to the moment it counts: a write of the store.
const STORING: DurationMs = DurationMs(4_000);

/// What was seen so far.
pub struct Laws {
    /// Most edges there may be: the limit, or as many as there were when it was lowered.
    most: u32,
    states: BTreeMap<String, NodeState>,
    /// Why nodes were on their way out.
    ends: BTreeMap<String, Reason>,
    /// Instances that no record speaks of, since when.
    strangers: BTreeMap<String, UtcMs>,
    /// Nodes whose clients may be cut: the world did it, or the operator.
    excused: BTreeSet<String>,
}

impl Laws {
    pub fn new(most: u32) -> Self {
        Self {
            most,
            states: BTreeMap::new(),
            ends: BTreeMap::new(),
            strangers: BTreeMap::new(),
            excused: BTreeSet::new(),
        }
    }

    /// The node's clients may be cut from now on, and it is not the manager's fault.
    pub fn excuse(&mut self, id: &str) {
        self.excused.insert(id.to_owned());
    }

    /// The limit of the edges is this from now on.
    pub fn limit(&mut self, server: &TestServer, max: u32) {
        self.most = max.max(counted(&server.of(Role::Edge)));
    }

    /// Looks at everything.
    pub async fn look(&mut self, server: &TestServer, max: u32) -> Result<(), String> {
        let Some(group) = server.group() else {
            // It is being read from the store again.
            return Ok(());
        };
        self.sizes(&group.nodes, max)?;
        let drain_wait = DurationMs(server.config.fleet.drain_wait_ms);
        for status in &group.nodes {
            self.life(status)?;
            retired_by_the_protocol(&status.node, drain_wait)?;
        }
        self.instances(server, &group.nodes).await
    }

    fn sizes(&mut self, nodes: &[NodeStatus], max: u32) -> Result<(), String> {
        let of = |role| {
            let nodes = nodes.iter().filter(|status| status.node.role == role);
            counted(&nodes.cloned().collect::<Vec<_>>())
        };
        let edges = of(Role::Edge);
        if edges > self.most {
            return Err(format!("{edges} edges count, {} may", self.most));
        }
        self.most = edges.max(max);
        let origins = of(Role::Origin);
        if origins > 1 {
            return Err(format!("{origins} origins count, 1 may"));
        }
        Ok(())
    }

    /// A record goes on in one direction, but for silence, and never comes back from its end.
    fn life(&mut self, status: &NodeStatus) -> Result<(), String> {
        let node = &status.node;
        let id = node.id.to_string();
        if node.state == NodeState::Terminating {
            self.ends.insert(id.clone(), node.reason);
        }
        let stage = |state: NodeState| match state {
            NodeState::Pending => 0,
            NodeState::Running => 1,
            NodeState::InService | NodeState::Unresponsive => 2,
            NodeState::Terminating => 3,
        };
        let before = self.states.insert(id.clone(), node.state);
        match before {
            Some(before) if stage(before) > stage(node.state) => {
                Err(format!("{id} was {before:?} and is {:?}", node.state))
            }
            Some(_) | None => Ok(()),
        }
    }

    /// Never two instances of one record, and none without one for long.
    async fn instances(&mut self, server: &TestServer, nodes: &[NodeStatus]) -> Result<(), String> {
        let now = server.clock.now();
        let mut ids = BTreeSet::new();
        for instance in server.instances().await {
            let Some(id) = instance.id else {
                return Err(format!("an instance without an identifier: {instance:?}"));
            };
            let id = id.to_string();
            if !ids.insert(id.clone()) {
                return Err(format!("{id} has two instances"));
            }
            if nodes.iter().any(|status| status.node.id.as_str() == id) {
                self.strangers.remove(&id);
                continue;
            }
            let since = *self.strangers.entry(id.clone()).or_insert(now);
            // A sweep may meet a fault, and a listing may lack the instance: each costs one.
            if now.since(since) > patience(server) {
                return Err(format!("{id} has no record since {since}"));
            }
        }
        self.strangers.retain(|id, _| ids.contains(id));
        Ok(())
    }

    /// Where a client who asked at that moment was sent: in service, not on its way out, of a role that serves.
    pub fn answer(
        &self,
        server: &TestServer,
        (asked, address): (UtcMs, &str),
        role: Role,
    ) -> Result<(), String> {
        let nodes = server.nodes();
        let here = |status: &&NodeStatus| status.node.address.as_deref() == Some(address);
        let Some(status) = nodes.iter().find(here) else {
            // Its record may have gone since the answer; a record goes long after the node left service.
            return match server.group() {
                Some(_) => Err(format!("{address} is no node")),
                None => Ok(()),
            };
        };
        let node = &status.node;
        // What changed since may not have been so yet; nor what was being stored just then.
        let lately = |since: UtcMs| since + STORING > asked;
        let serves = node.state == NodeState::InService || lately(node.state_since);
        let stays = node.drain.as_ref().is_none_or(|drain| lately(drain.since));
        if node.role == role && serves && stays {
            Ok(())
        } else {
            Err(format!("a client was sent to {node:?}"))
        }
    }

    /// Nobody was cut, but where the world or the operator did it, or where a drain met its deadline.
    pub fn cuts(&self, clients: &[Client]) -> Result<(), String> {
        for client in clients {
            let id = client.node();
            let Some(ended) = client.connection.ended() else {
                continue;
            };
            let deadline = self.ends.get(&id) == Some(&Reason::DrainDeadline);
            if !self.excused.contains(&id) && !deadline {
                let why = self.ends.get(&id);
                return Err(format!("a client of {id} was cut: {ended:?}, {why:?}"));
            }
        }
        Ok(())
    }
}

/// A policy ends nobody: its node drains first, for longer than views and reservations live.
fn retired_by_the_protocol(node: &Node, drain_wait: DurationMs) -> Result<(), String> {
    if node.state != NodeState::Terminating {
        return Ok(());
    }
    let drained = node
        .drain
        .as_ref()
        .map(|drain| node.state_since.since(drain.since));
    let wrong = match node.reason {
        Reason::Policy => true,
        Reason::Drained => drained.is_none_or(|long| long < drain_wait),
        _ => false,
    };
    match wrong {
        true => Err(format!("ended without a drain: {node:?}")),
        false => Ok(()),
    }
}

/// How long an instance may be without a record: two sweeps and what faults add to them.
fn patience(server: &TestServer) -> DurationMs {
    DurationMs(server.two_sweeps().0 * 4)
}

/// Nodes that count against a maximum.
fn counted(nodes: &[NodeStatus]) -> u32 {
    let counts = |status: &&NodeStatus| {
        let node = &status.node;
        node.state != NodeState::Terminating && node.drain.is_none() && !node.sunset
    };
    u32::try_from(nodes.iter().filter(counts).count()).expect("a test has few nodes")
}
