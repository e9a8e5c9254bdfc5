//! One history: a server, its world, and what happened to them so far.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};
use weir_cloud::clock::Clock;
use weir_core::liveness::Port;
use weir_core::node::Role;
use weir_core::units::DurationMs;
use weir_tests::tutorial::{LAUNCH_CONFIG, NODE_GROUP};
use weir_tests::{Client, Options, TestServer, clients, secs};

use crate::laws::Laws;
use crate::steps::{Kind, Step};

pub const ZONES: [&str; 3] = ["ap-northeast-1a", "ap-northeast-1c", "ap-northeast-1d"];
/// Viewers a node carries: few, so that some make the group grow.
const CAPACITY: u32 = 3;
/// Streams at once.
const MOST_STREAMS: usize = 3;
/// Simulated time between two looks at the laws.
const LOOK_EVERY: DurationMs = DurationMs(500);

/// What the server says when it is treated like this.
const TROUBLE: [&str; 11] = [
    "the store did not take the group's plan",
    "the group's records are not what this manager knows",
    "request turned away",
    "no sweep while the store is away",
    "the cloud gave no clear answer",
    "the sweep could not list",
    "no node of this fleet reports here",
    "without a record",
    "has no record",
    "most nodes of the group are silent at once",
    "nodes of the group are heard again",
];

/// A history so far.
pub struct History {
    pub server: TestServer,
    pub laws: Laws,
    pub told: Vec<String>,
    pub viewers: Vec<Client>,
    /// By stream.
    publishers: BTreeMap<String, Client>,
    /// Limits of the edges.
    pub limits: (u32, u32),
    pub silent: BTreeSet<String>,
    streams: u32,
    asked: Questions,
}

/// Questions so far.
#[derive(Debug, Default)]
struct Questions {
    all: u32,
    answered: u32,
    connected: u32,
    /// By the nodes they were sent to, with the node's reason.
    turned_away: BTreeMap<String, u32>,
}

fn scale_policy((min, max): (u32, u32)) -> Value {
    let target = |role: &str, min: u32, max: u32| {
        json!({"role": role, "minLimit": min, "maxLimit": max, "scaleAdjustment": 1,
               "scaleInWaitTime": 4_000, "coolDownPeriod": 4_000})
    };
    let targets = [target("origin", 1, 1), target("edge", min, max)];
    json!({"policy": {"name": "scale1", "description": "", "version": "0.0.3",
        "type": "com.red5pro.services.autoscaling.model.ScalePolicyMaster",
        "targets": {"region": [{"name": "default", "target": targets}]}}})
}

impl History {
    /// A group of one origin and one to three edges, the first of them in service.
    pub async fn begin(seed: u64) -> Self {
        let options = Options::brisk().cloud(|cloud| cloud.seed = seed);
        let server = TestServer::start(options).await;
        TROUBLE.iter().for_each(|part| server.logs.expect(part));
        let limits = (1, 3);
        let capacity = format!(r#""connectionCapacity":"{CAPACITY}""#);
        let launch = LAUNCH_CONFIG.replace(r#""connectionCapacity":"1""#, &capacity);
        let policy = scale_policy(limits).to_string();
        server.group_of(&policy, &launch, NODE_GROUP).await;
        let history = Self {
            laws: Laws::new(limits.1),
            server,
            told: Vec::new(),
            viewers: Vec::new(),
            publishers: BTreeMap::new(),
            limits,
            silent: BTreeSet::new(),
            streams: 0,
            asked: Questions::default(),
        };
        let serves = || !history.server.linked(Role::Edge).is_empty();
        history
            .server
            .until("the group serves", secs(120), serves)
            .await;
        history
    }

    /// One step, and the time after it.
    pub async fn go(&mut self, step: Step) -> Result<(), String> {
        self.told
            .push(format!("{} {step}", self.server.clock.now()));
        self.happens(step).await?;
        let end = self.server.clock.now() + step.pause;
        for turn in 0.. {
            self.look().await?;
            self.look_in(step.word.wrapping_add(turn)).await?;
            if self.server.clock.now() >= end {
                return Ok(());
            }
            self.server.clock.sleep(LOOK_EVERY).await;
        }
        Ok(())
    }

    /// Publishers that were cut publish again, as encoders do, and a viewer looks in: asks, connects if he can, and is
    /// gone again.
    async fn look_in(&mut self, word: u32) -> Result<(), String> {
        let cut = |(path, client): (&String, &Client)| {
            let ended = client.connection.ended().is_some();
            ended.then(|| path.clone())
        };
        let cut: Vec<String> = self.publishers.iter().filter_map(cut).collect();
        for path in cut {
            if let Some(client) = self.ask("broadcast", &path, Role::Origin).await? {
                self.publishers.insert(path, client);
            }
        }
        let streams: Vec<String> = self.publishers.keys().cloned().collect();
        if let Some(path) = streams.get(word as usize % streams.len().max(1)) {
            self.ask("subscribe", path, Role::Edge).await?;
        }
        Ok(())
    }

    async fn look(&mut self) -> Result<(), String> {
        self.laws.look(&self.server, self.limits.1).await?;
        self.laws.cuts(&self.viewers)?;
        let counts = self.server.cloud.counts();
        let identifiers = self.server.script.launch_calls().len() as u64;
        if counts.launched > identifiers {
            return Err(format!(
                "{} launches of {identifiers} records",
                counts.launched
            ));
        }
        Ok(())
    }

    async fn happens(&mut self, step: Step) -> Result<(), String> {
        match step.kind {
            Kind::Publish => self.publish().await?,
            // The last stream stays: without one nobody asks for anything.
            Kind::Unpublish if self.publishers.len() > 1 => drop(self.publishers.pop_first()),
            Kind::Unpublish => {}
            Kind::Join => self.join(step).await?,
            Kind::Leave => {
                let stay = step.of(self.viewers.len() + 1);
                self.viewers.truncate(stay);
            }
            Kind::Limits => self.change_limits(step).await,
            Kind::Terminate => self.terminate(step).await,
            Kind::Sunset => self.sunset(step).await,
            Kind::Mute => self.mute(step),
            Kind::Unmute => self.unmute(),
            Kind::NodeDies => self.node_dies(step),
            Kind::InstanceLost => self.instance_lost(step).await,
            Kind::CloudFails => self.cloud_fails(step),
            Kind::ListingsFail => self.listings_fail(step),
            Kind::ZoneFull => {
                let zone = ZONES[step.of(ZONES.len())];
                self.server.cloud.set_zone_full(&zone.into(), true);
            }
            Kind::ZonesOpen => self.open_zones(),
            Kind::StoreFails => self.store_fails(step),
            Kind::Restart => self.server.restart().await,
            Kind::Crash => self.server.crash_and_start().await,
        }
        Ok(())
    }

    async fn publish(&mut self) -> Result<(), String> {
        if self.publishers.len() >= MOST_STREAMS {
            return Ok(());
        }
        self.streams += 1;
        let path = format!("live/stream{}", self.streams);
        if let Some(client) = self.ask("broadcast", &path, Role::Origin).await? {
            self.publishers.insert(path, client);
        }
        Ok(())
    }

    async fn join(&mut self, step: Step) -> Result<(), String> {
        let streams: Vec<String> = self.publishers.keys().cloned().collect();
        if streams.is_empty() {
            return Ok(());
        }
        let path = &streams[step.of(streams.len())];
        for _ in 0..=step.of(4) {
            let viewer = self.ask("subscribe", path, Role::Edge).await?;
            self.viewers.extend(viewer);
        }
        Ok(())
    }

    /// A client that asks once; one that is not answered goes away.
    async fn ask(
        &mut self,
        action: &str,
        path: &str,
        role: Role,
    ) -> Result<Option<Client>, String> {
        let now = self.server.clock.now();
        let reply = self.server.ask(action, path, None).await;
        self.asked.all += 1;
        if reply.status != 200 {
            return Ok(None);
        }
        self.asked.answered += 1;
        let answer = reply.json();
        let address = answer["serverAddress"].as_str().unwrap_or_default();
        self.laws.answer(&self.server, (now, address), role)?;
        // The node may be dead and nobody knows yet, or its link to the origin still on its way.
        match clients::connect(&self.server.cloud, action, path, &answer) {
            Ok(client) => {
                self.asked.connected += 1;
                Ok(Some(client))
            }
            Err(problem) => {
                let problem = format!("{problem:?}");
                *self.asked.turned_away.entry(problem).or_default() += 1;
                Ok(None)
            }
        }
    }

    async fn change_limits(&mut self, step: Step) {
        let (min, max) = (1 + step.word % 2, 2 + step.word / 2 % 4);
        let body = scale_policy((min, max));
        let path = "configurations/scalepolicy/scale1";
        // What a call that fails did is not known: until then the larger limit may hold.
        self.laws.limit(&self.server, max.max(self.limits.1));
        let reply = self.server.admin("PUT", path, Some(&body)).await;
        self.limits = match reply.status {
            200 => (min, max),
            _ => (min.min(self.limits.0), max.max(self.limits.1)),
        };
    }

    /// The troubles end: the group comes to rest within its limits, records and instances agree, and everybody who
    /// wants to watch a stream can.
    pub async fn comes_to_rest(&mut self) -> Result<(), String> {
        self.open_zones();
        self.unmute();
        self.call_an_operator();
        let (min, max) = self.limits;
        let end = self.server.clock.now() + secs(1_200);
        loop {
            self.look().await?;
            match self.unrest(min, max).await {
                None => break,
                Some(what) if self.server.clock.now() > end => return Err(what),
                Some(_) => self.server.clock.sleep(LOOK_EVERY).await,
            }
        }
        self.publishers
            .retain(|_, client| client.connection.ended().is_none());
        let paths: Vec<String> = self.publishers.keys().cloned().collect();
        for path in paths {
            let viewer = self.server.patient_viewer(&path, secs(120)).await;
            self.viewers.push(viewer);
        }
        self.look().await
    }

    /// Everybody leaves, the group is deleted, nothing remains. Answers what the history was like.
    pub async fn end(self) -> String {
        let (counts, asked) = (self.server.cloud.counts(), &self.asked);
        let told = format!("{asked:?} {counts:?}");
        assert!(asked.connected > 4, "next to nobody watched: {told}");
        assert!(counts.launched > 3, "next to nothing happened: {told}");
        drop((self.viewers, self.publishers));
        self.server.finish().await;
        told
    }

    /// Where every service of the group is dead the manager takes itself for blind, and somebody has to look.
    fn call_an_operator(&self) {
        let cloud = &self.server.cloud;
        let nodes = self.server.nodes();
        let mut simulated = nodes
            .iter()
            .filter_map(|status| cloud.node(&status.node.id));
        if simulated.clone().any(|node| node.is_up()) {
            return;
        }
        if let Some(dead) = simulated.find(|node| node.port() == Port::Closed) {
            dead.restart_service();
        }
    }

    /// What is not at rest yet.
    async fn unrest(&self, min: u32, max: u32) -> Option<String> {
        let nodes = self.server.nodes();
        let serving = |role| u32::try_from(self.server.serving(role).len()).unwrap_or(u32::MAX);
        let (origins, edges) = (serving(Role::Origin), serving(Role::Edge));
        if origins != 1 || edges < min || edges > max {
            return Some(format!(
                "{origins} origins and {edges} edges of {min} to {max} serve"
            ));
        }
        let ids: BTreeSet<String> = nodes
            .iter()
            .map(|status| status.node.id.to_string())
            .collect();
        let living = self.server.instances().await;
        let living: BTreeSet<String> = living
            .into_iter()
            .filter_map(|instance| instance.id.map(|id| id.to_string()))
            .collect();
        (ids != living).then(|| format!("records {ids:?}, instances {living:?}"))
    }
}
