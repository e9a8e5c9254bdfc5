//! A message as it is spelled: one flat object, read in one pass. Which members it may have depends on its `type`;
//! members of other types are read and dropped.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::{
    Body, Boot, Envelope, Message, ParentLink, PublishNotice, Report, RoleRequest, Software,
    StreamReport,
};

/// Every member of every type of message.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Wire {
    v: u32,
    #[serde(rename = "type")]
    kind: Option<Kind>,
    node_id: Option<String>,
    platform_id: Option<String>,
    public_ip: Option<String>,
    private_ip: Option<String>,
    hostname: Option<String>,
    boot: Boot,
    seq: u64,
    timestamp: u64,
    #[serde(default)]
    ack: Vec<String>,
    software: Option<Software>,
    scope: Option<String>,
    name: Option<String>,
    #[serde(default)]
    start_time: u64,
    end_time: Option<u64>,
    reason: Option<String>,
    #[serde(default)]
    client_count: u32,
    #[serde(default)]
    publisher_count: u32,
    #[serde(default)]
    subscriber_count: u32,
    #[serde(default)]
    restreamer_count: u32,
    #[serde(default)]
    edge_proxy_count: u32,
    #[serde(default)]
    free_memory: u64,
    #[serde(default)]
    max_memory: u64,
    #[serde(default)]
    uptime_ms: u64,
    #[serde(default)]
    last_traffic_time: u64,
    #[serde(default)]
    parents: Vec<ParentLink>,
    #[serde(default)]
    streams: Vec<StreamReport>,
    #[serde(default)]
    delta: bool,
    #[serde(default)]
    metrics: BTreeMap<String, f64>,
}

#[derive(Deserialize)]
#[serde(rename_all = "lowercase")]
enum Kind {
    Role,
    Report,
    Publish,
    Unpublish,
    Bye,
}

/// A member that its type of message needs is not there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(super) enum Missing {
    #[error("type must be role, report, publish, unpublish or bye")]
    Type,
    #[error("missing field `{0}`")]
    Member(&'static str),
}

impl TryFrom<Wire> for Message {
    type Error = Missing;

    fn try_from(wire: Wire) -> Result<Self, Missing> {
        let envelope = Envelope {
            v: wire.v,
            node_id: wire.node_id,
            platform_id: wire.platform_id,
            public_ip: wire.public_ip,
            private_ip: wire.private_ip,
            hostname: wire.hostname,
            boot: wire.boot,
            seq: wire.seq,
            timestamp: wire.timestamp,
            ack: wire.ack,
        };
        let notice = |scope: Option<String>, name: Option<String>| {
            Ok(PublishNotice {
                scope: scope.ok_or(Missing::Member("scope"))?,
                name: name.ok_or(Missing::Member("name"))?,
                start_time: wire.start_time,
                end_time: wire.end_time,
                reason: wire.reason,
            })
        };
        let body = match wire.kind.ok_or(Missing::Type)? {
            Kind::Role => Body::Role(RoleRequest {
                software: wire.software,
            }),
            Kind::Publish => Body::Publish(notice(wire.scope, wire.name)?),
            Kind::Unpublish => Body::Unpublish(notice(wire.scope, wire.name)?),
            Kind::Bye => Body::Bye {},
            Kind::Report => Body::Report(Report {
                client_count: wire.client_count,
                publisher_count: wire.publisher_count,
                subscriber_count: wire.subscriber_count,
                restreamer_count: wire.restreamer_count,
                edge_proxy_count: wire.edge_proxy_count,
                free_memory: wire.free_memory,
                max_memory: wire.max_memory,
                uptime_ms: wire.uptime_ms,
                last_traffic_time: wire.last_traffic_time,
                parents: wire.parents,
                streams: wire.streams,
                delta: wire.delta,
                metrics: wire.metrics,
            }),
        };
        Ok(Self { envelope, body })
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]

    use super::*;

    /// As written by an agent that spells every member.
    const REPORT: &str = r#"{"type":"report","v":1,"nodeId":"node-1","boot":"7-ab","seq":3,"timestamp":9,"ack":["c1"],
        "clientCount":4,"publisherCount":1,"subscriberCount":3,"restreamerCount":2,"edgeProxyCount":1,"freeMemory":5,
        "maxMemory":6,"uptimeMs":7,"lastTrafficTime":8,"parents":[{"address":"10.0.0.1","state":"established"}],
        "streams":[{"scope":"live","name":"s","subscribers":3}],"delta":true,"metrics":{"cpu":0.5},
        "somethingNewer":{"deep":[1]}}"#;

    #[test]
    fn every_member_of_a_report_is_kept() {
        let message: Message = serde_json::from_str(REPORT).unwrap();
        assert_eq!(message.envelope.ack, ["c1"]);
        let Body::Report(report) = &message.body else {
            panic!("{message:?}")
        };
        let counts = (
            report.client_count,
            report.publisher_count,
            report.subscriber_count,
            report.restreamer_count,
            report.edge_proxy_count,
        );
        assert_eq!(counts, (4, 1, 3, 2, 1));
        let rest = (
            report.free_memory,
            report.max_memory,
            report.uptime_ms,
            report.last_traffic_time,
        );
        assert_eq!(rest, (5, 6, 7, 8));
        assert!(report.delta && report.parents.len() == 1 && report.streams.len() == 1);
        assert_eq!(report.metrics.get("cpu"), Some(&0.5));
    }

    #[test]
    fn each_kind_reads_what_it_writes() {
        let notice = r#""scope":"live","name":"s","startTime":1,"endTime":2,"reason":"client""#;
        let software = r#""software":{"name":"m","version":"2","capabilities":["push"]}"#;
        for (kind, members) in [
            ("role", software),
            ("report", r#""clientCount":1"#),
            ("publish", notice),
            ("unpublish", notice),
            ("bye", r#""nodeId":null"#),
        ] {
            let text = format!(
                r#"{{"v":1,"type":"{kind}","boot":"1-a","seq":1,"timestamp":1,{members}}}"#
            );
            let message: Message = serde_json::from_str(&text).unwrap();
            let written = serde_json::to_value(&message).unwrap();
            assert_eq!(written["type"], kind);
            let again: Message = serde_json::from_value(written).unwrap();
            assert_eq!(again, message, "{text}");
        }
    }

    #[test]
    fn a_stream_that_is_announced_needs_its_name() {
        let text = r#"{"v":1,"type":"publish","boot":"1-a","seq":1,"timestamp":1,"scope":"live"}"#;
        let wrong = serde_json::from_str::<Message>(text).unwrap_err();
        assert!(
            wrong.to_string().contains("missing field `name`"),
            "{wrong}"
        );
    }
}
