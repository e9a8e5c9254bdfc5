//! Paths on demand: when they are made, over which relay, and when they go.

use super::super::support::*;
use super::super::{LinkWord, Reach};
use super::*;
use crate::node::Role::{Edge, Origin, Relay};

const O: u32 = 1;
const EDGE: u32 = 5;

/// One origin, relays 2 and 3, an edge on relay 2; relay 2 lost the origin and has been refused ever since.
fn broken() -> (Topology, Vec<Member>) {
    let members = of(&[(O, Origin), (2, Relay), (3, Relay), (EDGE, Edge)]);
    let mut topology = standing(&members);
    assert_eq!(topology.parents(NodeNo(EDGE)), [NodeNo(2)]);
    turns(&mut topology, 2, O, LinkWord::Error, at(1));
    assert_eq!(topology.update(&members, at(1), PERIOD), []);
    (topology, members)
}

/// The same, with the path made.
fn mended() -> (Topology, Vec<Member>) {
    let (mut topology, members) = broken();
    topology.want_path(NodeNo(EDGE), NodeNo(O), at(2));
    assert_eq!(obey(&mut topology, &members, at(2)), [link(EDGE, 3)]);
    (topology, members)
}

fn rests(topology: &mut Topology, members: &[Member], now: UtcMs) {
    assert_eq!(topology.update(members, now, PERIOD), []);
}

#[test]
fn where_every_relay_has_every_origin_nothing_is_made_on_demand() {
    let members = of(&[(O, Origin), (2, Relay), (3, Relay), (EDGE, Edge)]);
    let mut topology = standing(&members);
    assert_eq!(reach(&topology, EDGE, O), Reach::Standing);
    topology.want_path(NodeNo(EDGE), NodeNo(O), at(1));
    rests(&mut topology, &members, at(1));
    assert!(topology.demand.all().next().is_none());
}

#[test]
fn without_relays_there_are_no_paths() {
    let members = of(&[(O, Origin), (EDGE, Edge)]);
    let mut topology = standing(&members);
    turns(&mut topology, EDGE, O, LinkWord::Error, at(1));
    topology.want_path(NodeNo(EDGE), NodeNo(O), at(2));
    rests(&mut topology, &members, at(2));
    assert_eq!(
        reach(&topology, EDGE, O),
        Reach::CutOff,
        "it failed, and rests"
    );
}

#[test]
fn edge_whose_relay_was_refused_gets_the_stream_over_another() {
    let (mut topology, members) = broken();
    assert_eq!(reach(&topology, EDGE, O), Reach::Linkable(NodeNo(O)));
    topology.want_path(NodeNo(EDGE), NodeNo(O), at(2));
    assert_eq!(topology.update(&members, at(2), PERIOD), [link(EDGE, 3)]);
    assert_eq!(
        reach(&topology, EDGE, O),
        Reach::Linkable(NodeNo(O)),
        "told, not there"
    );
    turns(&mut topology, EDGE, 3, LinkWord::Established, at(3));
    rests(&mut topology, &members, at(3));
    assert_eq!(reach(&topology, EDGE, O), Reach::OnDemand(NodeNo(O)));
    assert_eq!(topology.parents(NodeNo(EDGE)), [NodeNo(2), NodeNo(3)]);
    assert!(topology.is_on_demand(NodeNo(EDGE), NodeNo(3)));
    assert!(!topology.is_on_demand(NodeNo(EDGE), NodeNo(2)));
}

#[test]
fn wanting_a_path_again_and_again_makes_one() {
    let (mut topology, members) = broken();
    for second in 2..9 {
        topology.want_path(NodeNo(EDGE), NodeNo(O), at(second));
        let told = topology.update(&members, at(second), PERIOD).len();
        assert_eq!(told, usize::from(second == 2));
    }
    assert_eq!(topology.demand.all().count(), 1);
}

#[test]
fn path_that_nobody_watches_goes_after_the_threshold_and_not_before() {
    let (mut topology, members) = mended();
    look(&mut topology, &[], at(31));
    rests(&mut topology, &members, at(31));
    look(&mut topology, &[], at(32));
    assert_eq!(topology.update(&members, at(32), PERIOD), [unlink(EDGE, 3)]);
    turns(&mut topology, EDGE, 3, LinkWord::Disconnected, at(33));
    rests(&mut topology, &members, at(33));
    assert_eq!(topology.parents(NodeNo(EDGE)), [NodeNo(2)]);
    assert_eq!(
        reach(&topology, EDGE, O),
        Reach::Linkable(NodeNo(O)),
        "it can be made anew"
    );
}

#[test]
fn path_that_is_being_left_is_taken_again_when_somebody_asks() {
    let (mut topology, members) = mended();
    look(&mut topology, &[], at(32));
    assert_eq!(topology.update(&members, at(32), PERIOD), [unlink(EDGE, 3)]);
    topology.want_path(NodeNo(EDGE), NodeNo(O), at(33));
    assert_eq!(topology.update(&members, at(33), PERIOD), [link(EDGE, 3)]);
    turns(&mut topology, EDGE, 3, LinkWord::Established, at(34));
    look(&mut topology, &[], at(60));
    rests(&mut topology, &members, at(60));
    assert_eq!(reach(&topology, EDGE, O), Reach::OnDemand(NodeNo(O)));
}

#[test]
fn path_is_kept_while_it_has_viewers_and_for_the_threshold_after_the_last() {
    let (mut topology, members) = mended();
    for second in [30, 60, 80] {
        look(&mut topology, &[(EDGE, O)], at(second));
        rests(&mut topology, &members, at(second));
    }
    look(&mut topology, &[], at(109));
    rests(&mut topology, &members, at(109));
    look(&mut topology, &[], at(110));
    assert_eq!(
        topology.update(&members, at(110), PERIOD),
        [unlink(EDGE, 3)]
    );
}

#[test]
fn question_keeps_an_idle_path() {
    let (mut topology, members) = mended();
    topology.want_path(NodeNo(EDGE), NodeNo(O), at(31));
    look(&mut topology, &[], at(60));
    rests(&mut topology, &members, at(60));
    look(&mut topology, &[], at(61));
    assert_eq!(topology.update(&members, at(61), PERIOD), [unlink(EDGE, 3)]);
}

#[test]
fn viewers_of_another_origin_do_not_keep_a_path() {
    let mut members = of(&[
        (O, Origin),
        (9, Origin),
        (2, Relay),
        (3, Relay),
        (EDGE, Edge),
    ]);
    members.sort_by_key(|node| node.no);
    let mut topology = standing(&members);
    turns(&mut topology, 2, O, LinkWord::Error, at(1));
    turns(&mut topology, 3, 9, LinkWord::Error, at(1));
    topology.want_path(NodeNo(EDGE), NodeNo(O), at(2));
    assert_eq!(obey(&mut topology, &members, at(2)), [link(EDGE, 3)]);
    look(&mut topology, &[(EDGE, 9)], at(40));
    assert_eq!(topology.update(&members, at(40), PERIOD), [unlink(EDGE, 3)]);
}

#[test]
fn viewers_whose_stream_lost_its_way_get_another_without_asking() {
    let (mut topology, members) = broken();
    assert!(
        topology.check_due(at(3), DurationMs::secs(600)),
        "something broke"
    );
    look(&mut topology, &[(EDGE, O)], at(3));
    assert_eq!(topology.update(&members, at(3), PERIOD), [link(EDGE, 3)]);
    assert!(!topology.check_due(at(4), DurationMs::secs(600)));
}

#[test]
fn paths_are_looked_at_every_so_often() {
    let (mut topology, members) = mended();
    look(&mut topology, &[], at(4));
    rests(&mut topology, &members, at(4));
    let every = DurationMs::secs(30);
    assert!(!topology.check_due(at(33), every));
    assert!(topology.check_due(at(34), every));
}

#[test]
fn silent_nodes_keep_their_paths() {
    for silent in [EDGE, 3, O] {
        let (mut topology, mut members) = mended();
        set(&mut members, silent, |node| node.alive = false);
        rests(&mut topology, &members, at(10));
        look(&mut topology, &[], at(100));
        rests(&mut topology, &members, at(100));
        assert!(
            topology.parents(NodeNo(EDGE)).contains(&NodeNo(3)),
            "{silent} is silent"
        );
    }
}

#[test]
fn path_moves_off_a_relay_that_drains_and_the_old_link_goes_last() {
    let (mut topology, mut members) = mended();
    members.insert(3, member(4, Relay));
    says(&mut topology, 4, &[], at(10));
    assert_eq!(obey(&mut topology, &members, at(10)), [link(4, O)]);
    set(&mut members, 3, |node| node.leaving = true);
    rests(&mut topology, &members, at(11));
    assert!(topology.check_due(at(11), DurationMs::secs(600)));
    look(&mut topology, &[(EDGE, O)], at(12));
    assert_eq!(topology.update(&members, at(12), PERIOD), [link(EDGE, 4)]);
    look(&mut topology, &[(EDGE, O)], at(13));
    rests(&mut topology, &members, at(13));
    turns(&mut topology, EDGE, 4, LinkWord::Established, at(14));
    look(&mut topology, &[(EDGE, O)], at(15));
    assert_eq!(topology.update(&members, at(15), PERIOD), [unlink(EDGE, 3)]);
}

#[test]
fn path_over_a_relay_that_was_taken_for_ending_and_is_back_is_kept() {
    // It drains and falls silent; then the drain is taken back, and it is heard again or not.
    for heard in [true, false] {
        let (mut topology, mut members) = mended();
        set(&mut members, 3, |node| {
            (node.alive, node.leaving) = (false, true);
        });
        let orders = topology.update(&members, at(3), PERIOD);
        assert!(orders.contains(&unlink(EDGE, 3)), "{orders:?}");
        set(&mut members, 3, |node| {
            (node.alive, node.leaving) = (heard, false);
        });
        let orders = topology.update(&members, at(4), PERIOD);
        assert!(orders.contains(&link(EDGE, 3)), "{orders:?}");
        look(&mut topology, &[(EDGE, O)], at(25));
        let orders = topology.update(&members, at(25), PERIOD);
        assert!(
            !orders.contains(&unlink(EDGE, 3)),
            "viewers are cut: {orders:?}"
        );
    }
}

#[test]
fn path_takes_the_place_of_a_relay_that_is_lost() {
    let (mut topology, mut members) = mended();
    members.retain(|node| node.no != NodeNo(2));
    rests(&mut topology, &members, at(10));
    look(&mut topology, &[], at(100));
    rests(&mut topology, &members, at(100));
    assert_eq!(topology.parents(NodeNo(EDGE)), [NodeNo(3)]);
    assert!(
        topology.demand.all().next().is_none(),
        "it is the edge's relay now"
    );
}

#[test]
fn relay_that_does_not_take_the_path_is_passed_over_next_time() {
    let mut members = of(&[
        (O, Origin),
        (2, Relay),
        (3, Relay),
        (4, Relay),
        (EDGE, Edge),
    ]);
    set(&mut members, 4, |node| node.region = "east".into());
    let mut topology = standing(&members);
    turns(&mut topology, 2, O, LinkWord::Error, at(1));
    topology.want_path(NodeNo(EDGE), NodeNo(O), at(2));
    let mut told = Vec::new();
    for second in 2..=80 {
        if topology.check_due(at(second), IDLE) {
            look(&mut topology, &[], at(second));
        }
        told.extend(topology.update(&members, at(second), PERIOD));
    }
    assert_eq!(told, [link(EDGE, 3); 3], "three tries");
    topology.want_path(NodeNo(EDGE), NodeNo(O), at(81));
    assert_eq!(topology.update(&members, at(81), PERIOD), [link(EDGE, 4)]);
}

#[test]
fn where_no_relay_can_have_the_origin_an_edge_is_cut_off() {
    let (mut topology, members) = broken();
    turns(&mut topology, 3, O, LinkWord::Error, at(2));
    rests(&mut topology, &members, at(2));
    assert_eq!(reach(&topology, EDGE, O), Reach::CutOff);
    assert!(topology.is_cut_off(NodeNo(EDGE)));
    topology.want_path(NodeNo(EDGE), NodeNo(O), at(3));
    rests(&mut topology, &members, at(3));
}

/// An origin of capacity 3 with a publisher and two streams carries one relay; relay 3 comes later and is left out.
fn crowded() -> (Topology, Vec<Member>) {
    let mut members = of(&[(O, Origin), (2, Relay), (4, Edge)]);
    set(&mut members, O, |node| {
        (node.capacity, node.connections, node.streams) = (3, 1, 2)
    });
    let mut topology = standing(&members);
    assert_eq!(
        topology.parents(NodeNo(2)),
        [NodeNo(O)],
        "somebody has to carry it"
    );
    members.insert(2, member(3, Relay));
    says(&mut topology, 3, &[], at(1));
    rests(&mut topology, &members, at(1));
    members.push(member(EDGE, Edge));
    says(&mut topology, EDGE, &[], at(2));
    assert_eq!(obey(&mut topology, &members, at(2)), [link(EDGE, 3)]);
    (topology, members)
}

#[test]
fn relay_is_left_out_of_an_origin_without_room_and_its_edge_goes_over_another() {
    let (mut topology, members) = crowded();
    assert!(topology.parents(NodeNo(3)).is_empty());
    assert_eq!(reach(&topology, EDGE, O), Reach::Linkable(NodeNo(O)));
    topology.want_path(NodeNo(EDGE), NodeNo(O), at(3));
    assert_eq!(obey(&mut topology, &members, at(3)), [link(EDGE, 2)]);
    assert_eq!(reach(&topology, EDGE, O), Reach::OnDemand(NodeNo(O)));
}

#[test]
fn relay_that_was_left_out_is_linked_when_there_is_room() {
    let (mut topology, mut members) = crowded();
    set(&mut members, O, |node| node.streams = 1);
    rests(&mut topology, &members, at(3));
    look(&mut topology, &[], at(30));
    assert_eq!(topology.update(&members, at(30), PERIOD), [link(3, O)]);
}

#[test]
fn both_legs_are_made_where_the_relay_with_the_origin_is_full_and_both_go() {
    let (mut topology, mut members) = crowded();
    // Relay 2 is full, and so is the origin: relay 3 is as good, and nearer.
    set(&mut members, 2, |node| node.connections = 100);
    set(&mut members, O, |node| node.streams = 1);
    rests(&mut topology, &members, at(3));
    topology.want_path(NodeNo(EDGE), NodeNo(O), at(4));
    assert_eq!(obey(&mut topology, &members, at(4)), [link(3, O)]);
    set(&mut members, O, |node| node.streams = 2);
    rests(&mut topology, &members, at(5));
    assert_eq!(
        reach(&topology, EDGE, O),
        Reach::Standing,
        "the rule gave it"
    );
}

#[test]
fn link_on_demand_between_relay_and_origin_is_kept_for_the_viewers_below_it() {
    let (mut topology, mut members) = crowded();
    // Relay 2 refuses the edge: only relay 3 is left, which needs the origin on demand.
    topology.want_path(NodeNo(EDGE), NodeNo(O), at(3));
    assert_eq!(topology.update(&members, at(3), PERIOD), [link(EDGE, 2)]);
    turns(&mut topology, EDGE, 2, LinkWord::Error, at(4));
    look(&mut topology, &[], at(4));
    rests(&mut topology, &members, at(4));
    topology.want_path(NodeNo(EDGE), NodeNo(O), at(5));
    assert_eq!(obey(&mut topology, &members, at(5)), [link(3, O)]);
    assert!(topology.is_on_demand(NodeNo(3), NodeNo(O)));
    look(&mut topology, &[(EDGE, O)], at(60));
    rests(&mut topology, &members, at(60));
    assert_eq!(
        topology.overloaded().iter().collect::<Vec<_>>(),
        [&NodeNo(O)]
    );
    look(&mut topology, &[], at(90));
    assert_eq!(topology.update(&members, at(90), PERIOD), [unlink(3, O)]);
    set(&mut members, O, |node| node.streams = 1);
    turns(&mut topology, 3, O, LinkWord::Disconnected, at(91));
    assert_eq!(
        topology.update(&members, at(91), PERIOD),
        [link(3, O)],
        "there is room"
    );
}

#[test]
fn relays_an_edge_came_with_are_kept_until_they_are_idle() {
    let members = of(&[(O, Origin), (2, Relay), (3, Relay), (EDGE, Edge)]);
    let mut topology = Topology::default();
    rests(&mut topology, &members, at(0));
    for relay in [2, 3] {
        says(&mut topology, relay, &[(O, LinkWord::Established)], at(1));
    }
    let both = [(2, LinkWord::Established), (3, LinkWord::Established)];
    says(&mut topology, EDGE, &both, at(1));
    rests(&mut topology, &members, at(1));
    look(&mut topology, &[(EDGE, O)], at(60));
    rests(&mut topology, &members, at(60));
    look(&mut topology, &[], at(90));
    assert_eq!(topology.update(&members, at(90), PERIOD), [unlink(EDGE, 3)]);
}

#[test]
fn nothing_is_made_for_nodes_of_which_it_is_not_known_what_they_have() {
    let members = of(&[(O, Origin), (2, Relay), (3, Relay), (EDGE, Edge)]);
    let mut topology = Topology::default();
    rests(&mut topology, &members, at(0));
    for second in 1..4 {
        topology.want_path(NodeNo(EDGE), NodeNo(O), at(second));
        rests(&mut topology, &members, at(second));
        assert_eq!(reach(&topology, EDGE, O), Reach::Linkable(NodeNo(O)));
        says(
            &mut topology,
            EDGE,
            &[(3, LinkWord::Established)],
            at(second),
        );
    }
    says(&mut topology, 3, &[(O, LinkWord::Established)], at(5));
    assert_eq!(reach(&topology, EDGE, O), Reach::Standing);
    assert!(topology.demand.all().next().is_none());
}

#[test]
fn marks_of_nodes_that_are_gone_are_forgotten() {
    for gone in [EDGE, 3] {
        let (mut topology, _) = mended();
        topology.forget(NodeNo(gone));
        assert!(topology.demand.all().next().is_none());
    }
}
