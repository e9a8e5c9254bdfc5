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
        let (mut closed, mut unreachable) = (false, false);
        for address in known.into_iter().flatten() {
            match dial(address, self.port).await {
                Port::Open => return Port::Open,
                Port::Closed => closed = true,
                Port::Unreachable => unreachable = true,
            }
        }
        if closed && !unreachable {
            Port::Closed
        } else {
            Port::Unreachable
        }
    }
}

async fn dial(address: &str, port: u16) -> Port {
    let attempt = TcpStream::connect((address, port));
    match tokio::time::timeout(CONNECT_WITHIN.to_std(), attempt).await {
        Ok(Ok(_)) => Port::Open,
        Ok(Err(error)) if error.kind() == ErrorKind::ConnectionRefused => Port::Closed,
        Ok(Err(_)) | Err(_) => Port::Unreachable,
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

#[cfg(test)]
mod tests {
    use tokio::net::TcpListener;

    use super::*;

    #[tokio::test]
    async fn a_port_is_open_closed_or_out_of_reach() {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await;
        let listener = listener.expect("loopback has free ports");
        let port = listener.local_addr().expect("it is bound").port();
        assert_eq!(dial("127.0.0.1", port).await, Port::Open);
        drop(listener);
        assert_eq!(dial("127.0.0.1", port).await, Port::Closed);
        assert_eq!(dial("no address", port).await, Port::Unreachable);
    }
}
