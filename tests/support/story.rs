//! The tutorial's story, step by step, so that it can be disturbed between any two of them: a group comes up, a viewer
//! fills the first edge, a second one comes and takes the next viewer, and when all have left it goes again.

use std::collections::BTreeSet;

use weir_core::node::Role;
use weir_core::units::DurationMs;

use crate::clients::Client;
use crate::stage::{Picture, Stage, fail, patiently, until};
use crate::tutorial::Call;
use crate::waiting::Deadline;
use crate::{secs, tutorial};

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

    /// Tells one step, and sees that it went as documented. A step that was broken off is told again: nothing waits
    /// once clients have come or gone.
    pub async fn tell(&mut self, stage: &impl Stage, step: Step) {
        let picture = stage.picture().await.unwrap_or_default();
        self.seen
            .extend(picture.nodes.into_iter().map(|node| node.id));
        match step {
            PostScalePolicy | PostLaunchConfig | PostNodeGroup | PostOrigin | PostAlarm => {
                self.call(stage, step).await;
            }
            OriginIsRecorded | OriginServes | AllServe => self.come_up(stage, step).await,
            Publish => self.publish(stage).await,
            FirstViewer => self.first_viewer(stage).await,
            SecondEdgeIsRecorded | SecondEdgeServes => self.grow(stage, step).await,
            SecondViewer => self.second_viewer(stage).await,
            SecondViewerLeaves | FirstViewerLeaves => drop(self.clients.pop()),
            SecondEdgeStays => self.stay(stage).await,
            SecondEdgeDrains | SecondEdgeIsGone => self.shrink(stage, step).await,
        }
    }

    /// Calls are made again when the server was away, as people do: the answer of one that was carried out and not
    /// answered is that the thing exists.
    async fn call(&mut self, stage: &impl Stage, step: Step) {
        let deadline = Deadline::from(stage.clock(), self.pace.node);
        let reply = loop {
            let picture = stage.picture().await;
            let has_origin = |picture: &Picture| !picture.of(Role::Origin).is_empty();
            if step == PostOrigin && picture.as_ref().is_some_and(has_origin) {
                return;
            }
            if let (PostNodeGroup, Some(made)) = (step, picture) {
                self.group = made.group;
                return;
            }
            let reply = stage.call(&self.request(step)).await;
            // Refused, because an earlier call was carried out and not answered.
            let exists = reply.status == 400 && reply.text.contains("already exists");
            let recorded = step == PostOrigin && reply.status == 400;
            if exists || (recorded && stage.picture().await.as_ref().is_some_and(has_origin)) {
                return;
            }
            if reply.status != 503 || deadline.is_over(stage.clock()) {
                break reply;
            }
            stage.clock().sleep(secs(1)).await;
        };
        let wanted = if step == PostAlarm { 200 } else { 201 };
        let document = reply.wanted(wanted).json();
        if step == PostNodeGroup {
            self.group = tutorial::name_of(&document);
        }
    }

    fn request(&self, step: Step) -> Call {
        match step {
            PostScalePolicy => Call::scale_policy(&self.pace.scale_policy),
            PostLaunchConfig => Call::launch_config(tutorial::LAUNCH_CONFIG),
            PostNodeGroup => Call::node_group(tutorial::NODE_GROUP),
            PostOrigin => Call::origin(&self.group),
            _ => Call::alarm(),
        }
    }

    async fn come_up(&self, stage: &impl Stage, step: Step) {
        let holds = |picture: &Picture| match step {
            OriginIsRecorded => picture.of(Role::Origin).len() == 1,
            OriginServes => picture.serving(Role::Origin).len() == 1,
            _ => {
                let linked = |role| picture.linked(role).len() == 1;
                [Role::Origin, Role::Relay, Role::Edge]
                    .into_iter()
                    .all(linked)
            }
        };
        until(stage, &format!("{step:?}"), self.pace.node, holds).await;
    }

    async fn publish(&mut self, stage: &impl Stage) {
        let client = patiently(stage, "broadcast", STREAM, self.pace.node).await;
        assert_eq!(client.node(), self.only(stage, Role::Origin).await);
        self.clients.push(client);
    }

    async fn first_viewer(&mut self, stage: &impl Stage) {
        let client = patiently(stage, "subscribe", STREAM, self.pace.node).await;
        assert_eq!(client.node(), self.only(stage, Role::Edge).await);
        self.clients.push(client);
    }

    async fn only(&self, stage: &impl Stage, role: Role) -> String {
        let what = format!("one {role} serves");
        let one = |picture: &Picture| picture.serving(role).len() == 1;
        let picture = until(stage, &what, self.pace.node, one).await;
        picture.serving(role)[0].id.clone()
    }

    async fn grow(&self, stage: &impl Stage, step: Step) {
        let holds = |picture: &Picture| match step {
            SecondEdgeIsRecorded => picture.of(Role::Edge).len() == 2,
            _ => picture.serving(Role::Edge).len() == 2,
        };
        until(stage, &format!("{step:?}"), self.pace.node, holds).await;
    }

    /// He comes when the manager knows of the first viewer: after a restart that takes a report.
    async fn second_viewer(&mut self, stage: &impl Stage) {
        let first = self.clients.last().expect("the first viewer").node();
        let known = |picture: &Picture| {
            let linked = picture.linked(Role::Edge);
            let loads: Vec<u32> = linked.iter().map(|edge| edge.connections).collect();
            loads.len() == 2 && loads.contains(&1)
        };
        until(stage, "the first viewer is known", self.pace.node, known).await;
        for _ in 0..self.pace.tries {
            stage.clock().sleep(self.pace.view).await;
            let client = patiently(stage, "subscribe", STREAM, self.pace.node).await;
            if client.node() != first {
                self.clients.push(client);
                return;
            }
        }
        fail(stage, "the second viewer gets the first edge").await;
    }

    async fn stay(&self, stage: &impl Stage) {
        let end = stage.clock().now() + self.pace.stay;
        while stage.clock().now() < end {
            let picture = stage.picture().await;
            if picture.is_some_and(|picture| picture.serving(Role::Edge).len() != 2) {
                fail(stage, "the second edge leaves while the first is full").await;
            }
            stage.clock().sleep(stage.look_every()).await;
        }
    }

    async fn shrink(&self, stage: &impl Stage, step: Step) {
        let holds = |picture: &Picture| {
            let edges = picture.of(Role::Edge);
            let leaves = edges.iter().any(|edge| edge.leaves);
            match step {
                SecondEdgeDrains => edges.len() == 1 || leaves,
                _ => edges.len() == 1 && !leaves,
            }
        };
        until(stage, &format!("{step:?}"), self.pace.leave, holds).await;
    }

    /// How it must end however it was disturbed: three nodes, their instances and no other, nobody was cut.
    pub async fn converged(&mut self, stage: &impl Stage) {
        let deadline = Deadline::from(stage.clock(), stage.two_sweeps());
        loop {
            let picture = stage.picture().await;
            let records = picture.map(|picture| {
                let ids = picture.nodes.into_iter().map(|node| node.id);
                ids.collect::<BTreeSet<_>>()
            });
            let living = stage.living().await;
            // An instance that is there twice, or has no identifier, is one too many.
            let instances: BTreeSet<_> = living
                .iter()
                .filter_map(|instance| Some(instance.id.as_ref()?.to_string()))
                .collect();
            let same = records.as_ref() == Some(&instances) && living.len() == instances.len();
            if same && instances.len() == 3 {
                break;
            }
            if deadline.is_over(stage.clock()) {
                let what = format!("records {records:?} and instances {living:?} differ");
                fail(stage, &what).await;
            }
            stage.clock().sleep(stage.look_every()).await;
        }
        let counts = stage.nodes().counts();
        assert_eq!((counts.viewers_cut, counts.publishers_cut), (0, 0));
        self.clients.clear();
    }

    /// As above, with four launches in all on the simulated cloud.
    pub async fn ended_well(&mut self, stage: &impl Stage) {
        self.converged(stage).await;
        let launched = stage.nodes().counts().launched;
        assert_eq!(launched, 4, "{}", stage.report().await);
    }
}
