//! What a node says: its report in figures, and the notices of publishers.

use std::collections::BTreeMap;

use weir_core::report::{Body, PublishNotice, Report, StreamReport};
use weir_core::stream::{StreamKind, StreamName};
use weir_core::units::UtcMs;

use super::SimulatedNode;
use super::service::Service;
use crate::audience::ClientKind;

/// Every simulated stream has 2 Mbit/s: bytes per millisecond.
const BYTES_PER_MS: u64 = 250;
const KBIT_PER_STREAM: f64 = 2_000.0;

impl SimulatedNode {
    /// The report of this moment.
    pub(super) fn report(&self, max_memory: u64) -> Report {
        let now = self.clock.now();
        let mut service = self.service.lock();
        service.account(now);
        let publishers = service.count(ClientKind::Publisher);
        let viewers = service.count(ClientKind::Viewer);
        let clients = publishers.saturating_add(viewers);
        let load = f64::from(clients) / f64::from(self.capacity.max(1));
        // An eighth for the service itself, up to a quarter more for clients.
        let used = max_memory as f64 * (0.125 + 0.25 * load.min(1.0));
        Report {
            client_count: clients,
            publisher_count: publishers,
            subscriber_count: viewers,
            restreamer_count: service.links.outgoing(),
            edge_proxy_count: u32::try_from(service.links.children().len()).unwrap_or(u32::MAX),
            free_memory: max_memory.saturating_sub(used as u64),
            max_memory,
            uptime_ms: now.since(service.started_at).0,
            last_traffic_time: service.last_traffic.map_or(0, |at| at.0),
            parents: service.links.reported(),
            streams: service.streams(now),
            delta: false,
            metrics: metrics(&service, load),
        }
    }
}

impl Service {
    /// Adds what was sent since the last report to the streams' totals.
    fn account(&mut self, now: UtcMs) {
        let elapsed = now.since(self.accounted_at.max(self.started_at)).0;
        self.accounted_at = now;
        let mut sent = BTreeMap::new();
        for stream in self.held() {
            let before = self.sent.get(&stream).copied().unwrap_or_default();
            let more = elapsed * BYTES_PER_MS * u64::from(self.viewers_of(&stream));
            sent.insert(stream, before + more);
        }
        self.sent = sent;
    }

    fn held(&self) -> Vec<StreamName> {
        let publishers = self
            .clients()
            .filter(|client| client.kind == ClientKind::Publisher);
        let published = publishers.map(|client| &client.stream);
        let pulled = self.links.restreams().keys();
        published.chain(pulled).cloned().collect()
    }

    fn streams(&self, now: UtcMs) -> Vec<StreamReport> {
        let line = |stream: &StreamName, kind, since: UtcMs| StreamReport {
            scope: stream.scope.clone(),
            name: stream.name.clone(),
            kind,
            start_time: since.0,
            subscribers: self.viewers_of(stream),
            bytes_in: now.since(since).0 * BYTES_PER_MS,
            bytes_out: self.sent.get(stream).copied().unwrap_or_default(),
            codec: Some("h264+aac".to_owned()),
            ended: false,
        };
        let publishers = self
            .clients()
            .filter(|client| client.kind == ClientKind::Publisher);
        let published =
            publishers.map(|client| line(&client.stream, StreamKind::Publish, client.since));
        let restreams = self.links.restreams().iter();
        let pulled =
            restreams.map(|(stream, pulled)| line(stream, StreamKind::Restream, pulled.since));
        published.chain(pulled).collect()
    }
}

fn metrics(service: &Service, load: f64) -> BTreeMap<String, f64> {
    let viewers = f64::from(service.count(ClientKind::Viewer));
    let publishers = f64::from(service.count(ClientKind::Publisher));
    let pulled = service.links.restreams().len() as f64;
    let outgoing = f64::from(service.links.outgoing());
    let figures = [
        ("cpu.processors", 2.0),
        ("cpu.process.load", (0.03 + 0.6 * load).min(1.0)),
        ("connections.publisher", publishers),
        ("connections.subscriber", viewers),
        ("connections.client", publishers + viewers),
        ("network.ingress", (publishers + pulled) * KBIT_PER_STREAM),
        ("network.egress", (viewers + outgoing) * KBIT_PER_STREAM),
    ];
    figures
        .into_iter()
        .map(|(name, value)| (name.to_owned(), value))
        .collect()
}

/// A publisher started.
pub(super) fn published(stream: &StreamName, since: UtcMs) -> Body {
    Body::Publish(PublishNotice {
        scope: stream.scope.clone(),
        name: stream.name.clone(),
        start_time: since.0,
        end_time: None,
        reason: None,
    })
}

/// A publisher ended; `reason` is `client` or `kicked`.
pub(super) fn unpublished(stream: &StreamName, since: UtcMs, now: UtcMs, reason: &str) -> Body {
    Body::Unpublish(PublishNotice {
        scope: stream.scope.clone(),
        name: stream.name.clone(),
        start_time: since.0,
        end_time: Some(now.0),
        reason: Some(reason.to_owned()),
    })
}
