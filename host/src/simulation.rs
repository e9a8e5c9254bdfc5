//! Clients by hand on the simulated cloud: for trying the calls without an encoder and a player.
//!
//! Each asks the fleet for a node as a real client would, then connects to the simulated node it was sent to.

use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;

use parking_lot::Mutex;
pub use weir_cloud::audience::ClientKind;
use weir_cloud::audience::{ConnectError, Connection};
use weir_cloud::clock::SharedClock;
use weir_cloud::simulated::SimulatedCloud;
use weir_core::placement::Action;
use weir_core::stream::StreamName;
use weir_core::units::{DurationMs, UtcMs};

use crate::fleet::{AssignError, Fleet, Question};

/// Clients one server may hold; each costs a task's worth of memory at most.
const MOST_CLIENTS: usize = 100_000;

/// Between two tries of a client whose node does not have the stream yet.
const TRY_EVERY: DurationMs = DurationMs(500);

/// Why a client could not be made.
#[derive(Debug, thiserror::Error)]
pub enum SimulationError {
    /// The fleet sent it nowhere.
    #[error(transparent)]
    NotAssigned(#[from] AssignError),
    /// The node it was sent to did not take it.
    #[error("node {node} did not take the client: {source}")]
    NotConnected {
        /// The node's identifier.
        node: String,
        /// Why.
        source: ConnectError,
    },
    /// There are enough.
    #[error("there are {MOST_CLIENTS} clients already: let some leave first")]
    Crowded,
}

/// A client and where it is.
#[derive(Debug, Clone)]
pub struct Client {
    /// Publisher or viewer.
    pub kind: ClientKind,
    /// Its stream.
    pub stream: StreamName,
    /// Identifier of its node.
    pub node: String,
    /// Still connected; `false`: its node ended under it.
    pub connected: bool,
}

/// The clients made by hand. Dropping it disconnects them.
pub struct Simulation {
    cloud: Arc<SimulatedCloud>,
    fleet: Arc<Fleet>,
    clock: SharedClock,
    connections: Mutex<Vec<Connection>>,
}

impl Simulation {
    /// Nobody yet.
    pub fn new(cloud: Arc<SimulatedCloud>, fleet: Arc<Fleet>, clock: SharedClock) -> Self {
        Self {
            cloud,
            fleet,
            clock,
            connections: Mutex::new(Vec::new()),
        }
    }

    /// One more client: it asks for a node and connects to it. As players do, it tries again, until `until`, while the
    /// stream is still on its way to that node.
    ///
    /// # Errors
    /// [`SimulationError`]; nobody was added.
    pub async fn join(
        &self,
        action: Action,
        stream: &StreamName,
        until: UtcMs,
    ) -> Result<Client, SimulationError> {
        loop {
            match self.try_to_join(action, stream) {
                Err(SimulationError::NotConnected {
                    source: ConnectError::NoStream,
                    ..
                }) if self.clock.now() < until => self.clock.sleep(TRY_EVERY).await,
                settled => return settled,
            }
        }
    }

    fn try_to_join(&self, action: Action, stream: &StreamName) -> Result<Client, SimulationError> {
        if self.connections.lock().len() >= MOST_CLIENTS {
            return Err(SimulationError::Crowded);
        }
        let question = Question {
            action,
            stream: stream.clone(),
            region: None,
            strict: false,
            endpoints: 1,
            transcode: false,
            client: IpAddr::V4(Ipv4Addr::LOCALHOST),
        };
        let nowhere = || AssignError::NoNode("no node was named".to_owned());
        let node = self
            .fleet
            .assign(&question)?
            .into_iter()
            .next()
            .ok_or_else(nowhere)?
            .node;
        let address = node.address.as_deref().unwrap_or_default();
        let connected = match action {
            Action::Broadcast => self.cloud.connect_publisher(address, stream),
            Action::Subscribe => self.cloud.connect_viewer(address, stream),
        };
        let connection = connected.map_err(|source| SimulationError::NotConnected {
            node: node.id.to_string(),
            source,
        })?;
        let client = seen(&connection);
        self.connections.lock().push(connection);
        Ok(client)
    }

    /// Everybody, in order of arrival.
    pub fn clients(&self) -> Vec<Client> {
        self.connections.lock().iter().map(seen).collect()
    }

    /// The newest clients of that kind and stream leave, at most `count`. Answers how many left.
    pub fn leave(&self, action: Action, stream: &StreamName, count: usize) -> usize {
        let kind = match action {
            Action::Broadcast => ClientKind::Publisher,
            Action::Subscribe => ClientKind::Viewer,
        };
        let mut connections = self.connections.lock();
        let mut left = 0;
        let mut at = connections.len();
        while at > 0 && left < count {
            at -= 1;
            if connections[at].kind() == kind && connections[at].stream() == stream {
                connections.remove(at);
                left += 1;
            }
        }
        left
    }
}

fn seen(connection: &Connection) -> Client {
    Client {
        kind: connection.kind(),
        stream: connection.stream().clone(),
        node: connection.node().to_string(),
        connected: connection.ended().is_none(),
    }
}
