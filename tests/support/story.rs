//! The tutorial's story, step by step, so that it can be disturbed between any two of them: a group comes up, a viewer
//! fills the first edge, a second one comes and takes the next viewer, and when all have left it goes again.

use std::collections::BTreeSet;

use weir::fleet::status::NodeStatus;
use weir_cloud::clock::Clock;
use weir_core::node::{NodeState, Role};
use weir_core::units::DurationMs;

use crate::clients::Client;
use crate::{TestServer, secs, tutorial};

/// The stream of the story.
pub const STREAM: &str = "live/stream1";

/// How patient the story is.
#[derive(Debug, Clone)]
pub struct Pace {
    /// The scale policy's document.
    pub scale_policy: String,
    /// Longest time until a node is in service, or gone.
    pub node: DurationMs,
    /// Longest time until what a report said has reached those who choose nodes.
    pub view: DurationMs,
    /// How often the second viewer may try: once, but where the server forgets its reports again and again.
    pub tries: u32,
    /// How long the second edge must stay while the first is full: longer than every wait of the policy.
    pub stay: DurationMs,
    /// Longest time until the second edge is gone after the last viewer left.
    pub leave: DurationMs,
}

impl Pace {
    /// The tutorial's own documents, and the product's defaults.
    pub fn tutorial() -> Self {
        Self {
            scale_policy: tutorial::SCALE_POLICY.to_owned(),
            node: secs(90),
            view: secs(10),
            tries: 1,
            stay: secs(260),
            leave: secs(400),
        }
    }

    /// Short waits, for [`crate::Options::brisk`].
    pub fn brisk() -> Self {
        Self {
            scale_policy: tutorial::scale_policy_with_waits(4_000, 4_000),
            node: secs(60),
            view: secs(4),
            tries: 1,
            stay: secs(12),
            leave: secs(90),
        }
    }
}

/// What the story has so far.
pub struct Story {
    pace: Pace,
    /// The group's name.
    pub group: String,
    clients: Vec<Client>,
    /// Every identifier that was ever seen.
    pub seen: BTreeSet<String>,
}

/// Steps of the story; each is told once, in this order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(missing_docs, reason = "named as what happens in them")]
pub enum Step {
    PostScalePolicy,
    PostLaunchConfig,
    PostNodeGroup,
    PostOrigin,
    PostAlarm,
    OriginIsRecorded,
    OriginServes,
    AllServe,
    Publish,
    FirstViewer,
    SecondEdgeIsRecorded,
    SecondEdgeServes,
    SecondViewer,
    SecondViewerLeaves,
    SecondEdgeStays,
    FirstViewerLeaves,
    SecondEdgeDrains,
    SecondEdgeIsGone,
}

use Step::*;

impl Step {
    /// All of them.
    pub const ALL: [Step; 18] = [
        PostScalePolicy,
        PostLaunchConfig,
        PostNodeGroup,
        PostOrigin,
        PostAlarm,
        OriginIsRecorded,
        OriginServes,
        AllServe,
        Publish,
        FirstViewer,
        SecondEdgeIsRecorded,
        SecondEdgeServes,
        SecondViewer,
        SecondViewerLeaves,
        SecondEdgeStays,
        FirstViewerLeaves,
        SecondEdgeDrains,
        SecondEdgeIsGone,
    ];
}

impl Story {
    /// Nothing was told yet.
    pub fn new(pace: Pace) -> Self {
        Self {
            pace,
            group: String::new(),
            clients: Vec::new(),
            seen: BTreeSet::new(),
        }
    }

    /// Tells one step, and sees that it went as documented.
    pub async fn tell(&mut self, server: &TestServer, step: Step) {
        match step {
            PostScalePolicy | PostLaunchConfig | PostNodeGroup | PostOrigin | PostAlarm => {
                self.call(server, step).await;
            }
            OriginIsRecorded | OriginServes | AllServe => self.come_up(server, step).await,
            Publish => self.publish(server).await,
            FirstViewer => self.first_viewer(server).await,
            SecondEdgeIsRecorded | SecondEdgeServes => self.grow(server, step).await,
            SecondViewer => self.second_viewer(server).await,
            SecondViewerLeaves | FirstViewerLeaves => drop(self.clients.pop()),
            SecondEdgeStays => self.stay(server).await,
            SecondEdgeDrains | SecondEdgeIsGone => self.shrink(server, step).await,
        }
        let nodes = server.nodes();
        self.seen
            .extend(nodes.iter().map(|status| status.node.id.to_string()));
    }

    /// Calls are made again when the server was away, as people do: the answer of one that was carried out and not
    /// answered is that the thing exists.
    async fn call(&mut self, server: &TestServer, step: Step) {
        let reply = loop {
            if step == PostOrigin && !server.of(Role::Origin).is_empty() {
                return;
            }
            if let (PostNodeGroup, Some(made)) = (step, server.group()) {
                self.group = made.group.name.to_string();
                return;
            }
            let reply = match step {
                PostScalePolicy => server.post_scale_policy(&self.pace.scale_policy).await,
                PostLaunchConfig => server.post_launch_config(tutorial::LAUNCH_CONFIG).await,
                PostNodeGroup => server.post_node_group(tutorial::NODE_GROUP).await,
                PostOrigin => server.post_origin(&self.group).await,
                _ => server.post_alarm().await,
            };
            let recorded = step == PostOrigin && !server.of(Role::Origin).is_empty();
            if recorded && reply.status == 400 {
                return;
            }
            if reply.status != 503 {
                break reply;
            }
            let here = || server.group().is_some();
            server.until("the group is back", secs(30), here).await;
        };
        let wanted = if step == PostAlarm { 200 } else { 201 };
        let document = reply.wanted(wanted).json();
        if step == PostNodeGroup {
            self.group = tutorial::name_of(&document);
        }
    }

    async fn come_up(&self, server: &TestServer, step: Step) {
        let serves = |role| server.serving(role).len() == 1;
        let holds = || match step {
            OriginIsRecorded => server.of(Role::Origin).len() == 1,
            OriginServes => serves(Role::Origin),
            _ => {
                let linked = |role| server.linked(role).len() == 1;
                [Role::Origin, Role::Relay, Role::Edge]
                    .into_iter()
                    .all(linked)
            }
        };
        server
            .until(&format!("{step:?}"), self.pace.node, holds)
            .await;
    }

    async fn publish(&mut self, server: &TestServer) {
        let client = server.patient_publisher(STREAM, self.pace.node).await;
        assert_eq!(client.node(), only(server, Role::Origin));
        self.clients.push(client);
    }

    async fn first_viewer(&mut self, server: &TestServer) {
        let client = server.patient_viewer(STREAM, self.pace.node).await;
        assert_eq!(client.node(), only(server, Role::Edge));
        self.clients.push(client);
    }

    async fn grow(&self, server: &TestServer, step: Step) {
        let holds = || match step {
            SecondEdgeIsRecorded => server.of(Role::Edge).len() == 2,
            _ => server.serving(Role::Edge).len() == 2,
        };
        server
            .until(&format!("{step:?}"), self.pace.node, holds)
            .await;
    }

    /// He comes when the manager knows of the first viewer: after a restart that takes a report.
    async fn second_viewer(&mut self, server: &TestServer) {
        let first = self.clients.last().expect("the first viewer").node();
        let known = || {
            let linked = server.linked(Role::Edge);
            let loads: Vec<u32> = linked.iter().map(|edge| edge.connections).collect();
            loads.len() == 2 && loads.contains(&1)
        };
        server
            .until("the first viewer is known", self.pace.node, known)
            .await;
        for _ in 0..self.pace.tries {
            server.clock.sleep(self.pace.view).await;
            let client = server.patient_viewer(STREAM, self.pace.node).await;
            if client.node() != first {
                self.clients.push(client);
                return;
            }
        }
        server.fail("the second viewer gets the first edge").await;
    }

    async fn stay(&self, server: &TestServer) {
        let there = || server.group().is_none() || server.serving(Role::Edge).len() == 2;
        server
            .always(
                "the second edge serves while the first is full",
                self.pace.stay,
                there,
            )
            .await;
    }

    async fn shrink(&self, server: &TestServer, step: Step) {
        let leaves = |status: &NodeStatus| {
            status.node.drain.is_some() || status.node.state == NodeState::Terminating
        };
        let holds = || {
            let edges = server.of(Role::Edge);
            match step {
                SecondEdgeDrains => edges.len() == 1 || edges.iter().any(leaves),
                _ => edges.len() == 1 && !edges.iter().any(leaves),
            }
        };
        server
            .until(&format!("{step:?}"), self.pace.leave, holds)
            .await;
    }

    /// How it must end however it was disturbed: three nodes, their instances and no other, nobody was cut, and four
    /// instances in all.
    pub async fn ended_well(&mut self, server: &TestServer) {
        let records = || {
            let nodes = server.nodes();
            let ids = nodes.iter().map(|status| status.node.id.clone());
            ids.collect::<BTreeSet<_>>()
        };
        let same = |instances: &[weir_cloud::Instance]| {
            let ids = instances.iter().filter_map(|instance| instance.id.clone());
            ids.collect::<BTreeSet<_>>() == records()
        };
        server
            .until_settled("instances are records", server.two_sweeps(), same)
            .await;
        assert_eq!(records().len(), 3, "{}", server.describe().await);
        let counts = server.cloud.counts();
        assert_eq!((counts.viewers_cut, counts.publishers_cut), (0, 0));
        assert_eq!(counts.launched, 4, "{}", server.describe().await);
        self.clients.clear();
    }
}

fn only(server: &TestServer, role: Role) -> String {
    let nodes = server.serving(role);
    assert_eq!(nodes.len(), 1, "one {role} serves");
    nodes[0].node.id.to_string()
}
