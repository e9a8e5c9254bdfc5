//! The aggregate in small stories; time is a number, the cloud and the store are this file.

mod calls;
mod histories;
mod said;
mod story;

use std::sync::Arc;

use crate::group::GroupState as Phase;
use crate::group_state::{CallAnswer, CallKind, HostRules, LaunchFailure};
use crate::ids::NodeNo;
use crate::liveness::Port;
use crate::node::{NodeState, Role};
use crate::placement::Action;
use crate::plan::OperatorOrder;
use crate::reason::Reason;
use crate::timers::Timers;
use crate::units::DurationMs;
use story::Story;

#[test]
fn the_first_origin_makes_the_group_active_and_every_role_is_filled_to_its_minimum() {
    let mut story = Story::new();
    assert_eq!(story.phase(), Phase::New);
    let origin = story
        .order(OperatorOrder::Launch(Role::Origin))
        .expect("there is room for an origin");
    assert_eq!(story.phase(), Phase::Initializing);
    assert_eq!(story.state_of(origin), NodeState::Pending);

    story.boot(origin);
    assert_eq!(story.state_of(origin), NodeState::InService);
    assert_eq!(story.phase(), Phase::Active);

    let launched = story.decide(None);
    let mut roles: Vec<Role> = launched.iter().map(|no| story.role_of(*no)).collect();
    roles.sort_unstable();
    assert_eq!(
        roles,
        [Role::Edge, Role::Relay],
        "the origin's minimum is there already"
    );
}

#[test]
fn a_group_without_its_first_origin_launches_nothing_else() {
    let mut story = Story::new();
    story
        .order(OperatorOrder::Launch(Role::Origin))
        .expect("there is room for an origin");
    assert!(story.decide(None).is_empty());
}

#[test]
fn an_operator_cannot_pass_the_maximum() {
    let mut story = Story::new();
    story
        .order(OperatorOrder::Launch(Role::Origin))
        .expect("there is room for an origin");
    let refused = story
        .order(OperatorOrder::Launch(Role::Origin))
        .expect_err("the maximum is one");
    assert!(refused.to_string().contains("maxLimit"), "{refused}");
}

#[test]
fn a_zone_without_capacity_is_left_alone_and_the_next_launch_goes_elsewhere() {
    let mut story = Story::new();
    let first = story
        .order(OperatorOrder::Launch(Role::Origin))
        .expect("there is room for an origin");
    let zone = story.zone_of(first);
    assert_eq!(story.calls(), [(first, CallKind::Launch)]);
    story.answer(
        first,
        CallKind::Launch,
        CallAnswer::Failed(LaunchFailure::NoCapacity),
    );
    story.pass();
    assert!(!story.has(first), "the attempt is over: its record goes");
    let second = story.decide(None)[0];
    assert_ne!(story.zone_of(second), zone);
    assert_eq!(story.role_of(second), Role::Origin);
}

#[test]
fn a_lost_answer_is_asked_again_with_the_same_record() {
    let mut story = Story::new();
    let origin = story
        .order(OperatorOrder::Launch(Role::Origin))
        .expect("there is room for an origin");
    assert_eq!(story.calls(), [(origin, CallKind::Launch)]);
    assert!(story.calls().is_empty(), "one call at a time");
    story.answer(
        origin,
        CallKind::Launch,
        CallAnswer::Unclear("reply lost".to_owned()),
    );
    story.later(1_000);
    assert_eq!(story.calls(), [(origin, CallKind::Launch)]);
}

#[test]
fn a_node_may_take_149_seconds_to_report_and_not_151() {
    for (seconds, lives) in [(149, true), (151, false)] {
        let mut story = Story::new();
        let origin = story
            .order(OperatorOrder::Launch(Role::Origin))
            .expect("there is room for an origin");
        story.calls();
        story.runs(origin);
        story.later(seconds * 1_000);
        story.pass();
        let expected = if lives {
            NodeState::Running
        } else {
            NodeState::Terminating
        };
        assert_eq!(story.state_of(origin), expected, "after {seconds} s");
        if !lives {
            assert_eq!(story.node(origin).reason, Reason::NeverReported);
        }
    }
}

#[test]
fn one_missed_report_is_forgiven_and_a_silent_unreachable_node_ends() {
    let mut story = Story::serving(3);
    let [origin, edge, ..] = story.in_service()[..] else {
        panic!("there are nodes in service")
    };
    story.later(31_000);
    story.report_all_but(&[edge]);
    assert_eq!(story.state_of(edge), NodeState::Unresponsive);
    assert!(!story.offered(Action::Subscribe).contains(&edge));
    story.report(edge, 0);
    assert_eq!(story.state_of(edge), NodeState::InService);

    story.later(61_000);
    story.report_all_but(&[edge]);
    assert_eq!(
        story.state_of(edge),
        NodeState::Unresponsive,
        "silence alone does not kill"
    );
    assert_eq!(story.probe(Port::Closed), [edge]);
    story.pass();
    assert_eq!(story.state_of(edge), NodeState::Terminating);
    assert_eq!(story.node(edge).reason, Reason::Silent);
    assert_eq!(story.state_of(origin), NodeState::InService);
}

#[test]
fn a_silent_node_whose_port_answers_is_drained_after_ten_minutes_and_not_killed() {
    let mut story = Story::serving(3);
    let edge = story.in_service()[1];
    for _ in 0..11 {
        story.later(60_000);
        story.report_all_but(&[edge]);
        story.probe(Port::Open);
        story.pass();
        assert_ne!(story.state_of(edge), NodeState::Terminating);
    }
    assert_eq!(
        story.node(edge).drain.as_ref().map(|drain| drain.reason),
        Some(Reason::SilentButReachable)
    );
}

#[test]
fn a_launch_that_stays_in_a_state_for_too_long_is_ended_as_stuck_and_its_end_is_told_when_it_drags_on()
 {
    let mut story = Story::new();
    let timers = Timers {
        first_report: DurationMs::secs(600),
        ..Timers::default()
    };
    let rules = HostRules {
        timers,
        ..(*story.state.rules).clone()
    };
    story.state.rules = Arc::new(rules);
    let origin = story
        .order(OperatorOrder::Launch(Role::Origin))
        .expect("there is room for an origin");
    story.calls();
    story.later(100_000);
    story.runs(origin);
    assert_eq!(story.state_of(origin), NodeState::Running);
    story.later(180_000);
    story.pass();
    assert_eq!(story.state_of(origin), NodeState::Running);
    story.later(1);
    story.pass();
    assert_eq!(story.node(origin).reason, Reason::Stuck);
    story.later(180_000);
    assert_eq!(story.state.overstaying(story.now).count(), 0);
    story.later(1);
    assert_eq!(story.state.overstaying(story.now).count(), 1);
}

#[test]
fn a_silent_node_that_we_could_not_dial_is_left_alone_and_dialled_again() {
    let mut story = Story::serving(3);
    let edge = story.in_service()[1];
    for _ in 0..20 {
        story.later(60_000);
        story.report_all_but(&[edge]);
        let dialled = story.probe(Port::Untold);
        story.pass();
        assert_eq!(story.state_of(edge), NodeState::Unresponsive);
        assert!(story.node(edge).drain.is_none());
        if story.now.0 > 1_200_000 {
            assert_eq!(dialled, [edge]);
        }
    }
}

#[test]
fn when_most_nodes_fall_silent_at_once_nobody_is_removed() {
    let mut story = Story::serving(4);
    let everybody = story.in_service();
    story.later(200_000);
    story.pass();
    assert!(story.state.is_frozen());
    for no in &everybody {
        assert_eq!(story.state_of(*no), NodeState::InService);
    }
    story.report_all_but(&[]);
    assert!(!story.state.is_frozen());
}

/// Frozen, since all but the first node are silent for good.
fn one_is_heard() -> (Story, NodeNo, Vec<NodeNo>) {
    let mut story = Story::serving(4);
    let mut dead = story.in_service();
    let heard = dead.remove(0);
    for _ in 0..2 {
        story.later(31_000);
        story.report_all_but(&dead);
        assert!(story.state.is_frozen());
    }
    (story, heard, dead)
}

fn tried(story: &mut Story, heard: NodeNo, its: Port, of_the_others: Port) -> Vec<NodeNo> {
    let port = |no| if no == heard { its } else { of_the_others };
    let mut tried = story.probe_each(port);
    story.pass();
    tried.sort_unstable();
    tried
}

#[test]
fn while_one_is_heard_and_answers_those_whose_ports_refuse_are_dead_however_many() {
    let (mut story, heard, dead) = one_is_heard();
    let everybody = story.in_service();
    let unreachable = tried(&mut story, heard, Port::Open, Port::Unreachable);
    assert_eq!(unreachable, everybody);
    assert!(story.state.is_frozen(), "the way to them may be broken");
    story.later(11_000);
    story.report_all_but(&dead);
    tried(&mut story, heard, Port::Open, Port::Closed);
    for no in &dead {
        assert_eq!(story.state_of(*no), NodeState::Terminating);
        assert_eq!(story.node(*no).reason, Reason::Silent);
    }
    assert_eq!(story.state_of(heard), NodeState::InService);
}

#[test]
fn those_known_to_be_dead_do_not_make_the_others_a_minority() {
    let (mut story, heard, dead) = one_is_heard();
    let (closed, unreachable) = dead.split_at(3);
    let port = |no| match no {
        no if no == heard => Port::Open,
        no if closed.contains(&no) => Port::Closed,
        _ => Port::Unreachable,
    };
    story.probe_each(port);
    story.pass();
    assert_eq!(unreachable.len(), 2);
    assert!(
        story.state.is_frozen(),
        "two of the three others are silent"
    );
}

#[test]
fn where_the_port_of_a_living_node_refuses_too_it_is_the_wrong_port() {
    let (mut story, heard, dead) = one_is_heard();
    tried(&mut story, heard, Port::Closed, Port::Closed);
    story.later(11_000);
    story.report_all_but(&dead);
    assert!(story.state.is_frozen());
    let serves = |no| story.state_of(no) == NodeState::InService;
    assert!(dead.into_iter().all(serves));
}

#[test]
fn while_nobody_is_heard_ports_that_refuse_prove_nothing() {
    let mut story = Story::serving(4);
    let everybody = story.in_service();
    story.later(200_000);
    story.pass();
    assert_eq!(story.probe(Port::Closed), everybody);
    story.pass();
    assert!(story.state.is_frozen());
    let serves = |no| story.state_of(no) == NodeState::InService;
    assert!(everybody.into_iter().all(serves));
}

#[test]
fn a_silent_node_is_recorded_once_and_comes_back_only_when_it_speaks() {
    let mut story = Story::serving(4);
    let edge = story.in_service()[2];
    story.later(31_000);
    story.report_all_but(&[edge]);
    assert_eq!(story.state_of(edge), NodeState::Unresponsive);
    let recorded = story.node(edge);
    story.later(5_000);
    story.report_all_but(&[edge]);
    assert_eq!(story.node(edge), recorded, "nothing new to store");
    story.state.listen_anew(story.now);
    story.pass();
    assert_eq!(story.node(edge), recorded, "nobody heard it");
    story.report(edge, 0);
    assert_eq!(story.state_of(edge), NodeState::InService);
}

#[test]
fn after_a_blindness_those_still_silent_get_their_time() {
    let mut story = Story::serving(4);
    story.later(200_000);
    story.pass();
    assert_eq!(
        story.probe(Port::Unreachable).len(),
        6,
        "our network was away"
    );
    let last = story.in_service()[5];
    story.report_all_but(&[last]);
    assert!(!story.state.is_frozen());
    assert_eq!(story.state_of(last), NodeState::InService);
    story.later(29_000);
    story.report_all_but(&[last]);
    assert_eq!(story.state_of(last), NodeState::InService);
    story.later(2_000);
    story.report_all_but(&[last]);
    assert_eq!(story.state_of(last), NodeState::Unresponsive);
}

#[test]
fn after_a_restart_loads_are_known_when_everybody_has_reported() {
    let mut story = Story::serving(2);
    story.later(1_000);
    story.restart();
    let edge = story.in_service()[3];
    story.report_all_but(&[edge]);
    assert!(!story.state.knows_loads(story.now));
    story.report(edge, 1);
    assert!(story.state.knows_loads(story.now));
}

#[test]
fn records_that_memory_does_not_know_are_noticed() {
    let story = Story::serving(2);
    let nodes = story.state.members().map(|member| (*member.node).clone());
    let nodes: Vec<_> = nodes.collect();
    let group = story.state.group();
    assert!(story.state.agrees_with(group, &nodes));
    assert!(!story.state.agrees_with(group, &nodes[1..]));
    let mut later = nodes.clone();
    later[0].version += 1;
    assert!(!story.state.agrees_with(group, &later));
}

#[test]
fn silence_while_this_process_did_not_run_proves_nothing() {
    let mut story = Story::serving(2);
    story.later(500_000);
    story.state.listen_anew(story.now);
    story.pass();
    assert_eq!(
        story.in_service().len(),
        4,
        "an origin, a relay and two edges"
    );
}

#[test]
fn a_retired_node_is_not_offered_and_ends_only_on_an_empty_report_well_after_the_mark() {
    let mut story = Story::serving(2);
    let edge = story.in_service()[2];
    story.report(edge, 1);
    story.retire(edge);
    assert!(!story.offered(Action::Subscribe).contains(&edge));
    story.later(5_000);
    story.report(edge, 0);
    assert_eq!(
        story.state_of(edge),
        NodeState::InService,
        "the report may be older than the mark"
    );
    story.later(25_000);
    story.report(edge, 1);
    assert_eq!(
        story.state_of(edge),
        NodeState::InService,
        "a viewer is still there"
    );
    story.later(10_000);
    story.report(edge, 0);
    assert_eq!(story.state_of(edge), NodeState::Terminating);
    assert_eq!(story.node(edge).reason, Reason::Drained);
}

#[test]
fn a_draining_node_that_falls_silent_with_clients_is_not_taken_for_empty() {
    let mut story = Story::serving(2);
    let edge = story.in_service()[2];
    story.report(edge, 1);
    story
        .order_on(OperatorOrder::Sunset(edge))
        .expect("edges can be sunset");
    for _ in 0..4 {
        story.later(10_000);
        story.report_all_but(&[edge]);
        story.report(edge, 1);
    }
    for _ in 0..4 {
        story.later(10_000);
        story.report_all_but(&[edge]);
    }
    assert_eq!(story.state_of(edge), NodeState::Unresponsive);
    story.probe(Port::Open);
    story.pass();
    assert_eq!(
        story.state_of(edge),
        NodeState::Unresponsive,
        "its viewer may still be there"
    );
    story.report(edge, 1);
    assert_eq!(story.state_of(edge), NodeState::InService);
}

#[test]
fn several_orders_are_carried_out_all_or_none() {
    let mut story = Story::serving(2);
    let (origin, edge) = (story.in_service()[0], story.in_service()[2]);
    let sunset = [OperatorOrder::Sunset(edge), OperatorOrder::Sunset(origin)];
    story
        .orders(&sunset)
        .expect_err("an origin cannot be sunset");
    assert!(
        !story.node(edge).sunset,
        "the first order is undone with the second"
    );
    story.orders(&sunset[..1]).expect("edges can be sunset");
    assert!(story.node(edge).sunset);
}

#[test]
fn a_launch_and_the_end_of_the_group_in_one_plan_leave_no_node() {
    let mut story = Story::new();
    let orders = [
        OperatorOrder::Launch(Role::Origin),
        OperatorOrder::DeleteGroup,
    ];
    assert!(story.orders(&orders).expect("both can be done").is_empty());
    assert_eq!(story.state.members().count(), 0);
}

#[test]
fn questions_for_places_that_are_not_the_groups_make_no_history_of_their_own() {
    let mut story = Story::new();
    for wild in 0..100 {
        story.ask_refused(&format!("nowhere-{wild}"));
    }
    story.later(20_000);
    let snapshot = story.state.snapshot(1, story.now);
    let refused = snapshot
        .history
        .iter()
        .filter(|row| row.measure == crate::snapshot::Measure::Refused);
    assert_eq!(refused.count(), 1);
}

#[test]
fn a_drain_ends_at_its_deadline() {
    let mut story = Story::serving(2);
    let edge = story.in_service()[2];
    story.retire(edge);
    for _ in 0..29 {
        story.later(10_000);
        story.report_all_but(&[edge]);
        story.report(edge, 1);
        assert_eq!(story.state_of(edge), NodeState::InService);
    }
    story.later(11_000);
    story.report_all_but(&[edge]);
    story.report(edge, 1);
    assert_eq!(story.state_of(edge), NodeState::Terminating);
    assert_eq!(story.node(edge).reason, Reason::DrainDeadline);
}

#[test]
fn a_client_that_was_just_sent_there_keeps_a_draining_node() {
    let mut story = Story::serving(2);
    let edge = story.in_service()[2];
    story.retire(edge);
    story.state.set_assigned(|no| u32::from(no == edge));
    story.later(30_000);
    story.report(edge, 0);
    assert_eq!(story.state_of(edge), NodeState::InService);
}

#[test]
fn a_terminated_instance_is_gone_only_when_the_cloud_says_so() {
    let mut story = Story::serving(2);
    let edge = story.in_service()[2];
    story
        .order_on(OperatorOrder::Terminate {
            no: edge,
            force: false,
        })
        .expect("it is in service");
    assert_eq!(story.calls(), [(edge, CallKind::Terminate)]);
    story.answer(edge, CallKind::Terminate, CallAnswer::Accepted);
    for look in [CallAnswer::Ending, CallAnswer::Absent, CallAnswer::Absent] {
        assert!(story.has(edge));
        story.later(2_000);
        assert_eq!(story.calls(), [(edge, CallKind::Describe)]);
        story.answer(edge, CallKind::Describe, look);
        story.pass();
    }
    assert!(!story.has(edge), "two looks in a row found nothing");
}

#[test]
fn an_instance_that_ended_by_itself_is_replaced() {
    let mut story = Story::serving(2);
    let edge = story.in_service()[2];
    story.state.instance_ended(edge);
    story.pass();
    assert_eq!(story.node(edge).reason, Reason::InstanceLost);
}

#[test]
fn deleting_the_group_ends_every_node() {
    let mut story = Story::serving(2);
    story
        .order_on(OperatorOrder::DeleteGroup)
        .expect("a group can be deleted");
    assert_eq!(story.phase(), Phase::Terminating);
    assert!(
        story
            .state
            .members()
            .all(|member| member.node.state == NodeState::Terminating)
    );
    assert!(
        story.decide(None).is_empty(),
        "nothing is launched any more"
    );
}

#[test]
fn an_old_boot_cannot_speak_for_a_restarted_node() {
    let mut story = Story::serving(2);
    let edge = story.in_service()[2];
    story.report(edge, 3);
    story.restart_service(edge);
    story.report(edge, 0);
    assert_eq!(
        story
            .node(edge)
            .boot
            .as_ref()
            .map(|boot| boot.word.as_str()),
        Some("second")
    );
    assert_eq!(
        story
            .state
            .member(edge)
            .map(|member| member.load.connections),
        Some(0)
    );
}

#[test]
fn load_counts_draining_viewers_and_not_draining_capacity() {
    let mut story = Story::serving(2);
    let edges: Vec<_> = story
        .in_service()
        .into_iter()
        .filter(|no| story.role_of(*no) == Role::Edge)
        .collect();
    story.report(edges[0], 1);
    story.retire(edges[0]);
    let load = story
        .state
        .role_loads()
        .into_iter()
        .find(|load| load.role == Role::Edge)
        .expect("there are edges");
    assert_eq!((load.connections, load.capacity_in_service), (1, 1));
    assert!(load.is_over(60));
}

#[test]
fn launches_that_fail_in_a_row_are_held_longer_and_longer() {
    let mut story = Story::new();
    let mut holds = Vec::new();
    for _ in 0..3 {
        let origin = story
            .order(OperatorOrder::Launch(Role::Origin))
            .expect("an operator may insist");
        story.calls();
        story.answer(
            origin,
            CallKind::Launch,
            CallAnswer::Failed(LaunchFailure::Refused("no such image".to_owned())),
        );
        story.pass();
        let region = story.state.group().regions[0].clone();
        let (_, until) = story
            .state
            .launch_trouble(Role::Origin, &region)
            .expect("the failure is remembered");
        holds.push(until.since(story.now));
        assert!(story.decide(None).is_empty(), "held");
        story.now = until;
    }
    assert_eq!(
        holds,
        [
            DurationMs::secs(5),
            DurationMs::secs(10),
            DurationMs::secs(20)
        ]
    );
    assert_eq!(story.decide(None).len(), 1, "the hold is over");
}
