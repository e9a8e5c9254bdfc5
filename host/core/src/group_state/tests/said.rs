//! What follows from the streams, links and metrics that nodes report.

use std::collections::{BTreeMap, BTreeSet};

use super::story::Story;
use crate::group_state::linking::watched_origins;
use crate::ids::NodeNo;
use crate::report::{Order, Parent, ParentLink, Report, StreamReport};
use crate::snapshot::Metric;
use crate::stream::{StreamKind, StreamName};
use crate::topology::Reach;

fn line(name: &str, kind: StreamKind, subscribers: u32) -> StreamReport {
    StreamReport {
        scope: "live".to_owned(),
        name: name.to_owned(),
        kind,
        start_time: 1,
        subscribers,
        bytes_in: 0,
        bytes_out: 0,
        codec: None,
        ended: false,
    }
}

fn holding(streams: Vec<StreamReport>) -> Report {
    Report {
        streams,
        ..Report::default()
    }
}

fn publishing(name: &str) -> Report {
    holding(vec![line(name, StreamKind::Publish, 0)])
}

#[test]
fn what_is_published_is_known_when_every_origin_has_listed_its_streams() {
    let mut story = Story::serving(2);
    let [origin, _, edge, _] = story.in_service()[..] else {
        panic!("an origin, a relay and two edges")
    };
    assert!(story.state.knows_streams(story.now));
    story.later(1_000);
    story.restart();
    assert!(!story.state.knows_streams(story.now));
    story.report(edge, 0);
    assert!(
        !story.state.knows_streams(story.now),
        "edges publish nothing"
    );
    let delta = Report {
        delta: true,
        ..publishing("one")
    };
    story.say(origin, &delta);
    assert!(
        !story.state.knows_streams(story.now),
        "not all it publishes"
    );
    story.say(origin, &publishing("one"));
    assert!(story.state.knows_streams(story.now));
    story.later(1_000);
    story.state.listen_anew(story.now);
    assert!(
        !story.state.knows_streams(story.now),
        "much may have changed"
    );
    story.later(30_000);
    assert!(!story.state.knows_streams(story.now));
    story.later(1);
    assert!(story.state.knows_streams(story.now), "it had its time");
}

#[test]
fn a_delta_that_builds_on_nothing_shows_that_the_list_is_missing() {
    let mut story = Story::serving(2);
    let origin = story.in_service()[0];
    let delta = Report {
        delta: true,
        ..publishing("one")
    };
    assert!(!story.say(origin, &delta).list_missing);
    story.restart();
    assert!(story.say(origin, &delta).list_missing);
    assert!(!story.say(origin, &publishing("one")).list_missing);
    assert!(!story.say(origin, &delta).list_missing);
    story.restart_service(origin);
    assert!(story.say(origin, &delta).list_missing, "nor of this boot");
}

#[test]
fn an_edge_watches_the_origins_of_the_streams_that_have_viewers() {
    let mut story = Story::serving(2);
    let (origin, edge) = (story.in_service()[0], story.in_service()[2]);
    story.say(origin, &publishing("one"));
    let watched = |story: &Story| {
        let member = story.state.member(edge).expect("it is there");
        watched_origins(member, story.state.streams())
    };
    let pulled = |subscribers| vec![line("one", StreamKind::Restream, subscribers)];
    story.say(edge, &holding(pulled(0)));
    assert_eq!(watched(&story), BTreeSet::new(), "held, and nobody watches");
    story.say(edge, &holding(pulled(1)));
    assert_eq!(watched(&story), BTreeSet::from([origin]));
    let uncounted = Report {
        subscriber_count: 2,
        ..holding(pulled(0))
    };
    story.say(edge, &uncounted);
    assert_eq!(
        watched(&story),
        BTreeSet::from([origin]),
        "some of them may"
    );
}

#[test]
fn a_stream_comes_to_an_edge_as_the_links_are_reported() {
    let mut story = Story::serving(1);
    let [origin, edge, relay] = story.in_service()[..] else {
        panic!("an origin, an edge and a relay")
    };
    let link = |story: &Story, parent: NodeNo, state: &str| Report {
        parents: vec![ParentLink {
            address: story.node(parent).address.clone().expect("it runs"),
            state: state.to_owned(),
        }],
        ..Report::default()
    };
    story.say(origin, &publishing("one"));
    let wanted = [(edge, origin)];
    story.state.relink(&wanted, &mut String::new, story.now);
    let told = |story: &Story, no| {
        let member = story.state.member(no).expect("it is there");
        let orders = member.commands.iter().map(|command| &command.order);
        let parents = orders.filter_map(|order| {
            let Order::Link { parent } = order else {
                return None;
            };
            Some(parent.address.clone())
        });
        parents.collect::<Vec<_>>()
    };
    let address = |no| story.node(no).address.clone().expect("it runs");
    assert_eq!(told(&story, relay), [address(origin)]);
    assert_eq!(told(&story, edge), [address(relay)]);
    let stream = StreamName::new("live", "one");
    let reach = |story: &Story| {
        let ways = story.state.ways_to(&stream).expect("it is published");
        ways.of(edge)
    };
    assert_eq!(reach(&story), Reach::Linkable(origin));
    story.say(edge, &link(&story, relay, "established"));
    assert_eq!(
        reach(&story),
        Reach::Linkable(origin),
        "the relay has it not"
    );
    story.say(relay, &link(&story, origin, "established"));
    assert_eq!(reach(&story), Reach::Standing);
    story.say(relay, &link(&story, origin, "error"));
    assert_eq!(reach(&story), Reach::CutOff);
    let nobody = StreamName::new("live", "two");
    assert!(story.state.ways_to(&nobody).is_none());
}

#[test]
fn of_orders_about_one_parent_the_newest_stays() {
    let mut story = Story::serving(1);
    let edge = story.in_service()[2];
    let parent = |address: &str| Parent {
        node_id: address.to_owned(),
        address: address.to_owned(),
        port: 1935,
    };
    let link = |address| Order::Link {
        parent: parent(address),
    };
    let unlink = |address| Order::Unlink {
        parent: parent(address),
    };
    let ids = |story: &Story| {
        let member = story.state.member(edge).expect("it is there");
        let ids = member.commands.iter().map(|command| command.id.clone());
        ids.collect::<Vec<_>>()
    };
    let orders = [
        (link("a"), "1"),
        (link("b"), "2"),
        (link("a"), "3"),
        (unlink("a"), "4"),
        (link("a"), "5"),
    ];
    let mut waiting = Vec::new();
    for (order, id) in orders {
        story.state.order(edge, order, id.to_owned(), story.now);
        waiting.push(ids(&story));
    }
    let expected = [
        vec!["1"],
        vec!["1", "2"],
        vec!["1", "2"],
        vec!["2", "4"],
        vec!["2", "5"],
    ];
    assert_eq!(waiting, expected);
}

#[test]
fn names_that_one_node_makes_up_do_not_push_out_those_of_the_others() {
    let mut story = Story::serving(3);
    let edges = story.in_service().split_off(2);
    let metrics = |prefix: &str, count| -> BTreeMap<String, f64> {
        let named = |n| (format!("{prefix}{n}"), 1.0);
        (0..count).map(named).collect()
    };
    let mut wild = metrics("aaa", 256);
    let shared = metrics("cpu", 10);
    for edge in &edges[1..] {
        let report = Report {
            metrics: shared.clone(),
            ..Report::default()
        };
        story.say(*edge, &report);
    }
    wild.extend(shared.clone());
    let report = Report {
        metrics: wild,
        ..Report::default()
    };
    story.say(edges[0], &report);
    let columns: Vec<Metric> = story.state.snapshot(1, story.now).metrics;
    assert_eq!(columns.len(), 256);
    let names: BTreeSet<&str> = columns.iter().map(|column| column.name.as_str()).collect();
    assert!(shared.keys().all(|name| names.contains(name.as_str())));
}
