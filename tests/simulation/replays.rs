//! Logged decisions made again: of runs in which an audience comes and goes, after a restart, from another store, by an
//! engine that compiled afresh and by one that took kept code. Answer, state and fuel have to be the same to the unit.
//!
//! `WEIR_REPLAYS=100000` logs so many decisions.

#![expect(clippy::unwrap_used, reason = "a failed step is a failed test")]

use rand::rngs::SmallRng;
use rand::{RngExt, SeedableRng};
use weir::decisions::{Attempt, Entry, FrameWriter, replay, unpack};
use weir::policy::{EngineSettings, PolicyRegistry, SharedPolicy, WasmEngine};
use weir::store::{
    DecisionFilter, DecisionLog, Fence, GroupWrite, NewDecision, Store, StoredDecision, sqlite,
};
use weir_core::group::Group;
use weir_core::node::{NodeState, Role};
use weir_core::snapshot::{
    BootRow, InFlightRow, LimitsRow, Measure, NEVER_MS, Nodes, SeriesRow, Snapshot, TypeRow,
    ZoneRow,
};
use weir_core::units::{DurationMs, UtcMs};
use weir_tests::mariadb::MariaDb;

use super::number;
use super::records::group_in;

const START: UtcMs = UtcMs(1_700_000_000_000);
const STEP: DurationMs = DurationMs::secs(10);
const CAPACITY: u32 = 100;
/// Steps from a launch to service.
const BOOT: u32 = 9;
/// Logged in the ordinary tests: more than thirty chains.
const ORDINARY: u64 = 2_000;
/// Of these the other store gets a copy.
const COPIED: usize = 300;

/// A plant of edges: as little as a scaling policy can be run on.
struct Plant {
    random: SmallRng,
    now: UtcMs,
    viewers: u32,
    /// Number, steps until it serves, draining.
    edges: Vec<(u32, u32, bool)>,
    next: u32,
    history: Vec<u32>,
}

impl Plant {
    fn new(seed: u64) -> Self {
        Self {
            random: SmallRng::seed_from_u64(seed),
            now: START,
            viewers: 50,
            edges: vec![(1, 0, false)],
            next: 2,
            history: Vec::new(),
        }
    }

    /// Viewers come in waves and as they like.
    fn live_on(&mut self) {
        self.now = self.now + STEP;
        let wave = (self.now.0 as f64 / 3.6e6).sin() * 900.0 + 1_000.0;
        let noise = self.random.random_range(0.9..1.1);
        let wanted = (wave * noise).max(0.0) as u32;
        self.viewers = (self.viewers * 7 + wanted) / 8;
        self.history.push(self.viewers);
        let surplus = self.history.len().saturating_sub(360);
        self.history.drain(..surplus);
        for edge in &mut self.edges {
            edge.1 = edge.1.saturating_sub(1);
        }
        self.edges.retain(|edge| !edge.2 || edge.1 > 0);
    }

    fn follow(&mut self, entry: &Entry) {
        let Some(Ok(wish)) = entry.attempts.last().map(|attempt| attempt.answer.as_ref()) else {
            return;
        };
        let launches: u32 = wish.launches.iter().map(|launch| launch.count).sum();
        for _ in 0..launches {
            self.edges.push((self.next, BOOT, false));
            self.next += 1;
        }
        for edge in &mut self.edges {
            if wish.retirements.contains(&edge.0) {
                *edge = (edge.0, 3, true);
            }
        }
    }

    fn snapshot(&mut self) -> Snapshot {
        let serving = self.edges.iter().filter(|edge| edge.1 == 0).count().max(1) as u32;
        let mut nodes = Nodes::default();
        let mut in_flight = Vec::new();
        for (no, left, draining) in &self.edges {
            let booting = *left > 0 && !draining;
            if booting {
                in_flight.push(InFlightRow {
                    id: *no,
                    role: Role::Edge,
                    zone: 0,
                    instance_type: 0,
                    age_ms: (BOOT - left) * 10_000,
                });
            }
            let state = if booting {
                NodeState::Pending
            } else {
                NodeState::InService
            };
            nodes.id.push(*no);
            nodes.role.push(Role::Edge as u8);
            nodes.state.push(state as u8);
            nodes.flags.push(u8::from(*draining));
            let carried = if booting { 0 } else { self.viewers / serving };
            let columns: [(&mut Vec<u32>, u32); 13] = [
                (&mut nodes.zone, 0),
                (&mut nodes.instance_type, 0),
                (&mut nodes.age_s, 600),
                (
                    &mut nodes.report_age_ms,
                    self.random.random_range(0..10_000),
                ),
                (&mut nodes.capacity, CAPACITY),
                (&mut nodes.connections, carried),
                (&mut nodes.publishers, 0),
                (&mut nodes.streams, 1),
                (&mut nodes.edge_subscribers, 0),
                (&mut nodes.restreamers, 0),
                (&mut nodes.assigned, 0),
                (
                    &mut nodes.free_memory_mib,
                    self.random.random_range(900..1_000),
                ),
                (&mut nodes.max_memory_mib, 1_000),
            ];
            columns
                .into_iter()
                .for_each(|(column, value)| column.push(value));
        }
        self.shown(nodes, in_flight)
    }

    fn shown(&mut self, nodes: Nodes, in_flight: Vec<InFlightRow>) -> Snapshot {
        Snapshot {
            now: self.now,
            seed: self.random.random(),
            group: "replayed".to_owned(),
            regions: vec!["region-1".into()],
            zones: vec![ZoneRow {
                name: "region-1a".into(),
                region: 0,
                blocked: false,
            }],
            instance_types: vec![TypeRow {
                name: "type.large".into(),
                capacity: CAPACITY,
                price_micros_per_hour: 0,
            }],
            nodes,
            metrics: Vec::new(),
            in_flight,
            limits: vec![LimitsRow {
                role: Role::Edge,
                region: 0,
                min: 1,
                max: 40,
                max_step: 3,
                threshold_permille: 600,
                scale_out_wait_ms: 0,
                scale_in_wait_ms: 60_000,
                warm_up_ms: 90_000,
                cool_down_ms: 60_000,
                since_launch_ms: NEVER_MS,
                since_retirement_ms: NEVER_MS,
            }],
            boot: vec![BootRow {
                role: Role::Edge,
                samples: 5,
                median_ms: 90_000,
                p95_ms: 90_000,
            }],
            history: vec![SeriesRow {
                measure: Measure::Connections,
                role: Role::Edge,
                region: 0,
                bucket_ms: 10_000,
                until: self.now,
                values: self.history.clone(),
            }],
            calendar: Vec::new(),
            facts: Vec::new(),
        }
    }
}

/// `threshold` on an engine of its own, with kept code where a folder is given.
fn policy(cache: Option<&std::path::Path>) -> SharedPolicy {
    let settings = EngineSettings {
        cache: cache.map(std::path::Path::to_owned),
        ..EngineSettings::default()
    };
    let registry = PolicyRegistry::new();
    let engine = WasmEngine::new(settings).unwrap();
    registry.load_builtins(&engine).unwrap();
    registry.get("threshold").unwrap()
}

fn decide(policy: &SharedPolicy, plant: &mut Plant, state: Vec<u8>) -> Entry {
    let settings = r#"{"drain":true}"#;
    let snapshot = plant.snapshot();
    let outcome = policy.propose(&snapshot, settings, &state);
    Entry {
        snapshot,
        attempts: vec![Attempt {
            policy: policy.name().to_owned(),
            digest: policy.digest().to_owned(),
            engine: policy.engine().to_owned(),
            settings: settings.to_owned(),
            state,
            fuel: outcome.fuel,
            micros: outcome.micros,
            answer: outcome.answer,
        }],
        document: String::new(),
    }
}

async fn keep(store: &dyn Store, (group, fence): &(Group, Fence), new: &NewDecision) {
    let plan = GroupWrite {
        decision: Some(new),
        ..GroupWrite::default()
    };
    store.save_plan(group.id, *fence, &plan).await.unwrap();
}

/// Runs the plant and logs its decisions; answers how many changed something.
async fn run(store: &dyn Store, owner: &(Group, Fence), policy: &SharedPolicy, count: u64) -> u64 {
    let (mut plant, mut writer) = (Plant::new(count), FrameWriter::default());
    let (mut state, mut changing) = (Vec::new(), 0);
    for _ in 0..count {
        plant.live_on();
        let entry = decide(policy, &mut plant, state);
        let answer = entry.attempts[0].answer.as_ref().unwrap();
        changing += u64::from(!answer.launches.is_empty() || !answer.retirements.is_empty());
        state = answer.state.clone();
        plant.follow(&entry);
        let packed = writer.pack(&entry, plant.now.0).unwrap();
        let new = NewDecision {
            at: plant.now,
            document: None,
            frame: Some(packed.frame.clone()),
            keep_since: UtcMs(0),
        };
        keep(store, owner, &new).await;
        writer.stored(packed);
    }
    changing
}

async fn every(store: &dyn Store, owner: &Group) -> Vec<StoredDecision> {
    let filter = DecisionFilter {
        group: Some(owner.id),
        all: true,
        limit: u32::MAX >> 1,
        ..DecisionFilter::default()
    };
    store.decisions(&filter).await.unwrap()
}

/// Makes every decision of the store again with each of the policies in turn.
async fn again(store: &dyn Store, owner: &Group, policies: &[SharedPolicy]) -> usize {
    let decisions = every(store, owner).await;
    let (mut chain, mut known) = (u64::MAX, Vec::new());
    for (at, decision) in decisions.iter().enumerate() {
        let (place, link) = decision.place.unwrap();
        if place != chain {
            // Newest first: the first of a chain that is met has all of its frames.
            known = store.frames(owner.id, place, link).await.unwrap();
            chain = place;
        }
        let entry = unpack(&known[..=link as usize]).unwrap();
        let policy = &policies[at % policies.len()];
        let replayed = replay(&entry, |_| Some(policy.clone()));
        assert!(replayed.is_identical(), "{decision:?}: {replayed:?}");
    }
    decisions.len()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn logged_decisions_are_the_same_again_wherever_they_are_made() {
    let count = number("WEIR_REPLAYS").unwrap_or(ORDINARY);
    let folder = tempfile::tempdir().unwrap();
    let (file, cache) = (folder.path().join("weir.db"), folder.path().join("cache"));
    let (owner, changing) = {
        let store = sqlite::open(&file).await.unwrap();
        let owner = group_in(&store).await;
        let changing = run(&store, &owner, &policy(Some(&cache)), count).await;
        store.close().await;
        (owner.0, changing)
    };
    // As after a restart, and on another machine: kept code, and code compiled afresh.
    let policies = [policy(Some(&cache)), policy(None)];
    let store = sqlite::open(&file).await.unwrap();
    let replayed = again(&store, &owner, &policies).await;
    assert_eq!(replayed as u64, count);
    assert!(
        changing * 50 > count,
        "{changing} of {count} changed something: too quiet a run"
    );

    let mut server = MariaDb::start().await;
    let url = server.database().await;
    let other = weir::store::mysql::open(&url, DurationMs(0)).await.unwrap();
    let moved = group_in(&other).await;
    let oldest = every(&store, &owner)
        .await
        .split_off((count as usize).saturating_sub(COPIED));
    for decision in oldest.iter().rev() {
        let (chain, link) = decision.place.unwrap();
        let frames = store.frames(owner.id, chain, link).await.unwrap();
        let frame = weir::store::Frame {
            chain,
            link,
            bytes: frames[link as usize].clone(),
        };
        let new = NewDecision {
            at: decision.at,
            document: None,
            frame: Some(frame),
            keep_since: UtcMs(0),
        };
        keep(&other, &moved, &new).await;
    }
    let elsewhere = again(&other, &moved.0, &policies).await;
    assert_eq!(elsewhere, oldest.len());
    other.close().await;
    println!(
        "{replayed} decisions, {changing} of them changed something, were identical; {elsewhere} from another store"
    );
    store.close().await;
}
