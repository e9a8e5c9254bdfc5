//! The streaming service of a node: whether it is up, and who is connected to it. No I/O and no clock: times are given.
//!
//! ```text
//! off ─▶ up ─▶ crashed ─▶ up (restarted, a new boot)
//!         └──▶ off (exit, end of the instance: for good)
//! ```

use std::collections::{BTreeMap, BTreeSet};

use tokio::sync::watch;
use weir_core::report::Boot;
use weir_core::stream::StreamName;
use weir_core::units::UtcMs;

use super::links::Links;
use crate::audience::{ClientKind, ConnectError, Ended};

/// Whether the service runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Phase {
    /// Not started yet, or stopped for good.
    Off,
    /// Takes clients.
    Up,
    /// The instance runs, the service does not.
    Crashed,
}

pub(crate) struct Service {
    pub(crate) phase: Phase,
    pub(crate) boot: Option<Boot>,
    pub(crate) started_at: UtcMs,
    /// Serves, but says nothing to the manager.
    pub(crate) muted: bool,
    /// So many reports are still to be lost on the way.
    pub(crate) reports_to_lose: u32,
    pub(crate) draining: bool,
    /// Addresses that this node does not reach although somebody answers there.
    pub(crate) unreachable: BTreeSet<String>,
    pub(crate) last_traffic: Option<UtcMs>,
    pub(crate) links: Links,
    /// Bytes sent per stream, up to `accounted_at`.
    pub(crate) sent: BTreeMap<StreamName, u64>,
    pub(crate) accounted_at: UtcMs,
    /// Never reset: a client of an earlier boot must not be taken for one of this.
    last_client: u64,
    clients: BTreeMap<u64, Client>,
}

/// A connected publisher or viewer.
pub(crate) struct Client {
    pub(crate) kind: ClientKind,
    pub(crate) stream: StreamName,
    pub(crate) since: UtcMs,
    ended: watch::Sender<Option<Ended>>,
}

/// A client's place, as its connection holds it.
#[derive(Debug)]
pub(crate) struct Seat {
    pub(crate) client: u64,
    pub(crate) ended: watch::Receiver<Option<Ended>>,
}

/// Clients that were dropped at once.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Dropped {
    pub(crate) viewers: u32,
    /// Streams that ended with their publishers, and since when they were published.
    pub(crate) published: Vec<(StreamName, UtcMs)>,
}

impl Service {
    pub(crate) fn off() -> Self {
        Self {
            phase: Phase::Off,
            boot: None,
            started_at: UtcMs(0),
            muted: false,
            reports_to_lose: 0,
            draining: false,
            unreachable: BTreeSet::new(),
            last_traffic: None,
            links: Links::default(),
            sent: BTreeMap::new(),
            accounted_at: UtcMs(0),
            last_client: 0,
            clients: BTreeMap::new(),
        }
    }

    /// A new start: nothing of the earlier one is left.
    pub(crate) fn start(&mut self, boot: Boot, now: UtcMs) {
        self.phase = Phase::Up;
        self.boot = Some(boot);
        self.started_at = now;
        self.draining = false;
        self.last_traffic = None;
        self.links = Links::default();
        self.sent.clear();
    }

    /// The process is gone, and everybody's connection with it.
    pub(crate) fn fall(&mut self, phase: Phase) -> Dropped {
        self.phase = phase;
        self.links = Links::default();
        self.drop_clients(Ended::NodeGone, |_| true)
    }

    /// Seats a client of this kind. Whether the node carries the stream is the caller's to know.
    pub(crate) fn admit(
        &mut self,
        kind: ClientKind,
        stream: &StreamName,
        now: UtcMs,
    ) -> Result<Seat, ConnectError> {
        if self.phase != Phase::Up {
            return Err(ConnectError::Unreachable);
        }
        if self.draining {
            return Err(ConnectError::Draining);
        }
        if kind == ClientKind::Publisher && self.publishes(stream) {
            return Err(ConnectError::StreamTaken);
        }
        self.last_client += 1;
        let (sender, ended) = watch::channel(None);
        let client = Client {
            kind,
            stream: stream.clone(),
            since: now,
            ended: sender,
        };
        self.clients.insert(self.last_client, client);
        self.last_traffic = Some(now);
        Ok(Seat {
            client: self.last_client,
            ended,
        })
    }

    /// A client left by itself. `None` when it was dropped before.
    pub(crate) fn leave(&mut self, client: u64, now: UtcMs) -> Option<Client> {
        let left = self.clients.remove(&client)?;
        self.last_traffic = Some(now);
        Some(left)
    }

    /// Drops the clients of a stream; `None`: all of them.
    pub(crate) fn kick(&mut self, stream: Option<&StreamName>) -> Dropped {
        self.drop_clients(Ended::Kicked, |client| {
            stream.is_none_or(|stream| client.stream == *stream)
        })
    }

    pub(crate) fn publishes(&self, stream: &StreamName) -> bool {
        let mut clients = self.clients.values();
        clients.any(|client| client.kind == ClientKind::Publisher && client.stream == *stream)
    }

    pub(crate) fn clients(&self) -> impl Iterator<Item = &Client> {
        self.clients.values()
    }

    pub(crate) fn count(&self, kind: ClientKind) -> u32 {
        let of_kind = self.clients.values().filter(|client| client.kind == kind);
        u32::try_from(of_kind.count()).unwrap_or(u32::MAX)
    }

    pub(crate) fn viewers_of(&self, stream: &StreamName) -> u32 {
        let viewers = self
            .clients
            .values()
            .filter(|client| client.kind == ClientKind::Viewer && client.stream == *stream);
        u32::try_from(viewers.count()).unwrap_or(u32::MAX)
    }

    fn drop_clients(&mut self, why: Ended, which: impl Fn(&Client) -> bool) -> Dropped {
        let mut dropped = Dropped::default();
        self.clients.retain(|_, client| {
            if !which(client) {
                return true;
            }
            client.ended.send_replace(Some(why));
            match client.kind {
                ClientKind::Publisher => {
                    let published = (client.stream.clone(), client.since);
                    dropped.published.push(published);
                }
                ClientKind::Viewer => dropped.viewers += 1,
            }
            false
        });
        dropped
    }
}
