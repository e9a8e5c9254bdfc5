//! What a story needs of the server it is told to, wherever that runs: in this process or in another one.

use async_trait::async_trait;
use serde_json::Value;
use weir_cloud::Instance;
use weir_cloud::audience::ConnectError;
use weir_cloud::clock::Clock;
use weir_cloud::simulated::SimulatedCloud;
use weir_core::node::Role;
use weir_core::units::DurationMs;

use crate::api::Reply;
use crate::clients::{self, Client};
use crate::tutorial::Call;
use crate::waiting::Deadline;

/// A server with the world around it.
#[async_trait]
pub trait Stage: Sync {
    /// The world's time.
    fn clock(&self) -> &dyn Clock;

    /// The nodes, and the way of clients to them.
    fn nodes(&self) -> &SimulatedCloud;

    /// Longest time from one sweep to the next but one.
    fn two_sweeps(&self) -> DurationMs;

    /// Time between two looks at a condition.
    fn look_every(&self) -> DurationMs;

    /// One of the tutorial's calls; status 503 while the server is away.
    async fn call(&self, call: &Call) -> Reply;

    /// A client's question; status 503 while the server is away.
    async fn question(&self, action: &str, path: &str) -> Reply;

    /// The first group as the server knows it; `None` when there is none, or the server is away.
    async fn picture(&self) -> Option<Picture>;

    /// Instances that are not on their way out, as the cloud's owner sees them.
    async fn living(&self) -> Vec<Instance>;

    /// How things stand, for the message of a test that fails.
    async fn report(&self) -> String;
}

/// A group as its server shows it.
#[derive(Debug, Clone, Default)]
pub struct Picture {
    /// Its name.
    pub group: String,
    /// Its nodes, by number.
    pub nodes: Vec<PictureNode>,
}

/// A node as its server shows it.
#[derive(Debug, Clone)]
pub struct PictureNode {
    /// Identifier.
    pub id: String,
    /// Role.
    pub role: Role,
    /// In service, and not on its way out.
    pub serves: bool,
    /// Draining or terminating.
    pub leaves: bool,
    /// Has a parent to get streams from, or needs none.
    pub linked: bool,
    /// Direct clients it last reported.
    pub connections: u32,
}

impl Picture {
    /// From a group of Weir's own API; `None` when it is none.
    pub(crate) fn of_json(group: &Value) -> Option<Self> {
        let nodes = group["nodes"].as_array()?.iter();
        Some(Self {
            group: group["name"].as_str()?.to_owned(),
            nodes: nodes.map(PictureNode::of_json).collect::<Option<_>>()?,
        })
    }

    /// Nodes of the role.
    pub fn of(&self, role: Role) -> Vec<&PictureNode> {
        let nodes = self.nodes.iter();
        nodes.filter(|node| node.role == role).collect()
    }

    /// Nodes of the role that clients may be sent to.
    pub fn serving(&self, role: Role) -> Vec<&PictureNode> {
        let mut nodes = self.of(role);
        nodes.retain(|node| node.serves);
        nodes
    }

    /// Nodes of the role that serve and can get streams.
    pub fn linked(&self, role: Role) -> Vec<&PictureNode> {
        let mut nodes = self.serving(role);
        nodes.retain(|node| node.linked);
        nodes
    }
}

impl PictureNode {
    fn of_json(node: &Value) -> Option<Self> {
        let role = node["role"].as_str()?;
        let mut roles = [Role::Origin, Role::Edge, Role::Relay, Role::Transcoder].into_iter();
        let role = roles.find(|known| known.as_str() == role)?;
        let leaves = !node["drain"].is_null() || node["state"] == "terminating";
        Some(Self {
            id: node["identifier"].as_str()?.to_owned(),
            role,
            serves: node["state"] == "inservice" && !leaves && node["sunset"] == false,
            leaves,
            linked: role == Role::Origin || !node["parents"].as_array()?.is_empty(),
            connections: u32::try_from(node["connections"].as_u64()?).ok()?,
        })
    }
}

/// Waits until the group is as wanted; the last picture of it.
///
/// # Panics
/// It is not within the time.
pub async fn until(
    stage: &impl Stage,
    what: &str,
    within: DurationMs,
    mut holds: impl FnMut(&Picture) -> bool,
) -> Picture {
    let deadline = Deadline::from(stage.clock(), within);
    loop {
        if let Some(picture) = stage.picture().await.filter(|picture| holds(picture)) {
            return picture;
        }
        if deadline.is_over(stage.clock()) {
            fail(stage, &format!("not within {within}: {what}")).await;
        }
        stage.clock().sleep(stage.look_every()).await;
    }
}

/// Ends the test with a picture of the server.
///
/// # Panics
/// Always.
pub async fn fail(stage: &impl Stage, what: &str) {
    panic!("{what}\n{}", stage.report().await)
}

/// Asks until there is a node, and one that takes the client: an edge that has just come is not linked yet.
pub async fn patiently(stage: &impl Stage, action: &str, path: &str, within: DurationMs) -> Client {
    let deadline = Deadline::from(stage.clock(), within);
    loop {
        let reply = stage.question(action, path).await;
        let connected = match reply.status {
            200 => clients::connect(stage.nodes(), action, path, &reply.json()),
            _ => Err(ConnectError::Unreachable),
        };
        if let Ok(client) = connected {
            return client;
        }
        if deadline.is_over(stage.clock()) {
            let what = format!("no server for {action} of {path}: {reply:?} {connected:?}");
            fail(stage, &what).await;
        }
        stage.clock().sleep(DurationMs(500)).await;
    }
}
