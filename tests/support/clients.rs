//! Publishers and viewers: they ask the server, then connect to the node they were sent to.

use serde_json::Value;
use weir_cloud::audience::{ConnectError, Connection};
use weir_cloud::clock::Clock;
use weir_core::stream::StreamName;
use weir_core::units::DurationMs;

use crate::TestServer;
use crate::waiting::Deadline;

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
        let connected = self.connect("broadcast", path, &reply.json());
        connected.expect("the node takes the publisher")
    }

    /// A viewer who is answered at once.
    pub async fn viewer(&self, path: &str) -> Client {
        let reply = self.ask("subscribe", path, None).await.wanted(200);
        let connected = self.connect("subscribe", path, &reply.json());
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

    /// Asks until there is a node, and one that takes the client: an edge that has just come is not linked yet.
    async fn patiently(&self, action: &str, path: &str, within: DurationMs) -> Client {
        let deadline = Deadline::of(self, within);
        loop {
            let reply = self.ask(action, path, None).await;
            let connected = match reply.status {
                200 => self.connect(action, path, &reply.json()),
                _ => Err(ConnectError::Unreachable),
            };
            if let Ok(client) = connected {
                return client;
            }
            if deadline.is_over(self) {
                let what = format!("no server for {action} of {path}: {reply:?} {connected:?}");
                self.fail(&what).await;
            }
            self.clock.sleep(DurationMs(500)).await;
        }
    }

    fn connect(&self, action: &str, path: &str, answer: &Value) -> Result<Client, ConnectError> {
        let address = answer["serverAddress"].as_str().expect("serverAddress");
        let (scope, name) = path.rsplit_once('/').expect("scope/name");
        let stream = StreamName::new(scope, name);
        let connection = match action {
            "broadcast" => self.cloud.connect_publisher(address, &stream),
            _ => self.cloud.connect_viewer(address, &stream),
        };
        Ok(Client {
            connection: connection?,
            address: address.to_owned(),
        })
    }
}
