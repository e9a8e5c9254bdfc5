//! A client's connection to a simulated node.

use std::sync::Arc;

use tokio::sync::watch;
use weir_core::ids::NodeId;
use weir_core::stream::StreamName;

use crate::node::{Seat, SimulatedNode};

/// What a client came for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ClientKind {
    /// Sends a stream.
    Publisher,
    /// Watches one.
    Viewer,
}

/// Why a connection ended without its client's doing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ended {
    /// The node went away: terminated, crashed or restarted.
    NodeGone,
    /// The node dropped the client because the manager said so.
    Kicked,
}

/// Why a node did not take a client.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ConnectError {
    /// Nothing answers at that address.
    #[error("no service answers at that address")]
    Unreachable,
    /// The node takes no new clients.
    #[error("the node is draining")]
    Draining,
    /// Neither the node nor its parents have the stream.
    #[error("the node cannot get that stream")]
    NoStream,
    /// The node has a publisher of this stream.
    #[error("the stream is being published to that node")]
    StreamTaken,
    /// Streams are published to origins and transcoders.
    #[error("a node of that role takes no publishers")]
    TakesNoPublishers,
}

/// A client's connection. Dropping it disconnects.
#[derive(Debug)]
pub struct Connection {
    node: Arc<SimulatedNode>,
    kind: ClientKind,
    stream: StreamName,
    seat: Seat,
}

impl Connection {
    pub(crate) fn new(
        node: Arc<SimulatedNode>,
        kind: ClientKind,
        stream: &StreamName,
        seat: Seat,
    ) -> Self {
        Self {
            node,
            kind,
            stream: stream.clone(),
            seat,
        }
    }

    /// The node it goes to.
    pub fn node(&self) -> &NodeId {
        self.node.id()
    }

    /// What the client came for.
    pub fn kind(&self) -> ClientKind {
        self.kind
    }

    /// The stream sent or watched.
    pub fn stream(&self) -> &StreamName {
        &self.stream
    }

    /// Why it ended; `None` while it stands.
    pub fn ended(&self) -> Option<Ended> {
        *self.seat.ended.borrow()
    }

    /// Waits until it ends without the client's doing.
    pub async fn until_ended(&self) -> Ended {
        let mut ended: watch::Receiver<_> = self.seat.ended.clone();
        let why = ended.wait_for(Option::is_some).await;
        // A node that is gone without a word is gone all the same.
        why.ok().and_then(|why| *why).unwrap_or(Ended::NodeGone)
    }
}

impl Drop for Connection {
    fn drop(&mut self) {
        self.node.leave(self.seat.client);
    }
}
