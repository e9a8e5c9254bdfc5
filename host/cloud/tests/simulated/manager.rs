//! A manager that does as the test says: it knows every node that the cloud launched, writes down what they say, and
//! hands out the commands it is given.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Bytes;
use axum::extract::{Query, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Json, Response};
use axum::routing::{get, post};
use parking_lot::Mutex;
use tokio::sync::watch;
use weir_cloud::clock::{PacedClock, SharedClock};
use weir_cloud::node_auth::{self, NodeKey};
use weir_cloud::simulated::{BootTime, SimulatedCloud, SimulatedSettings};
use weir_cloud::{CloudController, LaunchRequest};
use weir_core::ids::NodeId;
use weir_core::node::Role;
use weir_core::report::{
    Answer, Assignment, Body, ClusterSettings, Command, Message, Order, Parent, Report,
};
use weir_core::units::{DurationMs, UtcMs};

const PASSWORD: &str = "red5pro123";
/// Real time; far more than anything here takes.
const DEADLINE: Duration = Duration::from_secs(30);

#[derive(Default)]
struct Notes {
    messages: Vec<Message>,
    commands: BTreeMap<String, Vec<Command>>,
    /// Answers to `broadcast` and `subscribe`; none: 404.
    servers: BTreeMap<&'static str, String>,
    knows_nobody: bool,
}

/// The manager and the cloud whose nodes report to it.
pub struct Scene {
    pub cloud: Arc<SimulatedCloud>,
    pub clock: SharedClock,
    notes: Arc<Mutex<Notes>>,
    heard: watch::Receiver<usize>,
    pub url: String,
    server: tokio::task::AbortHandle,
}

#[derive(Clone)]
struct Desk {
    notes: Arc<Mutex<Notes>>,
    told: watch::Sender<usize>,
    clock: SharedClock,
}

pub fn settings() -> SimulatedSettings {
    let mut settings = SimulatedSettings {
        boot: BootTime::always(DurationMs(2_000)),
        ending: DurationMs(1_000),
        ..SimulatedSettings::default()
    };
    settings.nodes.cluster_password = PASSWORD.to_owned();
    settings
}

impl Scene {
    pub async fn new() -> Self {
        Self::with(settings()).await
    }

    pub async fn with(settings: SimulatedSettings) -> Self {
        let start = UtcMs(1_700_000_000_000);
        let clock: SharedClock = Arc::new(PacedClock::start(start, 50).unwrap());
        let cloud = SimulatedCloud::new(settings, Arc::clone(&clock)).unwrap();
        let (told, heard) = watch::channel(0);
        let desk = Desk {
            notes: Arc::default(),
            told,
            clock: Arc::clone(&clock),
        };
        let notes = Arc::clone(&desk.notes);
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let routes = Router::new()
            .route("/streammanager/cloudwatch", post(hear))
            .route("/streammanager/api/4.0/event/live/show", get(assign))
            .with_state(desk);
        let server = tokio::spawn(async move { axum::serve(listener, routes).await });
        cloud.set_manager(&url);
        Self {
            cloud,
            clock,
            notes,
            heard,
            url,
            server: server.abort_handle(),
        }
    }

    pub async fn launch(&self, role: Role, name: &str) -> String {
        launch(&self.cloud, role, name).await;
        self.cloud.node(&name.into()).unwrap().address().to_owned()
    }

    /// Waits until the node has sent its first report.
    pub async fn until_reporting(&self, name: &str) {
        self.until(|scene| !scene.reports(name).is_empty()).await;
    }

    /// Waits on something that follows from what the manager hears.
    pub async fn until(&self, met: impl Fn(&Self) -> bool) {
        let mut heard = self.heard.clone();
        let waiting = heard.wait_for(|_| met(self));
        let waited = tokio::time::timeout(DEADLINE, waiting).await;
        assert!(waited.is_ok(), "not met: {:#?}", self.kinds());
    }

    pub fn order(&self, name: &str, id: &str, order: Order) {
        let command = Command {
            id: id.to_owned(),
            order,
            deadline_ms: u64::MAX,
        };
        let mut notes = self.notes.lock();
        let commands = notes.commands.entry(name.to_owned()).or_default();
        commands.push(command);
    }

    pub fn link(&self, child: &str, parent: &str) {
        let address = self
            .cloud
            .node(&parent.into())
            .unwrap()
            .address()
            .to_owned();
        let parent = Parent {
            node_id: parent.to_owned(),
            address,
            port: 1935,
        };
        let id = format!("link-{child}-{}", parent.node_id);
        self.order(child, &id, Order::Link { parent });
    }

    pub fn know_nobody(&self, nobody: bool) {
        self.notes.lock().knows_nobody = nobody;
    }

    pub fn send_clients_to(&self, action: &'static str, address: &str) {
        let servers = &mut self.notes.lock().servers;
        servers.insert(action, address.to_owned());
    }

    pub fn messages(&self, name: &str) -> Vec<Message> {
        let notes = self.notes.lock();
        let of_node = |message: &&Message| message.envelope.node_id.as_deref() == Some(name);
        notes.messages.iter().filter(of_node).cloned().collect()
    }

    pub fn reports(&self, name: &str) -> Vec<Report> {
        let reports = |message: Message| match message.body {
            Body::Report(report) => Some(report),
            Body::Role(_) | Body::Publish(_) | Body::Unpublish(_) | Body::Bye {} => None,
        };
        self.messages(name)
            .into_iter()
            .filter_map(reports)
            .collect()
    }

    /// Who said what, in order.
    pub fn kinds(&self) -> Vec<(String, &'static str)> {
        let notes = self.notes.lock();
        let line = |message: &Message| {
            let node = message.envelope.node_id.clone().unwrap_or_default();
            (node, kind(message))
        };
        notes.messages.iter().map(line).collect()
    }
}

impl Drop for Scene {
    fn drop(&mut self) {
        self.server.abort();
    }
}

pub async fn launch(cloud: &SimulatedCloud, role: Role, name: &str) {
    let request = LaunchRequest {
        id: NodeId::from(name),
        role,
        region: "ap-northeast-1".into(),
        zone: "ap-northeast-1a".into(),
        instance_type: "t2.medium".into(),
        image: "image".to_owned(),
        capacity: 10,
        tags: Vec::new(),
        properties: Vec::new(),
    };
    cloud.launch(&request).await.unwrap();
}

pub fn kind(message: &Message) -> &'static str {
    match message.body {
        Body::Role(_) => "role",
        Body::Report(_) => "report",
        Body::Publish(_) => "publish",
        Body::Unpublish(_) => "unpublish",
        Body::Bye {} => "bye",
    }
}

async fn hear(State(desk): State<Desk>, headers: HeaderMap, body: Bytes) -> Response {
    let header = |name| headers.get(name).and_then(|value| value.to_str().ok());
    let signature = header(node_auth::SIGNATURE_HEADER).unwrap_or_default();
    let node = header(node_auth::NODE_HEADER).unwrap_or_default();
    let timestamp = header(node_auth::TIMESTAMP_HEADER).unwrap_or_default();
    let timestamp = UtcMs(timestamp.parse().unwrap_or_default());
    let key = NodeKey::derive(PASSWORD, node);
    let fresh = timestamp.0.abs_diff(desk.clock.now().0) <= node_auth::MAX_SKEW_MS;
    if !fresh || !key.verifies(signature, node, timestamp, &body) {
        return StatusCode::UNAUTHORIZED.into_response();
    }
    let message: Message = serde_json::from_slice(&body).unwrap();
    let mut notes = desk.notes.lock();
    let name = message.envelope.node_id.clone().unwrap_or_default();
    if let Some(commands) = notes.commands.get_mut(&name) {
        commands.retain(|command| !message.envelope.ack.contains(&command.id));
    }
    let commands = notes.commands.get(&name).cloned().unwrap_or_default();
    let accepted = !notes.knows_nobody;
    let asks = matches!(message.body, Body::Role(_));
    notes.messages.push(message);
    let count = notes.messages.len();
    drop(notes);
    desk.told.send_replace(count);
    Json(Answer {
        accepted,
        retry_after_ms: (!accepted).then_some(3_000),
        assignment: (accepted && asks).then(|| assignment(name)),
        commands: if accepted { commands } else { Vec::new() },
        reporting_speed: accepted.then_some(5_000),
        error_message: None,
        time: desk.clock.now().0,
    })
    .into_response()
}

fn assignment(node_id: String) -> Assignment {
    Assignment {
        node_id,
        group: "group".to_owned(),
        role: Role::Edge,
        region: "ap-northeast-1".to_owned(),
        availability_zone: "ap-northeast-1a".to_owned(),
        capacity: 10,
        cluster: ClusterSettings {
            mode: "auto".to_owned(),
            public_port: 1935,
            access_port: 5080,
            retry_duration: 30,
            reporting_speed: 5_000,
        },
    }
}

async fn assign(
    State(desk): State<Desk>,
    Query(query): Query<BTreeMap<String, String>>,
) -> Response {
    let notes = desk.notes.lock();
    let Some(address) = notes.servers.get(query["action"].as_str()) else {
        return StatusCode::NOT_FOUND.into_response();
    };
    let server = serde_json::json!({
        "name": "show", "scope": "live", "serverAddress": address, "region": "ap-northeast-1",
    });
    Json(server).into_response()
}
