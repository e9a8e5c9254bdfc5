use weir_core::ids::NodeNo;
use weir_core::report::{Boot, Report, StreamReport};
use weir_core::stream::{StreamKind, StreamName};
use weir_core::units::UtcMs;

use super::{Content, EVENT_CAPACITY, Letter, Mailbox, NodeNotice, Verdict};

const NODE: NodeNo = NodeNo(7);

fn boot(started_ms: u64) -> Boot {
    Boot {
        started_ms,
        word: "a".to_owned(),
    }
}

fn letter(started_ms: u64, seq: u64, content: Option<Content>) -> Letter {
    Letter {
        no: NODE,
        boot: boot(started_ms),
        seq,
        acknowledged: Vec::new(),
        content,
    }
}

fn load(clients: u32) -> Option<Content> {
    Some(Content::Report(Report {
        client_count: clients,
        ..Report::default()
    }))
}

fn stream(name: &str, ended: bool) -> StreamReport {
    StreamReport {
        scope: "live".to_owned(),
        name: name.to_owned(),
        kind: StreamKind::Publish,
        start_time: 1,
        subscribers: 0,
        bytes_in: 0,
        bytes_out: 0,
        codec: None,
        ended,
    }
}

fn streams(names: &[(&str, bool)], delta: bool) -> Option<Content> {
    let streams = names
        .iter()
        .map(|(name, ended)| stream(name, *ended))
        .collect();
    Some(Content::Report(Report {
        streams,
        delta,
        ..Report::default()
    }))
}

fn notice() -> Option<Content> {
    Some(Content::Notice(NodeNotice::Published(
        StreamName::new("live", "s"),
        UtcMs(1),
    )))
}

fn newest(mailbox: &Mailbox) -> Option<(u64, Report)> {
    mailbox
        .drain()
        .heard
        .remove(&NODE)
        .and_then(|heard| heard.report)
        .map(|(seq, report, _)| (seq, report))
}

#[test]
fn the_newest_report_replaces_the_one_before_it() {
    let mailbox = Mailbox::default();
    for (seq, clients) in [(1, 5), (2, 6), (3, 7)] {
        assert_eq!(
            mailbox.put(letter(1, seq, load(clients)), UtcMs(0)),
            Verdict::Taken { gap: false }
        );
    }
    let (seq, report) = newest(&mailbox).expect("a report is kept");
    assert_eq!((seq, report.client_count), (3, 7));
    assert!(mailbox.is_empty());
}

#[test]
fn an_older_message_changes_nothing() {
    let mailbox = Mailbox::default();
    mailbox.put(letter(5, 4, load(4)), UtcMs(0));
    assert_eq!(
        mailbox.put(letter(5, 4, load(9)), UtcMs(0)),
        Verdict::Duplicate
    );
    assert_eq!(
        mailbox.put(letter(5, 3, load(9)), UtcMs(0)),
        Verdict::Duplicate
    );
    assert_eq!(
        mailbox.put(letter(4, 99, load(9)), UtcMs(0)),
        Verdict::OldBoot
    );
    assert_eq!(
        newest(&mailbox).map(|(_, report)| report.client_count),
        Some(4)
    );
}

#[test]
fn a_restarted_service_begins_anew_and_its_old_events_are_void() {
    let mailbox = Mailbox::default();
    mailbox.put(letter(1, 1, load(9)), UtcMs(0));
    mailbox.put(letter(1, 2, notice()), UtcMs(0));
    assert_eq!(
        mailbox.put(letter(2, 1, load(0)), UtcMs(0)),
        Verdict::Taken { gap: false }
    );
    let batch = mailbox.drain();
    assert!(batch.events.is_empty());
    assert_eq!(batch.heard[&NODE].boot, boot(2));
}

#[test]
fn a_skipped_number_is_told() {
    let mailbox = Mailbox::default();
    mailbox.put(letter(1, 1, load(0)), UtcMs(0));
    assert_eq!(
        mailbox.put(letter(1, 3, load(0)), UtcMs(0)),
        Verdict::Taken { gap: true }
    );
}

#[test]
fn after_a_restart_of_the_manager_old_boots_are_refused_and_no_gap_is_seen() {
    let mailbox = Mailbox::default();
    mailbox.expect_boot(NODE, &boot(5));
    assert_eq!(
        mailbox.put(letter(4, 1, load(0)), UtcMs(0)),
        Verdict::OldBoot
    );
    assert_eq!(
        mailbox.put(letter(5, 40, load(0)), UtcMs(0)),
        Verdict::Taken { gap: false }
    );
}

#[test]
fn a_delta_takes_along_the_streams_it_builds_on() {
    let mailbox = Mailbox::default();
    mailbox.put(
        letter(1, 1, streams(&[("a", false), ("b", false)], false)),
        UtcMs(0),
    );
    mailbox.put(
        letter(1, 2, streams(&[("b", true), ("c", false)], true)),
        UtcMs(0),
    );
    let (_, report) = newest(&mailbox).expect("a report is kept");
    let names: Vec<&str> = report
        .streams
        .iter()
        .map(|stream| stream.name.as_str())
        .collect();
    assert_eq!(names, ["a", "c"]);
    assert!(
        !report.delta,
        "the full report underneath makes the whole one full"
    );
}

#[test]
fn events_are_never_overwritten_and_bounded() {
    let mailbox = Mailbox::default();
    let capacity = EVENT_CAPACITY as u64;
    for seq in 1..=capacity {
        assert_eq!(
            mailbox.put(letter(1, seq, notice()), UtcMs(0)),
            Verdict::Taken { gap: false }
        );
    }
    assert_eq!(
        mailbox.put(letter(1, capacity + 1, notice()), UtcMs(0)),
        Verdict::Full
    );
    assert_eq!(
        mailbox.put(letter(1, capacity + 1, load(1)), UtcMs(0)),
        Verdict::Taken { gap: false }
    );
    assert_eq!(mailbox.drain().events.len(), EVENT_CAPACITY);
}
