//! How the manager reaches nodes on its own accord. Reports come the other way, over HTTP.

use std::io::ErrorKind;

use async_trait::async_trait;
use tokio::net::TcpStream;
use weir_cloud::simulated::SimulatedCloud;
use weir_core::liveness::Port;
use weir_core::node::Node;
use weir_core::units::DurationMs;

/// The way from the manager to a node.
#[async_trait]
pub trait NodeLink: Send + Sync + 'static {
    /// What the service's port tells. Ends by itself within seconds.
    async fn port(&self, node: &Node) -> Port;
}

/// Longest wait for a connection.
const CONNECT_WITHIN: DurationMs = DurationMs::secs(3);

/// Real nodes: a TCP connection to the access port.
pub struct TcpLink {
    /// Port tried.
    pub port: u16,
}

#[async_trait]
impl NodeLink for TcpLink {
    /// Closed only when every address says so.
    async fn port(&self, node: &Node) -> Port {
        let known = [&node.private_address, &node.address];
        let mut told = None;
        for address in known.into_iter().flatten() {
            let attempt = TcpStream::connect((address.as_str(), self.port));
            let port = match tokio::time::timeout(CONNECT_WITHIN.to_std(), attempt).await {
                Ok(Ok(_)) => return Port::Open,
                Ok(Err(error)) if error.kind() == ErrorKind::ConnectionRefused => Port::Closed,
                Ok(Err(_)) | Err(_) => Port::Unreachable,
            };
            told = Some(match told {
                None | Some(Port::Closed) => port,
                Some(Port::Open | Port::Unreachable) => Port::Unreachable,
            });
        }
        told.unwrap_or(Port::Unreachable)
    }
}

/// Simulated nodes have no port; the simulation knows whether one would answer.
#[async_trait]
impl NodeLink for SimulatedCloud {
    async fn port(&self, node: &Node) -> Port {
        let address = node.address.as_deref();
        address.map_or(Port::Unreachable, |address| {
            SimulatedCloud::port(self, address)
        })
    }
}
