//! Each bound: at it a message is taken, over it the member is named with the mend.

use std::collections::BTreeMap;

use super::*;
use crate::report::{Boot, FORMAT_VERSION, ParentLink, Software};
use crate::stream::StreamKind;

fn message(body: Body) -> Message {
    Message {
        envelope: Envelope {
            v: FORMAT_VERSION,
            node_id: None,
            platform_id: None,
            public_ip: None,
            private_ip: None,
            hostname: None,
            boot: Boot {
                started_ms: 1,
                word: "a".to_owned(),
            },
            seq: 1,
            timestamp: 1,
            ack: Vec::new(),
        },
        body,
    }
}

fn enveloped(edit: impl FnOnce(&mut Envelope)) -> Message {
    let mut message = message(Body::Bye {});
    edit(&mut message.envelope);
    message
}

fn report(edit: impl FnOnce(&mut Report)) -> Message {
    let mut report = Report::default();
    edit(&mut report);
    message(Body::Report(report))
}

fn software(edit: impl FnOnce(&mut Software)) -> Message {
    let mut software = Software::default();
    edit(&mut software);
    message(Body::Role(RoleRequest {
        software: Some(software),
    }))
}

fn notice(name: String, reason: String) -> PublishNotice {
    PublishNotice {
        scope: "live".to_owned(),
        name,
        start_time: 1,
        end_time: None,
        reason: Some(reason),
    }
}

fn stream(name: String, codec: String) -> StreamReport {
    StreamReport {
        scope: "live".to_owned(),
        name,
        kind: StreamKind::Publish,
        start_time: 1,
        subscribers: 0,
        bytes_in: 0,
        bytes_out: 0,
        codec: Some(codec),
        ended: false,
    }
}

/// So many characters of more than one byte.
fn wide(count: usize) -> String {
    "ä".repeat(count)
}

/// Named as in the error, a maker of messages of a size, and the largest size taken.
type Case = (&'static str, fn(usize) -> Message, usize);

const CASES: [Case; 18] = [
    (
        "nodeId",
        |n| enveloped(|it| it.node_id = Some(wide(n))),
        255,
    ),
    (
        "platformId",
        |n| enveloped(|it| it.platform_id = Some(wide(n))),
        255,
    ),
    (
        "publicIp",
        |n| enveloped(|it| it.public_ip = Some(wide(n))),
        255,
    ),
    (
        "privateIp",
        |n| enveloped(|it| it.private_ip = Some(wide(n))),
        255,
    ),
    (
        "hostname",
        |n| enveloped(|it| it.hostname = Some(wide(n))),
        255,
    ),
    (
        "ack",
        |n| enveloped(|it| it.ack = vec!["c-1".to_owned(); n]),
        MOST_ACKS,
    ),
    (
        "ack[1]",
        |n| enveloped(|it| it.ack = vec![String::new(), wide(n)]),
        1_024,
    ),
    ("software.name", |n| software(|it| it.name = wide(n)), 255),
    (
        "software.version",
        |n| software(|it| it.version = wide(n)),
        255,
    ),
    (
        "software.capabilities",
        |n| software(|it| it.capabilities = vec!["publish".to_owned(); n]),
        MOST_CAPABILITIES,
    ),
    (
        "software.capabilities[0]",
        |n| software(|it| it.capabilities = vec![wide(n)]),
        255,
    ),
    (
        "parents",
        |n| report(|it| it.parents = vec![parent("a", "b"); n]),
        MOST_PARENTS,
    ),
    (
        "parents[0].address",
        |n| report(|it| it.parents = vec![parent(&wide(n), "b")]),
        255,
    ),
    (
        "parents[0].state",
        |n| report(|it| it.parents = vec![parent("a", &wide(n))]),
        255,
    ),
    (
        "streams",
        |n| report(|it| it.streams = vec![stream("s".to_owned(), String::new()); n]),
        MOST_STREAMS,
    ),
    (
        "streams[0].codec",
        |n| report(|it| it.streams = vec![stream("s".to_owned(), wide(n))]),
        255,
    ),
    (
        "metrics",
        |n| report(|it| it.metrics = metrics(n)),
        MOST_METRICS,
    ),
    (
        "reason",
        |n| message(Body::Unpublish(notice("s".to_owned(), wide(n)))),
        255,
    ),
];

fn parent(address: &str, state: &str) -> ParentLink {
    ParentLink {
        address: address.to_owned(),
        state: state.to_owned(),
    }
}

fn metrics(count: usize) -> BTreeMap<String, f64> {
    (0..count).map(|n| (format!("m{n}"), 1.0)).collect()
}

#[test]
fn what_is_at_its_bound_is_taken_and_what_is_over_it_is_named() {
    for (field, make, most) in CASES {
        assert_eq!(make(most).check_bounds(), Ok(()), "{field}");
        let error = make(most + 1).check_bounds().expect_err(field);
        assert_eq!(error.field, field);
        for number in [most, most + 1] {
            assert!(error.problem.contains(&number.to_string()), "{error}");
        }
    }
}

#[test]
fn scope_and_name_have_as_many_characters_as_a_client_may_ask_for() {
    let slash = "live/".len();
    for (field, make) in [
        (
            "name",
            (|n| message(Body::Publish(notice(wide(n), String::new())))) as fn(usize) -> Message,
        ),
        ("name", |n| {
            message(Body::Unpublish(notice(wide(n), String::new())))
        }),
        ("streams[0]", |n| {
            report(|it| it.streams = vec![stream(wide(n), String::new())])
        }),
    ] {
        assert_eq!(make(MOST_PATH_CHARS - slash).check_bounds(), Ok(()));
        let error = make(MOST_PATH_CHARS - slash + 1)
            .check_bounds()
            .expect_err(field);
        assert_eq!(error.field, field);
        assert!(error.problem.contains("leave the stream out"), "{error}");
    }
}

#[test]
fn a_metrics_name_has_at_most_128_characters() {
    let named = |n| report(|it| it.metrics = BTreeMap::from([(wide(n), 1.0)]));
    assert_eq!(named(128).check_bounds(), Ok(()));
    let error = named(129).check_bounds().expect_err("one over");
    assert!(error.field.starts_with("metrics.ää"), "{error}");
    assert!(
        error.field.chars().count() < 60,
        "what is too long is not said whole: {error}"
    );
}
