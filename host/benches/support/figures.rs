//! What nodes have to report.

use std::ops::Range;

use weir_core::node::{Node, Role};
use weir_core::report::{ParentLink, Report, StreamReport};
use weir_core::stream::StreamKind;

/// A node's figures but for its clients: streams `live/stream-N`, links to these parents.
pub fn figures(node: &Node, parents: &[&Node], streams: Range<u32>) -> Report {
    let link = |parent: &&Node| ParentLink {
        address: parent.private_address.clone().unwrap_or_default(),
        state: "established".to_owned(),
    };
    let kind = match node.role {
        Role::Origin => StreamKind::Publish,
        Role::Edge | Role::Relay | Role::Transcoder => StreamKind::Restream,
    };
    let stream = |number: u32| StreamReport {
        scope: "live".to_owned(),
        name: format!("stream-{number}"),
        kind,
        start_time: 1_700_000_100_000,
        subscribers: 10,
        bytes_in: 123_456_789,
        bytes_out: 1_234_567_890,
        codec: None,
        ended: false,
    };
    let metric = |(name, value): (&str, f64)| (name.to_owned(), value);
    let metrics = [
        ("cpu.load", 0.42),
        ("network.in-mbps", 310.5),
        ("network.out-mbps", 870.25),
        ("jvm.threads", 182.0),
    ];
    Report {
        edge_proxy_count: 2,
        free_memory: 3_000_000_000,
        max_memory: 4_000_000_000,
        uptime_ms: 7_200_000,
        last_traffic_time: 1_700_000_199_000,
        parents: parents.iter().map(link).collect(),
        streams: streams.map(stream).collect(),
        metrics: metrics.into_iter().map(metric).collect(),
        ..Report::default()
    }
}

/// The same with so many clients.
pub fn with_clients(figures: &Report, role: Role, clients: u32) -> Report {
    let subscribers = if role == Role::Edge { clients } else { 0 };
    Report {
        client_count: clients,
        publisher_count: clients - subscribers,
        subscriber_count: subscribers,
        ..figures.clone()
    }
}
