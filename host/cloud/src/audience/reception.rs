//! Asking the manager for a server, as players and encoders do.

use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;
use std::time::Duration;

use serde::Deserialize;
use weir_core::stream::StreamName;

use super::ClientKind;
use crate::simulated::World;

const TIMEOUT: Duration = Duration::from_secs(10);

/// Why there was no server for a client.
#[derive(Debug, thiserror::Error)]
pub enum ReceptionError {
    /// The cloud was not told where the manager is.
    #[error("no manager was named yet")]
    NoManager,
    /// No answer, or none that can be read.
    #[error("the manager did not answer")]
    NoAnswer(#[from] reqwest::Error),
    /// The manager has no server for this client now.
    #[error("the manager refused with status {status}")]
    Refused {
        /// HTTP status.
        status: u16,
    },
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Server {
    server_address: String,
}

/// Clients from several addresses who ask in turn.
pub(super) struct Reception {
    world: Arc<World>,
    clients: Vec<reqwest::Client>,
}

impl Reception {
    /// `addresses`: from how many loopback addresses (127.192.0.1 and up) the clients come; 0: from whichever the system
    /// takes. The manager limits how much one address may ask.
    pub(super) fn new(world: Arc<World>, addresses: u8) -> Result<Self, ReceptionError> {
        let client = |from: Option<IpAddr>| {
            reqwest::Client::builder()
                .no_proxy()
                .timeout(TIMEOUT)
                .local_address(from)
                .build()
        };
        let from = |n| Some(IpAddr::V4(Ipv4Addr::new(127, 192, 0, n)));
        let clients = match addresses {
            0 => vec![client(None)?],
            some => (1..=some)
                .map(|n| client(from(n)))
                .collect::<Result<_, _>>()?,
        };
        Ok(Self { world, clients })
    }

    /// The server for the client with this number: its address.
    pub(super) async fn ask(
        &self,
        number: u64,
        kind: ClientKind,
        stream: &StreamName,
    ) -> Result<String, ReceptionError> {
        let manager = self.world.uplink.manager();
        let manager = manager.ok_or(ReceptionError::NoManager)?;
        let action = match kind {
            ClientKind::Publisher => "broadcast",
            ClientKind::Viewer => "subscribe",
        };
        let client = &self.clients[(number % self.clients.len() as u64) as usize];
        let path = stream.path();
        let url = format!("{manager}/streammanager/api/4.0/event/{path}?action={action}");
        let response = client.get(url).send().await?;
        if !response.status().is_success() {
            let status = response.status().as_u16();
            return Err(ReceptionError::Refused { status });
        }
        let server: Server = response.json().await?;
        Ok(server.server_address)
    }
}
