use weir_core::group_state::{MOST_HELD, StreamIndex};
use weir_core::ids::NodeNo;
use weir_core::report::{Boot, MOST_ACKS, MOST_STREAMS, Report, StreamReport};
use weir_core::stream::{StreamKind, StreamName};
use weir_core::units::UtcMs;

use super::{Content, EVENT_CAPACITY, EVENTS_OF_NODE, Letter, Mailbox, NodeNotice, Verdict};

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

fn put(mailbox: &Mailbox, letter: Letter) -> Verdict {
    mailbox.put(letter, &StreamIndex::default(), UtcMs(0))
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
            put(&mailbox, letter(1, seq, load(clients))),
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
    put(&mailbox, letter(5, 4, load(4)));
    assert_eq!(put(&mailbox, letter(5, 4, load(9))), Verdict::Duplicate);
    assert_eq!(put(&mailbox, letter(5, 3, load(9))), Verdict::Duplicate);
    assert_eq!(put(&mailbox, letter(4, 99, load(9))), Verdict::OldBoot);
    assert_eq!(
        newest(&mailbox).map(|(_, report)| report.client_count),
        Some(4)
    );
}

#[test]
fn a_restarted_service_begins_anew_and_its_old_events_are_void() {
    let mailbox = Mailbox::default();
    put(&mailbox, letter(1, 1, load(9)));
    put(&mailbox, letter(1, 2, notice()));
    assert_eq!(
        put(&mailbox, letter(2, 1, load(0))),
        Verdict::Taken { gap: false }
    );
    let batch = mailbox.drain();
    assert!(batch.events.is_empty());
    assert_eq!(batch.heard[&NODE].boot, boot(2));
}

#[test]
fn a_skipped_number_is_told() {
    let mailbox = Mailbox::default();
    put(&mailbox, letter(1, 1, load(0)));
    assert_eq!(
        put(&mailbox, letter(1, 3, load(0))),
        Verdict::Taken { gap: true }
    );
}

#[test]
fn after_a_restart_of_the_manager_old_boots_are_refused_and_no_gap_is_seen() {
    let mailbox = Mailbox::default();
    mailbox.expect_boot(NODE, &boot(5));
    assert_eq!(put(&mailbox, letter(4, 1, load(0))), Verdict::OldBoot);
    assert_eq!(
        put(&mailbox, letter(5, 40, load(0))),
        Verdict::Taken { gap: false }
    );
}

#[test]
fn a_delta_takes_along_the_streams_it_builds_on() {
    let mailbox = Mailbox::default();
    put(
        &mailbox,
        letter(1, 1, streams(&[("a", false), ("b", false)], false)),
    );
    put(
        &mailbox,
        letter(1, 2, streams(&[("b", true), ("c", false)], true)),
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
fn events_are_never_overwritten_and_bounded_for_each_node_and_for_all() {
    let mailbox = Mailbox::default();
    let taken = Verdict::Taken { gap: false };
    let of = |no: u32, seq: u64, content| Letter {
        no: NodeNo(no),
        ..letter(1, seq, content)
    };
    let share = EVENTS_OF_NODE as u64;
    let floods = (EVENT_CAPACITY / EVENTS_OF_NODE) as u32;
    for no in 1..=floods {
        for seq in 1..=share {
            assert_eq!(put(&mailbox, of(no, seq, notice())), taken, "{no}");
        }
        assert_eq!(put(&mailbox, of(no, share + 1, notice())), Verdict::Full);
    }
    assert_eq!(put(&mailbox, of(1, share + 1, load(1))), taken);
    assert_eq!(put(&mailbox, of(floods + 1, 1, notice())), Verdict::Full);
    assert_eq!(mailbox.drain().events.len(), EVENT_CAPACITY);
    assert_eq!(put(&mailbox, of(1, share + 2, notice())), taken);
}

/// A delta that lists so many streams, all called alike.
fn listing(prefix: &str, count: usize, delta: bool) -> Option<Content> {
    let names = (0..count).map(|n| stream(&format!("{prefix}{n}"), false));
    Some(Content::Report(Report {
        streams: names.collect(),
        delta,
        ..Report::default()
    }))
}

#[test]
fn streams_of_deltas_and_notices_are_bounded_wherever_they_wait() {
    let mailbox = Mailbox::default();
    let taken = Verdict::Taken { gap: false };
    let full = listing("a", MOST_STREAMS, false);
    assert_eq!(put(&mailbox, letter(1, 1, full)), taken);
    assert_eq!(
        put(&mailbox, letter(1, 2, listing("b", MOST_STREAMS - 1, true))),
        taken
    );
    let again = listing("b", MOST_STREAMS - 1, true);
    assert_eq!(put(&mailbox, letter(1, 3, again)), taken, "the same ones");
    assert_eq!(
        put(&mailbox, letter(1, 4, notice())),
        taken,
        "the last place"
    );
    assert_eq!(
        put(&mailbox, letter(1, 5, listing("c", 1, true))),
        Verdict::TooManyStreams
    );
    assert_eq!(
        put(&mailbox, letter(1, 5, notice())),
        taken,
        "known already"
    );
    let (_, report) = newest(&mailbox).expect("a report is kept");
    assert_eq!(report.streams.len() + 1, MOST_HELD);
}

#[test]
fn a_refused_message_leaves_no_trace_but_a_sign_of_life() {
    let mailbox = Mailbox::default();
    put(&mailbox, letter(1, 1, listing("a", MOST_STREAMS, false)));
    put(&mailbox, letter(1, 2, listing("b", MOST_STREAMS, true)));
    let over = || letter(1, 3, listing("c", 1, true));
    assert_eq!(put(&mailbox, over()), Verdict::TooManyStreams);
    mailbox.sign_of_life(NODE, boot(1), UtcMs(6));
    let heard = mailbox.drain().heard.remove(&NODE).expect("it lives");
    let (seq, report, arrival) = heard.report.expect("a report is kept");
    assert_eq!(
        (seq, report.streams.len(), arrival),
        (2, MOST_HELD, UtcMs(0))
    );
    assert_eq!(heard.at, UtcMs(6));
    let mended = letter(1, 3, listing("c", 1, false));
    let taken = Verdict::Taken { gap: false };
    assert_eq!(put(&mailbox, mended), taken, "the number was not used up");
}

#[test]
fn a_sign_of_life_of_an_old_boot_is_none() {
    let mailbox = Mailbox::default();
    put(&mailbox, letter(5, 1, load(1)));
    mailbox.drain();
    mailbox.sign_of_life(NODE, boot(4), UtcMs(6));
    assert!(mailbox.is_empty());
    mailbox.sign_of_life(NODE, boot(6), UtcMs(6));
    assert_eq!(put(&mailbox, letter(5, 2, load(1))), Verdict::OldBoot);
}

#[test]
fn acknowledgements_are_bounded_while_nobody_takes_them_out() {
    let mailbox = Mailbox::default();
    for seq in 1..=MOST_ACKS as u64 {
        let mut letter = letter(1, seq, None);
        letter.acknowledged = vec![format!("c-{seq}-a"), format!("c-{seq}-b")];
        put(&mailbox, letter);
    }
    assert_eq!(mailbox.drain().heard[&NODE].acknowledged.len(), MOST_ACKS);
}
