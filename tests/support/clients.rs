//! Publishers and viewers: they ask the server, then connect to the node they were sent to.

use std::sync::Arc;

use serde_json::Value;
use weir::fleet::status::GroupStatus;
use weir_cloud::audience::{ConnectError, Connection};
use weir_cloud::simulated::SimulatedCloud;
use weir_core::stream::StreamName;
use weir_core::units::DurationMs;

use crate::{TestServer, secs, stage};

/// A connected client. Dropping it disconnects.
#[derive(Debug)]
pub struct Client {
    /// The connection.
    pub connection: Connection,
    /// Address it was sent to.
    pub address: String,
}

impl Client {
    /// Identifier of its node.
    pub fn node(&self) -> String {
        self.connection.node().to_string()
    }
}

impl TestServer {
    /// A publisher of a stream (`scope/name`) that is answered at once.
    pub async fn publisher(&self, path: &str) -> Client {
        let reply = self.ask("broadcast", path, None).await.wanted(200);
        let connected = connect(&self.cloud, "broadcast", path, &reply.json());
        connected.expect("the node takes the publisher")
    }

    /// A viewer who is answered at once.
    pub async fn viewer(&self, path: &str) -> Client {
        let reply = self.ask("subscribe", path, None).await.wanted(200);
        let connected = connect(&self.cloud, "subscribe", path, &reply.json());
        connected.expect("the node takes the viewer")
    }

    /// A viewer who asks again until there is an answer, as players do.
    pub async fn patient_viewer(&self, path: &str, within: DurationMs) -> Client {
        self.patiently("subscribe", path, within).await
    }

    /// A publisher who asks again until there is an answer.
    pub async fn patient_publisher(&self, path: &str, within: DurationMs) -> Client {
        self.patiently("broadcast", path, within).await
    }

    /// A publisher whose stream the server knows of, in the one group there is.
    pub async fn on_air(&self, path: &str) -> Client {
        let publisher = self.patient_publisher(path, secs(60)).await;
        let knows = |group: Arc<GroupStatus>| {
            let mut streams = group.streams.iter();
            streams.any(|stream| stream.stream.path() == path)
        };
        let known = || self.group().is_some_and(knows);
        self.until("the stream is known", secs(30), known).await;
        publisher
    }

    async fn patiently(&self, action: &str, path: &str, within: DurationMs) -> Client {
        stage::patiently(self, action, path, within).await
    }
}

/// Connects to the node that the answer to a question names.
///
/// # Errors
/// The node does not take the client.
///
/// # Panics
/// The answer names none.
pub fn connect(
    nodes: &SimulatedCloud,
    action: &str,
    path: &str,
    answer: &Value,
) -> Result<Client, ConnectError> {
    let address = answer["serverAddress"].as_str().expect("serverAddress");
    let (scope, name) = path.rsplit_once('/').expect("scope/name");
    let stream = StreamName::new(scope, name);
    let connection = match action {
        "broadcast" => nodes.connect_publisher(address, &stream),
        _ => nodes.connect_viewer(address, &stream),
    };
    Ok(Client {
        connection: connection?,
        address: address.to_owned(),
    })
}
