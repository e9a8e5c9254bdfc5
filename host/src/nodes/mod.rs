//! How the manager reaches nodes on its own accord. Reports come the other way, over HTTP.

use async_trait::async_trait;
use tokio::net::TcpStream;
use weir_cloud::simulated::SimulatedCloud;
use weir_core::node::Node;
use weir_core::units::DurationMs;

/// The way from the manager to a node.
#[async_trait]
pub trait NodeLink: Send + Sync + 'static {
    /// Does the service's port answer? `false` also when the address is unknown. Ends by itself within seconds.
    async fn reachable(&self, node: &Node) -> bool;
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
    async fn reachable(&self, node: &Node) -> bool {
        let known = [&node.private_address, &node.address];
        for address in known.into_iter().flatten() {
            let attempt = TcpStream::connect((address.as_str(), self.port));
            if let Ok(Ok(_)) = tokio::time::timeout(CONNECT_WITHIN.to_std(), attempt).await {
                return true;
            }
        }
        false
    }
}

/// Simulated nodes have no port; the simulation knows whether one would answer.
#[async_trait]
impl NodeLink for SimulatedCloud {
    async fn reachable(&self, node: &Node) -> bool {
        node.address
            .as_deref()
            .is_some_and(|address| self.answers(address))
    }
}
