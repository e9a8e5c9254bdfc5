//! What a node may hold, and who publishes what.

use super::*;

const NODE: NodeNo = NodeNo(1);

fn line(name: &str, kind: StreamKind) -> StreamReport {
    StreamReport {
        scope: "live".to_owned(),
        name: name.to_owned(),
        kind,
        start_time: 1,
        subscribers: 0,
        bytes_in: 0,
        bytes_out: 0,
        codec: None,
        ended: false,
    }
}

fn lines(prefix: &str, count: usize) -> Vec<StreamReport> {
    let named = |n| line(&format!("{prefix}{n}"), StreamKind::Publish);
    (0..count).map(named).collect()
}

fn names(prefix: &str, count: usize) -> Vec<StreamName> {
    let named = |n| StreamName::new("live", &format!("{prefix}{n}"));
    (0..count).map(named).collect()
}

#[test]
fn a_node_has_room_for_what_it_holds_and_for_more_up_to_the_bound() {
    let mut index = StreamIndex::default();
    index.reported(NODE, &lines("a", MOST_STREAMS), false);
    let room = |index: &StreamIndex, prefix: &str, count| {
        index.has_room(NODE, names(prefix, count).iter())
    };
    assert!(room(&index, "b", MOST_STREAMS));
    assert!(!room(&index, "b", MOST_STREAMS + 1));
    assert!(room(&index, "a", MOST_STREAMS), "held already");
    let twice: Vec<_> = names("b", MOST_STREAMS)
        .into_iter()
        .chain(names("b", MOST_STREAMS))
        .collect();
    assert!(index.has_room(NODE, twice.iter()), "the same ones");
    index.reported(NODE, &lines("b", MOST_STREAMS), true);
    assert!(!room(&index, "c", 1));
    assert!(
        index.has_room(NodeNo(2), names("c", 1).iter()),
        "another node"
    );
}

#[test]
fn a_full_list_always_fits_and_two_of_them_do_not_add_up() {
    let mut index = StreamIndex::default();
    for prefix in ["a", "b", "c", "d"] {
        index.reported(NODE, &lines(prefix, MOST_STREAMS), false);
        index.reported(NODE, &lines(&format!("{prefix}x"), 500), true);
        assert!(index.count_on(NODE) as usize <= MOST_HELD);
    }
    let listed = names("d", MOST_STREAMS);
    assert!(
        listed
            .iter()
            .all(|stream| index.publishers(stream).next().is_some())
    );
}

#[test]
fn publishers_follow_what_nodes_say_of_a_stream() {
    let mut index = StreamIndex::default();
    let stream = StreamName::new("live", "s");
    let publishers = |index: &StreamIndex| index.publishers(&stream).collect::<Vec<_>>();
    for no in [3, 1, 2] {
        index.reported(NodeNo(no), &[line("s", StreamKind::Restream)], false);
    }
    assert!(publishers(&index).is_empty());
    index.published(NodeNo(2), &stream, UtcMs(5));
    index.reported(NodeNo(1), &[line("s", StreamKind::Publish)], false);
    assert_eq!(publishers(&index), [NodeNo(1), NodeNo(2)]);
    index.reported(NodeNo(2), &[line("s", StreamKind::Restream)], true);
    assert_eq!(publishers(&index), [NodeNo(1)]);
    index.clear(true, |_| false);
    assert!(publishers(&index).is_empty(), "hidden");
    index.forget(NodeNo(1));
    index.published(NodeNo(3), &stream, UtcMs(9));
    assert_eq!(publishers(&index), [NodeNo(3)]);
    assert_eq!(index.holder_count(&stream), 2);
}
