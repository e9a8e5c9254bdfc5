//! Pairing, retries, losses and restarts.

use super::support::*;
use super::*;
use crate::node::Role::{Edge, Origin, Relay, Transcoder};

#[test]
fn edge_without_relays_hangs_on_every_origin_its_region_first() {
    let mut members = of(&[(1, Origin), (2, Origin), (3, Edge), (4, Transcoder)]);
    set(&mut members, 1, |node| node.region = "east".into());
    let mut topology = Topology::default();
    says(&mut topology, 3, &[], at(0));
    assert_eq!(
        topology.update(&members, at(0), PERIOD),
        [link(3, 2), link(3, 1)]
    );
    assert_eq!(
        topology.update(&members, at(1), PERIOD),
        [],
        "each order once"
    );
    assert!(!topology.settled(NodeNo(3)));
    says(
        &mut topology,
        3,
        &[(1, LinkWord::Established), (2, LinkWord::Established)],
        at(2),
    );
    assert!(topology.settled(NodeNo(3)) && topology.settled(NodeNo(4)));
    assert_eq!(topology.parents(NodeNo(3)), [NodeNo(1), NodeNo(2)]);
    assert!(topology.reaches(NodeNo(3), NodeNo(1)) && topology.reaches(NodeNo(1), NodeNo(1)));
    assert!(!topology.reaches(NodeNo(4), NodeNo(1)));
}

#[test]
fn new_origin_becomes_parent_of_all_edges() {
    let mut members = of(&[(1, Origin), (3, Edge), (4, Edge)]);
    let mut topology = standing(&members);
    members.push(member(5, Origin));
    assert_eq!(
        topology.update(&members, at(1), PERIOD),
        [link(3, 5), link(4, 5)]
    );
}

#[test]
fn child_that_was_not_heard_is_paired_but_not_told() {
    let mut members = of(&[(1, Origin), (3, Edge)]);
    set(&mut members, 3, |node| node.alive = false);
    let mut topology = Topology::default();
    assert_eq!(topology.update(&members, at(0), PERIOD), []);
    assert_eq!(states(&topology), [(3, 1, LinkState::Prospective)]);
    set(&mut members, 3, |node| node.alive = true);
    says(&mut topology, 3, &[], at(70));
    assert_eq!(topology.update(&members, at(70), PERIOD), [link(3, 1)]);
}

#[test]
fn with_relays_edges_hang_on_relays_only_and_spread_over_their_region() {
    let mut members = of(&[(1, Origin), (2, Relay), (3, Relay), (4, Relay)]);
    set(&mut members, 4, |node| node.region = "east".into());
    members.extend(of(&[(5, Edge), (6, Edge), (7, Edge)]));
    let topology = standing(&members);
    let parents = |no| topology.parents(NodeNo(no));
    assert_eq!(parents(2), [NodeNo(1)]);
    assert_eq!(
        (parents(5), parents(6), parents(7)),
        (vec![NodeNo(2)], vec![NodeNo(3)], vec![NodeNo(2)])
    );
    assert!(topology.reaches(NodeNo(6), NodeNo(1)), "through its relay");
    assert_eq!(reach(&topology, 6, 1), Reach::Standing);
    assert_eq!(topology.children(NodeNo(2)), [NodeNo(5), NodeNo(7)]);
}

#[test]
fn relay_without_room_is_passed_over_even_for_another_region() {
    let mut members = of(&[(1, Origin), (2, Relay), (3, Relay), (5, Edge)]);
    set(&mut members, 2, |node| node.connections = 100);
    set(&mut members, 3, |node| node.region = "east".into());
    let topology = standing(&members);
    assert_eq!(topology.parents(NodeNo(5)), [NodeNo(3)]);
}

#[test]
fn foreseen_relay_is_waited_for() {
    let members = of(&[(1, Origin), (5, Edge)]);
    let mut topology = Topology::default();
    topology.foresee_relays(true);
    says(&mut topology, 5, &[], at(0));
    assert_eq!(topology.update(&members, at(0), PERIOD), []);
    assert_eq!(reach(&topology, 5, 1), Reach::CutOff);
    topology.foresee_relays(false);
    assert_eq!(reach(&topology, 5, 1), Reach::Linkable(NodeNo(1)));
    assert_eq!(topology.update(&members, at(1), PERIOD), [link(5, 1)]);
}

#[test]
fn link_that_does_not_come_is_told_three_times_then_left_alone() {
    let members = of(&[(1, Origin), (5, Edge)]);
    let mut topology = Topology::default();
    says(&mut topology, 5, &[], at(0));
    let mut told = Vec::new();
    for second in 0..=200 {
        let orders = topology.update(&members, at(second), PERIOD);
        told.extend(orders.into_iter().map(|order| (second, order)));
    }
    let expected = [0, 21, 41, 182].map(|second| (second, link(5, 1)));
    assert_eq!(told, expected, "after a rest it is tried anew");
}

#[test]
fn edge_whose_relay_fails_it_gets_another() {
    let members = of(&[(1, Origin), (2, Relay), (3, Relay), (5, Edge)]);
    let mut topology = standing(&of(&[(1, Origin), (2, Relay), (3, Relay)]));
    says(&mut topology, 5, &[], at(1));
    assert_eq!(topology.update(&members, at(1), PERIOD), [link(5, 2)]);
    says(&mut topology, 5, &[(2, LinkWord::Error)], at(5));
    assert_eq!(topology.update(&members, at(5), PERIOD), [link(5, 3)]);
    says(
        &mut topology,
        5,
        &[(3, LinkWord::Established), (2, LinkWord::Error)],
        at(6),
    );
    assert_eq!(topology.update(&members, at(6), PERIOD), []);
    assert_eq!(topology.parents(NodeNo(5)), [NodeNo(3)]);
}

#[test]
fn edge_whose_relay_never_answers_gets_another_after_three_tries() {
    let members = of(&[(1, Origin), (2, Relay), (3, Relay), (5, Edge)]);
    let mut topology = standing(&of(&[(1, Origin), (2, Relay), (3, Relay)]));
    says(&mut topology, 5, &[], at(0));
    let mut told = Vec::new();
    for second in 0..=70 {
        let orders = topology.update(&members, at(second), PERIOD);
        told.extend(orders.into_iter().map(|order| (second, order)));
    }
    let tries = [0, 21, 41].map(|second| (second, link(5, 2)));
    assert_eq!(told[..3], tries);
    assert_eq!(told[3..], [(61, link(5, 3))]);
}

#[test]
fn children_of_a_relay_that_is_gone_get_a_new_parent_at_once() {
    let members = of(&[(1, Origin), (2, Relay), (3, Relay), (5, Edge)]);
    let mut topology = standing(&members);
    assert_eq!(topology.parents(NodeNo(5)), [NodeNo(2)]);
    let left = of(&[(1, Origin), (3, Relay), (5, Edge)]);
    assert_eq!(topology.update(&left, at(9), PERIOD), [link(5, 3)]);
    assert!(
        topology
            .links()
            .all(|link| link.parent.0 != 2 && link.child.0 != 2)
    );
}

#[test]
fn silent_relay_is_left_only_when_the_new_one_stands() {
    let mut members = of(&[(1, Origin), (2, Relay), (3, Relay), (5, Edge)]);
    let mut topology = standing(&members);
    set(&mut members, 2, |node| node.alive = false);
    assert_eq!(topology.update(&members, at(30), PERIOD), [link(5, 3)]);
    assert_eq!(
        topology.parents(NodeNo(5)),
        [NodeNo(2)],
        "it still hangs on the old"
    );
    says(
        &mut topology,
        5,
        &[(2, LinkWord::Established), (3, LinkWord::Established)],
        at(31),
    );
    assert_eq!(topology.update(&members, at(31), PERIOD), [unlink(5, 2)]);
    says(&mut topology, 5, &[(3, LinkWord::Established)], at(32));
    assert_eq!(topology.update(&members, at(32), PERIOD), []);
    assert_eq!(
        states(&topology).len(),
        3,
        "two relays on the origin, the edge on one"
    );
}

#[test]
fn silence_of_all_relays_moves_nobody() {
    let mut members = of(&[(1, Origin), (2, Relay), (3, Relay), (5, Edge)]);
    let mut topology = standing(&members);
    let before = states(&topology);
    for no in [1, 2, 3, 5] {
        set(&mut members, no, |node| node.alive = false);
    }
    assert_eq!(topology.update(&members, at(40), PERIOD), []);
    assert_eq!(states(&topology), before);
}

#[test]
fn ending_parent_is_left_and_draining_child_keeps_its_links() {
    let mut members = of(&[(1, Origin), (2, Origin), (5, Edge), (6, Edge)]);
    let mut topology = standing(&members);
    set(&mut members, 6, |node| node.leaving = true);
    assert_eq!(topology.update(&members, at(1), PERIOD), []);
    assert_eq!(
        topology.parents(NodeNo(6)).len(),
        2,
        "its viewers are still there"
    );
    set(&mut members, 1, |node| {
        (node.alive, node.leaving) = (false, true)
    });
    assert_eq!(
        topology.update(&members, at(2), PERIOD),
        [unlink(5, 1), unlink(6, 1)]
    );
}

#[test]
fn draining_origin_is_linked_while_it_has_streams() {
    let mut members = of(&[(1, Origin), (2, Origin), (5, Edge)]);
    set(&mut members, 1, |node| node.leaving = true);
    set(&mut members, 2, |node| {
        (node.leaving, node.streams) = (true, 0)
    });
    let mut topology = Topology::default();
    says(&mut topology, 5, &[], at(0));
    assert_eq!(topology.update(&members, at(0), PERIOD), [link(5, 1)]);
}

#[test]
fn links_reported_after_a_restart_are_adopted() {
    let members = of(&[(1, Origin), (2, Relay), (3, Relay), (5, Edge)]);
    let mut topology = Topology::default();
    assert_eq!(
        topology.update(&members, at(0), PERIOD),
        [],
        "nobody was heard yet"
    );
    says(&mut topology, 2, &[(1, LinkWord::Established)], at(1));
    says(&mut topology, 3, &[(1, LinkWord::Established)], at(1));
    says(&mut topology, 5, &[(3, LinkWord::Established)], at(1));
    assert_eq!(
        topology.update(&members, at(1), PERIOD),
        [],
        "everything stands"
    );
    assert_eq!(topology.parents(NodeNo(5)), [NodeNo(3)]);
}

#[test]
fn restarted_child_is_told_again() {
    let members = of(&[(1, Origin), (5, Edge)]);
    let mut topology = standing(&members);
    says(&mut topology, 5, &[], at(20));
    assert!(topology.settled(NodeNo(5)));
    assert_eq!(topology.update(&members, at(20), PERIOD), [link(5, 1)]);
    assert!(!topology.reaches(NodeNo(5), NodeNo(1)));
}

#[test]
fn node_that_reports_after_it_is_gone_leaves_no_trace() {
    let mut topology = standing(&of(&[(1, Origin), (5, Edge)]));
    topology.forget(NodeNo(5));
    says(
        &mut topology,
        5,
        &[(1, LinkWord::Established), (77, LinkWord::Established)],
        at(1),
    );
    assert_eq!(topology.update(&of(&[(1, Origin)]), at(1), PERIOD), []);
    assert_eq!(states(&topology), []);
    assert!(!topology.heard.contains(&NodeNo(5)) && topology.dirty.is_empty());
}

#[test]
fn load_alone_changes_nothing() {
    let mut members = of(&[(1, Origin), (2, Relay), (3, Relay), (5, Edge)]);
    let mut topology = standing(&members);
    set(&mut members, 2, |node| {
        (node.connections, node.streams) = (100, 90)
    });
    assert_eq!(topology.update(&members, at(1), PERIOD), []);
    members.push(member(6, Edge));
    says(&mut topology, 6, &[], at(2));
    assert_eq!(
        topology.update(&members, at(2), PERIOD),
        [link(6, 3)],
        "but it is known"
    );
}

#[test]
fn words_of_reports_are_read() {
    let table = [
        ("connecting", LinkWord::Connecting),
        ("established", LinkWord::Established),
        ("disconnected", LinkWord::Disconnected),
        ("error", LinkWord::Error),
        ("broken", LinkWord::Error),
    ];
    for (text, word) in table {
        assert_eq!(LinkWord::parse(text), word, "{text}");
    }
}
