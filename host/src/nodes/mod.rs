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
    async fn port(&self, node: &Node) -> Port {
        let known = [&node.private_address, &node.address];
        let mut told = Vec::new();
        for address in known.into_iter().flatten() {
            match dial(address, self.port).await {
                Port::Open => return Port::Open,
                other => told.push(other),
            }
        }
        together(&told)
    }
}

/// What addresses tell together, none of which is open: closed only when every one says so, and nothing of the node as
/// long as one was not dialled at all.
fn together(told: &[Port]) -> Port {
    let all = |wanted| told.iter().all(|port| *port == wanted);
    match told {
        [] => Port::Unreachable,
        _ if told.contains(&Port::Untold) => Port::Untold,
        _ if all(Port::Closed) => Port::Closed,
        _ => Port::Unreachable,
    }
}

async fn dial(address: &str, port: u16) -> Port {
    let attempt = TcpStream::connect((address, port));
    let within = tokio::time::timeout(CONNECT_WITHIN.to_std(), attempt).await;
    within.map_or(Port::Unreachable, |dialled| match dialled {
        Ok(_) => Port::Open,
        Err(error) => verdict(&error),
    })
}

/// What an error of dialling tells of the other side. Most errors speak of this machine, and nobody dies of those.
fn verdict(error: &std::io::Error) -> Port {
    match error.kind() {
        ErrorKind::ConnectionRefused => Port::Closed,
        ErrorKind::TimedOut
        | ErrorKind::HostUnreachable
        | ErrorKind::NetworkUnreachable
        | ErrorKind::ConnectionReset => Port::Unreachable,
        _ => {
            tracing::warn!(%error, "a silent node could not be dialled, for a reason of this machine's own");
            Port::Untold
        }
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
    }

    #[test]
    fn troubles_of_this_machine_tell_nothing_of_the_node() {
        // Linux, x86 and ARM: EMFILE, ENFILE, EACCES, ENOBUFS, EADDRNOTAVAIL.
        for ours in [24, 23, 13, 105, 99] {
            let error = std::io::Error::from_raw_os_error(ours);
            assert_eq!(verdict(&error), Port::Untold, "{error}");
        }
        // ETIMEDOUT, EHOSTUNREACH, ENETUNREACH, ECONNRESET.
        for theirs in [110, 113, 101, 104] {
            let error = std::io::Error::from_raw_os_error(theirs);
            assert_eq!(verdict(&error), Port::Unreachable, "{error}");
        }
    }

    #[test]
    fn an_address_that_was_not_dialled_leaves_the_node_alone() {
        use Port::{Closed, Unreachable, Untold};
        let table = [
            (&[][..], Unreachable),
            (&[Closed][..], Closed),
            (&[Closed, Closed][..], Closed),
            (&[Unreachable, Closed][..], Unreachable),
            (&[Closed, Untold][..], Untold),
            (&[Untold, Unreachable][..], Untold),
        ];
        for (told, wanted) in table {
            assert_eq!(together(told), wanted, "{told:?}");
        }
    }
}
