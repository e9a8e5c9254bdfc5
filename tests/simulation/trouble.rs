//! The steps that disturb: operators, silence, death, a cloud and a store that fail.

use std::sync::Arc;

use serde_json::json;
use weir::store::faulty::{Fault, Verb};
use weir_cloud::CloudController;
use weir_cloud::scripted::{CallFault, LaunchFault, ListingFault};
use weir_core::node::{Node, NodeState, Role};

use crate::history::{History, ZONES};
use crate::steps::Step;

impl History {
    /// A node of the group, by the step's word.
    fn pick(&self, step: Step, fits: impl Fn(&Node) -> bool) -> Option<Arc<Node>> {
        let mut nodes = self.server.nodes();
        nodes.retain(|status| fits(&status.node));
        let at = step.of(nodes.len());
        nodes.get(at).map(|status| status.node.clone())
    }

    fn serving_edge(&self, step: Step) -> Option<Arc<Node>> {
        self.pick(step, |node| {
            node.role == Role::Edge && node.state == NodeState::InService
        })
    }

    pub async fn terminate(&mut self, step: Step) {
        if let Some(edge) = self.serving_edge(step) {
            self.laws.excuse(edge.id.as_str());
            let force = if step.word.is_multiple_of(3) {
                "?force=true"
            } else {
                ""
            };
            let path = format!("node/{}{force}", edge.id);
            let _ = self.server.admin("DELETE", &path, None).await;
        }
    }

    /// One with a viewer if there is any: it stays a while, and takes nobody.
    pub async fn sunset(&mut self, step: Step) {
        let watched = self
            .viewers
            .iter()
            .find(|viewer| viewer.connection.ended().is_none());
        let id = match watched {
            Some(viewer) => Some(viewer.node()),
            None => self.serving_edge(step).map(|edge| edge.id.to_string()),
        };
        if let Some(id) = id {
            let body = json!([id]);
            let _ = self.server.admin("POST", "node/sunset", Some(&body)).await;
        }
    }

    pub fn mute(&mut self, step: Step) {
        if let Some(node) = self.pick(step, |node| node.state == NodeState::InService)
            && let Some(simulated) = self.server.cloud.node(&node.id)
        {
            simulated.mute(true);
            self.silent.insert(node.id.to_string());
        }
    }

    pub fn unmute(&mut self) {
        for id in std::mem::take(&mut self.silent) {
            if let Some(node) = self.server.cloud.node(&id.as_str().into()) {
                node.mute(false);
            }
        }
    }

    pub fn node_dies(&mut self, step: Step) {
        if let Some(node) = self.pick(step, |node| node.state == NodeState::InService)
            && let Some(simulated) = self.server.cloud.node(&node.id)
        {
            self.laws.excuse(node.id.as_str());
            simulated.crash();
        }
    }

    pub async fn instance_lost(&mut self, step: Step) {
        if let Some(node) = self.pick(step, |node| node.state != NodeState::Terminating) {
            self.laws.excuse(node.id.as_str());
            // An instance that was not made yet cannot be lost.
            let _ = self.server.cloud.terminate(&node.region, &node.id).await;
        }
    }

    pub fn cloud_fails(&mut self, step: Step) {
        let faults = [
            CallFault::Throttled,
            CallFault::LostRequest,
            CallFault::LostReply,
        ];
        let fault = faults[step.of(3)];
        let script = &self.server.script;
        match step.word / 4 % 3 {
            0 => script.fail_next_launch(None, LaunchFault::Call(fault)),
            1 => script.fail_next_launch(None, LaunchFault::NoCapacity),
            _ => script.fail_next_termination(fault),
        }
    }

    pub fn listings_fail(&mut self, step: Step) {
        let omits = self.pick(step, |_| true).map(|node| node.id.clone());
        let fault = match step.of(3) {
            0 => ListingFault::Empty,
            1 => ListingFault::Omits(omits.into_iter().collect()),
            _ => ListingFault::Call(CallFault::LostReply),
        };
        self.server.script.fail_next_describe(fault.clone());
        self.server.script.fail_next_listing(fault);
    }

    pub fn open_zones(&mut self) {
        for zone in ZONES {
            self.server.cloud.set_zone_full(&zone.into(), false);
        }
    }

    pub fn store_fails(&mut self, step: Step) {
        let faults = [Fault::Before, Fault::AfterCommit, Fault::Conflict];
        let fault = faults[step.of(3)];
        self.server.faults().fail_next(Verb::SavePlan, fault);
    }
}
