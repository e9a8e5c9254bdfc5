//! Hostile policies at work in a group: the group is served all the same, the log says who is to blame, and the group
//! beside it notices nothing.
//!
//! The guests are honest while they are tried and turn hostile in the group called `hostile-group`, by the length of
//! its name: offset 16 of a decision's input, offset 12 of a view.

use serde_json::{Value, json};
use weir_core::node::Role;
use weir_tests::tutorial::{LAUNCH_CONFIG, SCALE_POLICY};
use weir_tests::{Options, TestServer, policies, secs};

use crate::guests;

const HOSTILE: &str = "hostile-group";
const DECENT: &str = "decent";

/// Begins `propose` for hostile eyes only.
const SCALING: &str = r#"(func (export "weir:policy/scaling@0.1.0#propose") (param $input i32) (result i32)
  (if (i32.ne (i32.load offset=16 (local.get $input)) (i32.const 13)) (then (return (i32.const 1024))))"#;

/// `prepare` remembers which group it was shown; then begins `select` for hostile eyes only: others are refused.
const PLACEMENT: &str = r#"(global $hostile (mut i32) (i32.const 0))
(func (export "weir:policy/placement@0.1.0#prepare") (param $view i32) (result i32)
  (global.set $hostile (i32.eq (i32.load offset=12 (local.get $view)) (i32.const 13)))
  (i32.const 1024))
(func (export "weir:policy/placement@0.1.0#select") (param i32 i32 i32 i32 i32 i32 i32 i32)
  (param i32 i32 i32 i32 i32 i32 i32 i32) (result i32)
  (i32.store8 (i32.const 2048) (i32.const 1))
  (if (i32.eqz (global.get $hostile)) (then (return (i32.const 2048))))"#;

/// A guest's name, what it does, and what may be said of it.
type Hostile = (&'static str, &'static str, &'static [&'static str]);

/// Fuel runs out first where the machine is quick enough, time where it is not.
const ENDLESS: &[&str] = &["used up its fuel", "it took longer than"];

const SCALERS: [Hostile; 4] = [
    (
        "loops",
        "(loop $forever (br $forever)) (unreachable))",
        ENDLESS,
    ),
    (
        "hogs",
        "(loop $more (br_if $more (i32.ne (memory.grow (i32.const 16)) (i32.const -1)))) (unreachable))",
        &["bytes of memory"],
    ),
    (
        "traps",
        "(i32.div_u (i32.const 1) (i32.const 0)))",
        &["it trapped"],
    ),
    (
        "lies",
        // One launch, in region 99.
        "(i32.store (i32.const 4100) (i32.const 99)) (i32.store (i32.const 3076) (i32.const 4096))
         (i32.store (i32.const 3080) (i32.const 1)) (i32.const 3072))",
        &["its answer cannot be used"],
    ),
];

const PLACERS: [Hostile; 4] = [
    ("loops", "(loop $forever (br $forever)) (unreachable))", ENDLESS),
    (
        "hogs",
        "(loop $more (br_if $more (i32.ne (memory.grow (i32.const 16)) (i32.const -1)))) (unreachable))",
        &["bytes of memory"],
    ),
    ("traps", "(unreachable))", &["it trapped"]),
    (
        "lies",
        // Node 4242, which nobody offered.
        "(i32.store (i32.const 4096) (i32.const 4242)) (i32.store (i32.const 3076) (i32.const 4096))
         (i32.store (i32.const 3080) (i32.const 1)) (i32.const 3072))",
        &["its answer cannot be used"],
    ),
];

async fn server_with(name: &str, text: &str) -> TestServer {
    let policy = policies::admitted(name, &guests::module(text)).await;
    // A policy that burns its budget takes real time: simulated time must not run away meanwhile.
    let server = TestServer::start(Options::brisk().speed(20).policy(policy)).await;
    server.logs.expect("a policy failed");
    server.logs.expect("the bound policy failed its trial");
    server
}

/// Makes a group whose scale policy has this member.
async fn group(server: &TestServer, name: &str, weir: Value) {
    let mut limits: Value = serde_json::from_str(SCALE_POLICY).unwrap();
    limits["policy"]["name"] = name.into();
    limits["policy"]["weir"] = weir;
    let _ = server
        .post_scale_policy(&limits.to_string())
        .await
        .wanted(201);
    let launch = LAUNCH_CONFIG.replace("launch-config1", name);
    let _ = server.post_launch_config(&launch).await.wanted(201);
    let document = json!({"name": name, "regions": ["ap-northeast-1"], "launchConfig": name, "scalePolicy": name});
    let _ = server
        .post_node_group(&document.to_string())
        .await
        .wanted(201);
    let _ = server.post_origin(name).await.wanted(201);
}

fn edges(server: &TestServer, name: &str) -> usize {
    let group = server.fleet().group(name).expect("the group").status();
    let serves = |no| {
        group
            .links
            .iter()
            .any(|link| link.child == no && link.state == "established")
    };
    let nodes = group.nodes.iter();
    nodes
        .filter(|status| status.node.role == Role::Edge && serves(status.node.no))
        .count()
}

async fn both_groups(server: &TestServer, weir: Value) {
    group(server, HOSTILE, weir).await;
    group(server, DECENT, Value::Null).await;
    let ready = || edges(server, HOSTILE) == 1 && edges(server, DECENT) == 1;
    server.until("both groups serve", secs(120), ready).await;
}

/// The publisher's group is chosen by load: ask until the stream is in the wanted one.
async fn on_air(server: &TestServer, group: &str) -> (String, weir_tests::Client) {
    for number in 0..20 {
        let path = format!("live/{group}-{number}");
        let publisher = server.patient_publisher(&path, secs(60)).await;
        let status = server.fleet().group(group).expect("the group").status();
        let mut nodes = status.nodes.iter();
        if nodes.any(|status| status.node.id.as_str() == publisher.node()) {
            let known = || {
                let status = server.fleet().group(group).expect("the group").status();
                status
                    .streams
                    .iter()
                    .any(|stream| stream.stream.path() == path)
            };
            server.until("the stream is known", secs(30), known).await;
            return (path, publisher);
        }
    }
    server.fail("no publisher got into the group").await
}

/// The decision's line in the group's picture.
async fn binding(server: &TestServer, group: &str, decides: &str) -> Value {
    let picture = server.weir(&format!("groups/{group}")).await;
    let bindings = picture["bindings"].as_array().unwrap();
    let found = bindings
        .iter()
        .find(|binding| binding["decides"] == decides);
    found.unwrap_or_else(|| panic!("{picture}")).clone()
}

async fn blamed(server: &TestServer, policy: &str, decides: &str, stand_in: &str, said: &[&str]) {
    let stepped = || {
        let lines = server
            .logs
            .with("ERROR a policy failed three times in a row");
        lines
            .iter()
            .any(|line| line.contains(decides) && line.contains("Guest"))
    };
    server
        .until("the ladder steps down", secs(120), stepped)
        .await;
    let lines = server.logs.with("WARN a policy failed group");
    let blames = |line: &&String| {
        line.contains(policy)
            && said.iter().any(|said| line.contains(said))
            && line.contains("its author")
            && line.contains(HOSTILE)
    };
    assert!(lines.iter().any(|line| blames(&line)), "{lines:#?}");
    assert!(
        lines.iter().all(|line| !line.contains(DECENT)),
        "{lines:#?}"
    );
    let replaced = || {
        let group = server.fleet().group(HOSTILE).expect("the group").status();
        let mut bindings = group.bindings.iter();
        bindings
            .any(|bound| bound.decides == decides && bound.answering.as_deref() == Some(stand_in))
    };
    server
        .until("the stand-in answers", secs(30), replaced)
        .await;
    let bound = binding(server, HOSTILE, decides).await;
    assert_eq!(
        (&bound["policy"], &bound["answering"]),
        (&policy.into(), &stand_in.into()),
        "{bound}"
    );
    assert!(bound["faults"].as_u64() >= Some(3), "{bound}");
    let decent = binding(server, DECENT, decides).await;
    assert_eq!(decent["faults"], 0, "{decent}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_hostile_scaling_policy_leaves_its_group_served() {
    for (name, text, said) in SCALERS {
        let server = server_with(name, &format!("{SCALING}\n{text}")).await;
        both_groups(&server, json!({"scaling": {"policy": name}})).await;
        blamed(&server, name, "scaling", "threshold", said).await;
        for of in [HOSTILE, DECENT] {
            let _ = server.post_alarm().await.wanted(200);
            let (path, _publisher) = on_air(&server, of).await;
            let _viewer = server.patient_viewer(&path, secs(30)).await;
            let grown = || edges(&server, of) == 2;
            server.until("the second edge comes", secs(60), grown).await;
        }
        server.finish().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_hostile_placement_policy_leaves_its_group_served() {
    for (name, text, said) in PLACERS {
        let server = server_with(name, &format!("{PLACEMENT}\n{text}")).await;
        both_groups(
            &server,
            json!({"placement": {"subscribe": {"policy": name}}}),
        )
        .await;
        let (hostile, _one) = on_air(&server, HOSTILE).await;
        let (decent, _other) = on_air(&server, DECENT).await;
        for number in 1..=6 {
            // One address may hold half of such a small edge's places.
            let from = std::net::IpAddr::from([127, 192, 0, number]);
            for path in [&hostile, &decent] {
                let reply = server.ask("subscribe", path, Some(from)).await;
                assert_eq!(reply.status, 200, "{name}: {}", reply.text);
            }
        }
        blamed(&server, name, "subscribe", "weighted", said).await;
        server.finish().await;
    }
}

/// It says nothing wrong, it only wants everything: the guardrails cut it, and keep the raw wish.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_greedy_policy_stays_within_the_limits() {
    use weir::policy::scripted::ScriptedPolicy;
    use weir_core::proposal::{LaunchWish, Proposal};
    let greedy = ScriptedPolicy::new("greedy").proposing(|snapshot, _, _| {
        let launch = LaunchWish {
            role: Role::Edge,
            region: 0,
            zone: None,
            instance_type: None,
            count: 500,
        };
        Ok(Proposal {
            launches: vec![launch],
            retirements: snapshot.nodes.id.clone(),
            ..Proposal::default()
        })
    });
    let server = TestServer::start(Options::brisk().policy(std::sync::Arc::new(greedy))).await;
    group(&server, HOSTILE, json!({"scaling": {"policy": "greedy"}})).await;
    let ready = || edges(&server, HOSTILE) >= 1;
    server.until("the group serves", secs(60), ready).await;
    let within = || {
        let edges = server.of(Role::Edge);
        let counted = |status: &&weir::fleet::status::NodeStatus| status.node.counts_against_max();
        edges.iter().filter(counted).count() <= 2
            && server.serving(Role::Origin).len() == 1
            && !server.serving(Role::Edge).is_empty()
    };
    server.always("the limits hold", secs(60), within).await;
    let decisions = server
        .weir(&format!("groups/{HOSTILE}/decisions?limit=1000"))
        .await;
    let clamped = decisions.as_array().unwrap().iter().any(|decision| {
        let clamps = decision["clamps"].as_array().unwrap();
        let cut = |clamp: &Value| clamp["reason"] == "maximum" && clamp["wanted"] == 500;
        clamps.iter().any(cut)
    });
    assert!(clamped, "{decisions}");
    server.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_binding_that_cannot_work_is_refused_by_name() {
    let server = TestServer::start(Options::brisk()).await;
    let cases = [
        (
            json!({"scaling": {"policy": "no-such"}}),
            "policy.weir.scaling",
        ),
        (
            json!({"scaling": {"policy": "weighted"}}),
            "policy.weir.scaling",
        ),
        (
            json!({"scaling": {"policy": "threshold", "settings": {"no-such-member": 1}}}),
            "policy.weir.scaling",
        ),
        (
            json!({"placement": {"subscribe": {"policy": "threshold"}}}),
            "policy.weir.placement.subscribe",
        ),
        (
            json!({"placement": {"broadcast": {"policy": "round-robin", "settings": []}}}),
            "weir.placement.broadcast",
        ),
        (json!("threshold"), "weir"),
    ];
    for (weir, member) in cases {
        let mut limits: Value = serde_json::from_str(SCALE_POLICY).unwrap();
        limits["policy"]["weir"] = weir.clone();
        let reply = server
            .post_scale_policy(&limits.to_string())
            .await
            .wanted(400);
        let text = reply.json()["errorMessage"].as_str().unwrap().to_owned();
        assert!(text.contains(member), "{weir}: {text}");
    }
    let names = server
        .admin("GET", "configurations/scalepolicy", None)
        .await;
    assert_eq!(names.wanted(200).json(), json!([]), "nothing was kept");
    server.finish().await;
}

/// A policy that never comes back is found out before it is bound to anything.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_policy_that_is_hostile_from_the_start_is_not_admitted() {
    use weir::policy::{AdmitError, PolicyEngine};
    let engine = policies::engine();
    let refused = engine
        .admit("loops", &guests::hostile("always_loops"))
        .await;
    assert!(matches!(refused, Err(AdmitError::Trial { .. })));
}
