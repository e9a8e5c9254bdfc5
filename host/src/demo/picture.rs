//! What is shown at one moment.

use std::time::Duration;

use weir_cloud::audience::CrowdCounts;
use weir_cloud::simulated::Counts;

use super::api::{Decision, GroupStatus, Node};
use super::show::Stage;

/// Points of the viewers' curve that are kept: wider than any screen.
const CURVE: usize = 400;

#[derive(Debug, Default)]
pub(super) struct Picture {
    pub(super) group: GroupStatus,
    pub(super) nodes: Vec<NodeLine>,
    pub(super) crowd: CrowdCounts,
    pub(super) cloud: Counts,
    pub(super) on_air: bool,
    pub(super) real: Duration,
    /// Viewers at each look, newest last.
    pub(super) curve: Vec<u64>,
    /// Decisions that launched, retired or took back something, newest first.
    pub(super) acts: Vec<Decision>,
}

#[derive(Debug, Default)]
pub(super) struct NodeLine {
    pub(super) node: Node,
    /// Clients by the simulation's own count, not as last reported.
    pub(super) clients: u32,
}

impl NodeLine {
    /// The state, with the flag that matters more.
    pub(super) fn state(&self) -> &str {
        if self.node.draining && self.node.state == "inservice" {
            "draining"
        } else {
            &self.node.state
        }
    }
}

impl Picture {
    /// Looks at the server and at the simulation.
    pub(super) async fn refresh(&mut self, stage: &Stage<'_>) -> anyhow::Result<()> {
        self.group = stage.api.group(stage.group).await?;
        let nodes = stage.api.nodes(stage.group).await?;
        let line = |node: Node| {
            let address = node.address.as_deref();
            let behind = address.and_then(|address| stage.server.cloud.node_at(address));
            let clients = behind.map_or(0, |behind| behind.viewers() + behind.publishers());
            NodeLine { node, clients }
        };
        self.nodes = nodes.into_iter().map(line).collect();
        self.crowd = stage.audience.crowd.counts();
        self.cloud = stage.server.cloud.counts();
        self.on_air = stage.audience.publisher.counts().on_air;
        self.real = stage.started.elapsed();
        self.curve.push(self.crowd.watching);
        if self.curve.len() > CURVE {
            self.curve.remove(0);
        }
        self.keep_acts();
        Ok(())
    }

    fn keep_acts(&mut self) {
        let newest = self.acts.first().map_or(0, |act| act.at);
        let decisions = self.group.decisions.iter();
        let fresh = decisions.filter(|decision| decision.acted() && decision.at > newest);
        let seen = |decision: &Decision| Decision {
            seen: self.real,
            ..decision.clone()
        };
        let mut acts: Vec<Decision> = fresh.map(seen).collect();
        acts.sort_by_key(|act| std::cmp::Reverse(act.at));
        acts.append(&mut self.acts);
        acts.truncate(20);
        self.acts = acts;
    }

    /// Nodes of a role in that state, as [`NodeLine::state`] words it.
    pub(super) fn count(&self, role: &str, state: &str) -> usize {
        let nodes = self.nodes.iter();
        nodes
            .filter(|line| line.node.role == role && line.state() == state)
            .count()
    }
}
