//! Nodes on the instances: what a manager will see of them, from the launch to the end.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::routing::post;
use parking_lot::Mutex;
use serde_json::{Value, json};
use tokio::net::{TcpListener, TcpStream};
use weir_cloud::InstanceState;
use weir_cloud::clock::Clock;
use weir_core::stream::StreamName;
use weir_core::units::DurationMs;
use weir_tests::Options;
use weir_tests::cloudlet::ACCESS_PORT;
use weir_tests::ec2_api::{Ec2Api, REGION};
use weir_tests::mortal::{Ec2Sky, Ground, Sky};

const NODE: &str = "node-origin-1";
/// Looks at a condition before it counts as never.
const LOOKS: u32 = 600;

/// What a manager heard: the name a message is signed for, and the message.
type Heard = Arc<Mutex<Vec<(String, Value)>>>;

/// A manager that knows the one node, takes everything and wants nothing.
async fn manager(ground: &Ground) -> Heard {
    let heard = Heard::default();
    let routes = axum::Router::new()
        .route("/streammanager/cloudwatch", post(take))
        .with_state(heard.clone());
    let listener = TcpListener::bind(ground.block.manager()).await.unwrap();
    tokio::spawn(async move { axum::serve(listener, routes).await });
    heard
}

async fn take(
    State(heard): State<Heard>,
    headers: HeaderMap,
    Json(message): Json<Value>,
) -> Json<Value> {
    let name = headers
        .get("x-weir-node")
        .map(|name| name.to_str().unwrap());
    heard
        .lock()
        .push((name.unwrap_or_default().to_owned(), message));
    Json(json!({
        "accepted": true, "time": 0, "nodeId": NODE, "group": "group", "role": "origin", "region": REGION,
        "availabilityZone": "ap-northeast-1a", "capacity": 10, "cluster": {
            "mode": "auto", "publicPort": 1935, "accessPort": 5080, "retryDuration": 30, "reportingSpeed": 1_000,
        },
    }))
}

async fn launch(sky: &Ec2Sky) {
    let api = Ec2Api::new(sky.proxy.url(), REGION);
    let mut params = sky.network.launch(0);
    let tags = [
        ("identifier", NODE),
        ("role", "origin"),
        ("connectionCapacity", "10"),
    ];
    let tags: Vec<(String, &str)> = (1..)
        .zip(tags)
        .flat_map(|(at, (key, value))| {
            let name = |part| format!("TagSpecification.1.Tag.{at}.{part}");
            [(name("Key"), key), (name("Value"), value)]
        })
        .collect();
    params.push(("TagSpecification.1.ResourceType", "instance"));
    params.extend(tags.iter().map(|(name, value)| (name.as_str(), *value)));
    api.must("RunInstances", &params).await;
}

async fn until<F: Future<Output = bool>>(ground: &Ground, what: &str, holds: impl Fn() -> F) {
    for _ in 0..LOOKS {
        if holds().await {
            return;
        }
        ground.clock.sleep(DurationMs(1_000)).await;
    }
    panic!("never: {what}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_instance_that_runs_is_a_node_that_reports_until_it_is_terminated() {
    let ground = Ground::new(40);
    let heard = manager(&ground).await;
    let sky = Ec2Sky::over(&ground, Options::brisk().cloud).await;
    assert!(sky.living().await.is_empty());

    launch(&sky).await;
    let reports = || async {
        let heard = heard.lock();
        heard
            .iter()
            .any(|(name, message)| name == NODE && message["type"] == "report")
    };
    until(&ground, "a signed report", reports).await;
    let living = sky.living().await;
    let [instance] = &living[..] else {
        panic!("{living:?}")
    };
    assert_eq!(instance.id.as_ref().map(|id| id.as_str()), Some(NODE));
    assert_eq!(instance.state, InstanceState::Running);
    let address = instance.address.clone().unwrap();
    assert!(ground.block.contains(&address));

    // It can be dialled, and takes clients, on the instance's own address.
    let dial = || async {
        TcpStream::connect((address.as_str(), ACCESS_PORT))
            .await
            .is_ok()
    };
    until(&ground, "its port is open", dial).await;
    let stream = StreamName::new("live", "stream1");
    let publisher = sky.nodes().connect_publisher(&address, &stream).unwrap();
    assert_eq!(publisher.node().as_str(), NODE);

    let api = Ec2Api::new(sky.proxy.url(), REGION);
    let id = [("InstanceId.1", instance.platform_id.as_str())];
    api.must("TerminateInstances", &id).await;
    until(&ground, "nothing lives", || async {
        sky.living().await.is_empty()
    })
    .await;
    until(&ground, "its client is cut", || async {
        publisher.ended().is_some()
    })
    .await;
    until(&ground, "its port is closed", || async { !dial().await }).await;
}
