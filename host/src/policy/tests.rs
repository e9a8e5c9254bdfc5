//! The built-in policies as components, through the engine.

use std::sync::OnceLock;

use weir_core::group::{Binding, Decides};
use weir_core::ids::{InstanceType, RegionName, ZoneName};
use weir_core::node::Role;
use weir_core::placement::{Action, Refusal, SelectRequest};
use weir_core::snapshot::{LimitsRow, NEVER_MS, Nodes, Snapshot, TypeRow, View, ZoneRow};
use weir_core::units::UtcMs;

use super::{BindError, Compiler, EngineSettings, PolicyRegistry, SharedPolicy, WasmEngine};

/// The built-in policies, compiled once for all tests.
fn registry() -> &'static PolicyRegistry {
    static REGISTRY: OnceLock<PolicyRegistry> = OnceLock::new();
    REGISTRY.get_or_init(|| {
        let registry = PolicyRegistry::new();
        registry
            .load_builtins(&engine(EngineSettings::default()))
            .expect("the built-in policies are admitted");
        registry
    })
}

fn engine(settings: EngineSettings) -> WasmEngine {
    WasmEngine::new(EngineSettings {
        compiler: Compiler::InProcess,
        instances: 100,
        ..settings
    })
    .expect("an engine starts")
}

fn policy(name: &str) -> SharedPolicy {
    registry().get(name).expect("it is built in")
}

/// Edges in service with capacity 1, by (id, connections).
fn edges(edges: &[(u32, u32)]) -> Nodes {
    let count = edges.len();
    Nodes {
        id: edges.iter().map(|edge| edge.0).collect(),
        role: vec![Role::Edge as u8; count],
        state: vec![2; count],
        flags: vec![0; count],
        zone: vec![0; count],
        instance_type: vec![0; count],
        age_s: vec![300; count],
        report_age_ms: vec![0; count],
        capacity: vec![1; count],
        connections: edges.iter().map(|edge| edge.1).collect(),
        publishers: vec![0; count],
        streams: vec![0; count],
        edge_subscribers: vec![0; count],
        restreamers: vec![0; count],
        assigned: vec![0; count],
        free_memory_mib: vec![1_000; count],
        max_memory_mib: vec![2_000; count],
    }
}

fn zones() -> Vec<ZoneRow> {
    vec![ZoneRow {
        name: ZoneName::from("ap-northeast-1c"),
        region: 0,
        blocked: false,
    }]
}

fn snapshot(now: u64, nodes: Nodes) -> Snapshot {
    Snapshot {
        now: UtcMs(now),
        seed: 7,
        group: "g".to_owned(),
        regions: vec![RegionName::from("ap-northeast-1")],
        zones: zones(),
        instance_types: vec![TypeRow {
            name: InstanceType::from("t2.medium"),
            capacity: 1,
            price_micros_per_hour: 0,
        }],
        nodes,
        metrics: Vec::new(),
        in_flight: Vec::new(),
        limits: vec![LimitsRow {
            role: Role::Edge,
            region: 0,
            min: 1,
            max: 2,
            max_step: 1,
            threshold_permille: 600,
            scale_out_wait_ms: 0,
            scale_in_wait_ms: 60_000,
            warm_up_ms: 150_000,
            cool_down_ms: 180_000,
            since_launch_ms: NEVER_MS,
            since_retirement_ms: NEVER_MS,
        }],
        boot: Vec::new(),
        history: Vec::new(),
        calendar: Vec::new(),
        facts: Vec::new(),
    }
}

fn view(nodes: Nodes) -> View {
    View {
        now: UtcMs(1_000_000),
        group: "g".to_owned(),
        action: Action::Subscribe,
        regions: vec![RegionName::from("ap-northeast-1")],
        zones: zones(),
        nodes,
        metrics: Vec::new(),
        facts: Vec::new(),
    }
}

fn request(sequence: u32) -> SelectRequest {
    SelectRequest {
        action: Action::Subscribe,
        stream_key: 1,
        path: None,
        region: None,
        zone: None,
        strict: false,
        count: 1,
        carriers: Vec::new(),
        handed_out: Vec::new(),
        sequence,
        random: 0,
    }
}

#[test]
fn a_full_edge_brings_a_second_one_and_two_idle_edges_lose_one() {
    let threshold = policy("threshold");
    let full = threshold.propose(&snapshot(1_000_000, edges(&[(1, 1)])), "{}", &[]);
    let proposal = full.answer.expect("a proposal");
    assert_eq!(proposal.launches.len(), 1);
    assert_eq!(
        proposal.reasons,
        ["edge in ap-northeast-1: 1 of 1 connections is 100 %, over 60 %: launch 1"]
    );
    assert!(full.fuel > 0);

    let idle = |now| snapshot(now, edges(&[(1, 0), (2, 0)]));
    let first = threshold.propose(&idle(1_000_000), "{}", &[]);
    let state = first.answer.expect("a proposal").state;
    let later = threshold.propose(&idle(1_060_000), "{}", &state);
    assert_eq!(later.answer.expect("a proposal").retirements, [2]);
}

#[test]
fn the_same_decision_costs_the_same_fuel() {
    let threshold = policy("threshold");
    let input = snapshot(1_000_000, edges(&[(1, 1), (2, 0)]));
    let first = threshold.propose(&input, "{}", &[]);
    let second = threshold.propose(&input, "{}", &[]);
    assert_eq!(first.answer, second.answer);
    assert_eq!(first.fuel, second.fuel);
}

#[test]
fn the_second_viewer_gets_the_edge_with_room() {
    let weighted = policy("weighted");
    let prepared = weighted.prepare(&view(edges(&[(1, 1), (2, 0)])), "{}");
    let mut prepared = prepared.answer.expect("prepared");
    for sequence in 0..3 {
        let choice = prepared.select(&request(sequence)).answer;
        assert_eq!(choice, Ok(Ok(vec![2])));
    }
    let mut taken = request(3);
    taken.handed_out = vec![(2, 1)];
    taken.count = 2;
    assert_eq!(prepared.select(&taken).answer, Ok(Ok(vec![1, 2])));
}

#[test]
fn publishers_go_round_robin() {
    let prepared = policy("round-robin").prepare(&view(edges(&[(4, 0), (5, 0)])), "{}");
    let mut prepared = prepared.answer.expect("prepared");
    let order: Vec<_> = (0..3)
        .map(|sequence| prepared.select(&request(sequence)).answer)
        .collect();
    assert_eq!(order, [Ok(Ok(vec![4])), Ok(Ok(vec![5])), Ok(Ok(vec![4]))]);
}

#[test]
fn a_view_of_nobody_is_refused_in_the_policys_words() {
    let prepared = policy("weighted").prepare(&view(Nodes::default()), "{}");
    let answer = prepared
        .answer
        .expect("prepared")
        .select(&request(0))
        .answer;
    assert_eq!(answer, Ok(Err(Refusal::Full)));
}

#[test]
fn a_binding_is_checked_by_the_policy_itself() {
    let bind = |policy: &str, settings: &str, duty| {
        let binding = Binding {
            policy: policy.to_owned(),
            settings: settings.to_owned(),
        };
        registry()
            .bind(&binding, duty)
            .map(|policy| policy.name().to_owned())
    };
    assert_eq!(
        bind("threshold", r#"{"scaleInFactor":0.5}"#, Decides::Scaling),
        Ok("threshold".to_owned())
    );
    assert!(matches!(
        bind("threshhold", "{}", Decides::Scaling),
        Err(BindError::Unknown { known, .. }) if known == "round-robin, threshold, weighted"
    ));
    assert!(matches!(
        bind("threshold", "{}", Decides::Subscribe),
        Err(BindError::WrongDuty { .. })
    ));
    assert!(matches!(
        bind("weighted", r#"{"weights":{"memory":"much"}}"#, Decides::Subscribe),
        Err(BindError::Settings { problems, .. })
            if problems.starts_with("settings.weights.memory: ")
    ));
}

#[test]
fn compiled_code_is_kept_and_damage_is_noticed() {
    let folder = tempfile::tempdir().expect("a folder");
    let settings = || EngineSettings {
        cache: Some(folder.path().join("compiled")),
        ..EngineSettings::default()
    };
    let files = || -> Vec<std::path::PathBuf> {
        let entries = std::fs::read_dir(folder.path().join("compiled")).expect("a folder");
        entries
            .map(|entry| entry.expect("an entry").path())
            .collect()
    };
    let (name, bytes) = super::BUILTINS[2];
    let admit = || engine(settings()).admit_trusted(name, bytes);
    admit().expect("admitted");
    let kept = files();
    assert_eq!(kept.len(), 1);
    let whole = std::fs::read(&kept[0]).expect("the code");
    admit().expect("admitted from the folder");
    let mut damaged = whole.clone();
    let last = damaged.len() - 1;
    damaged[last] ^= 1;
    std::fs::write(&kept[0], damaged).expect("written");
    admit().expect("compiled again");
    assert_eq!(std::fs::read(&kept[0]).expect("the code"), whole);
}

#[test]
fn a_call_costs_and_answers_the_same_from_fresh_and_from_kept_code() {
    let folder = tempfile::tempdir().expect("a folder");
    let settings = || EngineSettings {
        cache: Some(folder.path().join("compiled")),
        ..EngineSettings::default()
    };
    let (name, bytes) = super::BUILTINS[0];
    let asked = |settings: EngineSettings| {
        let policy = engine(settings)
            .admit_trusted(name, bytes)
            .expect("admitted");
        let snapshot = super::ordinary::snapshot(50);
        let first = policy.propose(&snapshot, "{}", &[]);
        let state = first.answer.as_ref().expect("an answer").state.clone();
        let second = policy.propose(&snapshot, "{}", &state);
        let told = policy.engine().to_owned();
        (
            told,
            [(first.answer, first.fuel), (second.answer, second.fuel)],
        )
    };
    let fresh = asked(settings());
    assert!(
        fresh == asked(settings()),
        "from the folder, by another engine"
    );
    assert!(
        fresh == asked(EngineSettings::default()),
        "compiled once more"
    );
}
