//! A server of this process as the stage of a story.

use async_trait::async_trait;
use weir_cloud::Instance;
use weir_cloud::clock::Clock;
use weir_cloud::simulated::SimulatedCloud;
use weir_core::node::{NodeState, Role};
use weir_core::units::DurationMs;

use crate::TestServer;
use crate::api::Reply;
use crate::stage::{Picture, PictureNode, Stage};
use crate::tutorial::Call;
use crate::waiting::LOOK_EVERY;

#[async_trait]
impl Stage for TestServer {
    fn clock(&self) -> &dyn Clock {
        self.clock.as_ref()
    }

    fn nodes(&self) -> &SimulatedCloud {
        &self.cloud
    }

    fn two_sweeps(&self) -> DurationMs {
        self.two_sweeps()
    }

    fn look_every(&self) -> DurationMs {
        LOOK_EVERY
    }

    async fn call(&self, call: &Call) -> Reply {
        self.tutorial(call).await
    }

    async fn question(&self, action: &str, path: &str) -> Reply {
        self.ask(action, path, None).await
    }

    async fn picture(&self) -> Option<Picture> {
        let group = self.group()?;
        let established = |link: &&weir::fleet::status::LinkStatus| link.state == "established";
        let linked: Vec<_> = group
            .links
            .iter()
            .filter(established)
            .map(|link| link.child)
            .collect();
        let nodes = group.nodes.iter().map(|status| {
            let node = &status.node;
            let leaves = node.drain.is_some() || node.state == NodeState::Terminating;
            PictureNode {
                id: node.id.to_string(),
                role: node.role,
                serves: node.state == NodeState::InService && !leaves && !node.sunset,
                leaves,
                linked: node.role == Role::Origin || linked.contains(&node.no),
                connections: status.connections,
            }
        });
        Some(Picture {
            group: group.group.name.to_string(),
            nodes: nodes.collect(),
        })
    }

    async fn living(&self) -> Vec<Instance> {
        self.instances().await
    }

    async fn report(&self) -> String {
        self.describe().await
    }
}
