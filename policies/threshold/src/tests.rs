//! The policy's rules, as stories over inputs.

use crate::decide::propose;
use crate::options::Options;
use crate::types::{
    Input, InstanceType, LaunchInFlight, Limits, Nodes, Proposal, Region, Role, Zone,
};

const NEVER: u32 = u32::MAX;

/// A node in service: id, flags, capacity, connections, assigned.
type Edge = (u32, u8, u32, u32, u32);

fn limits(min: u32, max: u32) -> Limits {
    Limits {
        role: Role::Edge,
        region: 0,
        min,
        max,
        max_step: 1,
        threshold_permille: 600,
        scale_out_wait_ms: 0,
        scale_in_wait_ms: 60_000,
        warm_up_ms: 150_000,
        cool_down_ms: 180_000,
        since_launch_ms: NEVER,
        since_retirement_ms: NEVER,
    }
}

fn input(now_ms: u64, edges: &[Edge]) -> Input {
    let count = edges.len();
    let zeros = || vec![0u32; count];
    Input {
        now_ms,
        seed: 1,
        group: "g".to_owned(),
        regions: vec![Region {
            name: "ap-northeast-1".to_owned(),
        }],
        zones: vec![Zone {
            name: "ap-northeast-1c".to_owned(),
            region: 0,
            blocked: false,
        }],
        instance_types: vec![InstanceType {
            name: "t2.medium".to_owned(),
            capacity: 1,
            price_micros_per_hour: 0,
        }],
        nodes: Nodes {
            id: edges.iter().map(|edge| edge.0).collect(),
            role: vec![Role::Edge as u8; count],
            state: vec![2; count],
            flags: edges.iter().map(|edge| edge.1).collect(),
            zone: zeros(),
            instance_type: zeros(),
            age_s: vec![300; count],
            report_age_ms: zeros(),
            capacity: edges.iter().map(|edge| edge.2).collect(),
            connections: edges.iter().map(|edge| edge.3).collect(),
            publishers: zeros(),
            streams: zeros(),
            edge_subscribers: zeros(),
            restreamers: zeros(),
            assigned: edges.iter().map(|edge| edge.4).collect(),
            free_memory_mib: zeros(),
            max_memory_mib: zeros(),
        },
        metrics: Vec::new(),
        in_flight: Vec::new(),
        limits: vec![limits(1, 2)],
        boot: Vec::new(),
        history: Vec::new(),
        calendar: Vec::new(),
        facts: Vec::new(),
    }
}

fn decide(input: &Input, state: &[u8]) -> Proposal {
    propose(input, &Options::read("{}").expect("defaults"), state)
}

/// Decides every 10 s over the same nodes; returns the last proposal and how many steps it took to do something.
fn until_action(edges: &[Edge], steps: u32) -> Option<(Proposal, u32)> {
    let mut state = Vec::new();
    for step in 0..steps {
        let proposal = decide(&input(1_000_000 + u64::from(step) * 10_000, edges), &state);
        if !proposal.retirements.is_empty() || !proposal.launches.is_empty() {
            return Some((proposal, step));
        }
        state = proposal.state;
    }
    None
}

fn in_flight(id: u32, age_ms: u32) -> LaunchInFlight {
    LaunchInFlight {
        id,
        role: Role::Edge,
        zone: 0,
        instance_type: 0,
        age_ms,
    }
}

#[test]
fn the_first_viewer_of_a_full_edge_brings_the_second_edge() {
    let proposal = decide(&input(1_000_000, &[(1, 0, 1, 1, 0)]), &[]);
    assert_eq!(proposal.launches.len(), 1);
    assert_eq!(proposal.launches[0].count, 1);
    assert_eq!(
        proposal.reasons,
        vec!["edge in ap-northeast-1: 1 of 1 connections is 100 %, over 60 %: launch 1"]
    );
    assert_eq!(
        proposal.signals[0].name,
        "load-permille.edge.ap-northeast-1"
    );
    assert_eq!(proposal.signals[0].value, 1_000.0);
}

#[test]
fn the_threshold_itself_is_not_over() {
    assert!(until_action(&[(1, 0, 10, 6, 0)], 20).is_none());
    assert!(until_action(&[(1, 0, 10, 7, 0)], 1).is_some());
}

#[test]
fn reservations_alone_buy_no_machine() {
    assert!(until_action(&[(1, 0, 1, 0, 500)], 20).is_none());
}

#[test]
fn a_launch_on_its_way_holds_back_the_next_until_it_warmed_up() {
    let mut crowded = input(1_000_000, &[(1, 0, 1, 1, 0)]);
    crowded.limits = vec![limits(1, 5)];
    crowded.in_flight = vec![in_flight(2, 30_000)];
    let proposal = decide(&crowded, &[]);
    assert!(proposal.launches.is_empty());
    assert_eq!(proposal.next_wake_ms, Some(120_000));
    assert!(
        proposal.reasons[0].contains("waits for 1 edge on the way, 120 s at most"),
        "{}",
        proposal.reasons[0]
    );
    crowded.in_flight = vec![in_flight(2, 150_000)];
    assert_eq!(decide(&crowded, &[]).launches.len(), 1);
}

#[test]
fn the_maximum_counts_launches_on_their_way() {
    let mut full = input(1_000_000, &[(1, 0, 1, 1, 0)]);
    full.in_flight = vec![in_flight(2, 900_000)];
    let proposal = decide(&full, &[]);
    assert!(proposal.launches.is_empty());
    assert!(proposal.reasons[0].contains("the maximum of 2 edges is reached"));
}

#[test]
fn the_step_is_the_limits_own_up_to_the_maximum() {
    let mut crowded = input(1_000_000, &[(1, 0, 1, 1, 0)]);
    crowded.limits[0].max_step = 4;
    crowded.limits[0].max = 4;
    assert_eq!(decide(&crowded, &[]).launches[0].count, 3);
}

#[test]
fn a_scale_out_wait_needs_the_load_for_that_long() {
    let at = |now_ms, connections| {
        let mut input = input(now_ms, &[(1, 0, 1, connections, 0)]);
        input.limits[0].scale_out_wait_ms = 15_000;
        input
    };
    let first = decide(&at(1_000_000, 1), &[]);
    assert!(first.launches.is_empty());
    assert_eq!(first.next_wake_ms, Some(15_000));
    let second = decide(&at(1_010_000, 1), &first.state);
    assert_eq!(second.next_wake_ms, Some(5_000));
    let third = decide(&at(1_015_000, 1), &second.state);
    assert_eq!(third.launches.len(), 1);
    let broken = decide(&at(1_012_000, 0), &second.state);
    assert!(decide(&at(1_016_000, 1), &broken.state).launches.is_empty());
}

#[test]
fn draining_nodes_are_taken_back_before_a_launch() {
    let edges = [(1, 0, 1, 1, 0), (2, 1, 1, 0, 0), (3, 1, 1, 1, 0)];
    let proposal = decide(&input(1_000_000, &edges), &[]);
    assert_eq!(proposal.reinstatements, vec![3]);
    assert!(proposal.launches.is_empty());
    let sunset = [(1, 0, 1, 1, 0), (2, 3, 1, 0, 0)];
    assert_eq!(
        decide(&input(1_000_000, &sunset), &[]).launches.len(),
        1,
        "a node the operator sunset does not come back"
    );
}

#[test]
fn the_capacity_of_a_draining_node_does_not_make_the_load_look_low() {
    let edges = [(1, 0, 100, 50, 0), (2, 1, 100, 20, 0)];
    let proposal = decide(&input(1_000_000, &edges), &[]);
    assert_eq!(proposal.reinstatements, vec![2], "70 of 100, not 70 of 200");
}

#[test]
fn the_second_edge_stays_while_the_first_is_full() {
    let edges = [(1, 0, 1, 1, 0), (2, 0, 1, 0, 0)];
    assert!(until_action(&edges, 100).is_none());
    let proposal = decide(&input(1_000_000, &edges), &[]);
    assert_eq!(
        proposal.reasons,
        vec![
            "edge in ap-northeast-1: 1 of 2 connections is 50 %, not over 60 %; node 2 is idle and stays: without it 1 of 1 connections is 100 %, over 54 %"
        ]
    );
}

#[test]
fn one_of_two_idle_edges_goes_after_a_minute() {
    let edges = [(1, 0, 1, 0, 0), (2, 0, 1, 0, 0)];
    let (proposal, steps) = until_action(&edges, 100).expect("one goes");
    assert_eq!((proposal.retirements, steps), (vec![2], 6));
}

#[test]
fn idleness_starts_again_with_every_client_and_every_reservation() {
    let idle = |now_ms| input(now_ms, &[(1, 0, 1, 0, 0), (2, 0, 1, 0, 0)]);
    let visited = |now_ms| input(now_ms, &[(1, 0, 1, 0, 1), (2, 0, 1, 1, 0)]);
    let first = decide(&idle(1_000_000), &[]);
    assert_eq!(first.next_wake_ms, Some(60_000));
    let second = decide(&visited(1_050_000), &first.state);
    let third = decide(&idle(1_060_000), &second.state);
    assert!(third.retirements.is_empty());
    assert_eq!(third.next_wake_ms, Some(60_000));
    assert_eq!(decide(&idle(1_120_000), &third.state).retirements.len(), 1);
}

#[test]
fn a_cool_down_lies_between_two_removals() {
    let mut state = Vec::new();
    let mut removed = Vec::new();
    for step in 0..40u32 {
        let mut input = input(
            1_000_000 + u64::from(step) * 10_000,
            &[(1, 0, 9, 0, 0), (2, 0, 9, 0, 0), (3, 0, 9, 0, 0)],
        );
        // The host takes node 3 away at step 6, and knows how long ago that was.
        if step > 6 {
            input.nodes.flags[2] = 1;
            input.limits[0].since_retirement_ms = (step - 6) * 10_000;
        }
        let proposal = decide(&input, &state);
        for id in &proposal.retirements {
            removed.push((step, *id));
        }
        state = proposal.state;
        if removed.len() == 2 {
            break;
        }
    }
    assert_eq!(removed, vec![(6, 3), (24, 2)]);
}

#[test]
fn nothing_goes_at_the_minimum_or_while_a_launch_is_on_its_way() {
    assert!(until_action(&[(1, 0, 1, 0, 0)], 100).is_none());
    let mut idle = input(1_000_000, &[(1, 0, 9, 0, 0), (2, 0, 9, 0, 0)]);
    let state = decide(&idle, &[]).state;
    idle.now_ms += 60_000;
    assert_eq!(decide(&idle, &state).retirements.len(), 1);
    idle.in_flight = vec![in_flight(3, 1_000)];
    assert!(decide(&idle, &state).retirements.is_empty());
}

#[test]
fn the_last_edge_of_the_group_stays_even_with_a_minimum_of_zero() {
    let mut idle = input(1_000_000, &[(1, 0, 9, 0, 0)]);
    idle.limits[0].min = 0;
    idle.limits[0].scale_in_wait_ms = 0;
    assert!(decide(&idle, &[]).retirements.is_empty());
}

#[test]
fn an_origin_that_carries_streams_is_not_idle() {
    let mut origins = input(1_000_000, &[(1, 0, 9, 0, 0), (2, 0, 9, 0, 0)]);
    origins.nodes.role = vec![Role::Origin as u8; 2];
    origins.nodes.streams = vec![1, 1];
    origins.limits[0].role = Role::Origin;
    origins.limits[0].scale_in_wait_ms = 0;
    assert!(decide(&origins, &[]).retirements.is_empty());
    origins.nodes.streams = vec![1, 0];
    assert_eq!(decide(&origins, &[]).retirements, vec![2]);
}

#[test]
fn the_drain_setting_empties_the_emptiest_node() {
    let options = Options::read(r#"{"drain":true}"#).expect("fine");
    let edges = [(1, 0, 100, 20, 0), (2, 0, 100, 5, 0)];
    let first = propose(&input(1_000_000, &edges), &options, &[]);
    assert!(first.retirements.is_empty());
    let later = propose(&input(1_060_000, &edges), &options, &first.state);
    assert_eq!(later.retirements, vec![2], "{:?}", later.reasons);
    let busy = [(1, 0, 100, 26, 0), (2, 0, 100, 5, 0)];
    assert!(
        propose(&input(1_060_000, &busy), &options, &first.state)
            .retirements
            .is_empty(),
        "31 of 100 is not under half of 60 %"
    );
}

#[test]
fn settings_replace_the_waits_of_the_limits() {
    let options = Options::read(r#"{"scaleInWaitMs":0,"coolDownMs":0}"#).expect("fine");
    let idle = input(1_000_000, &[(1, 0, 9, 0, 0), (2, 0, 9, 0, 0)]);
    assert_eq!(propose(&idle, &options, &[]).retirements.len(), 1);
}

#[test]
fn roles_and_regions_are_judged_apart() {
    let mut both = input(1_000_000, &[(1, 0, 1, 1, 0), (2, 0, 9, 0, 0)]);
    both.nodes.role[1] = Role::Origin as u8;
    both.limits.push(Limits {
        role: Role::Origin,
        ..limits(1, 1)
    });
    let proposal = decide(&both, &[]);
    assert_eq!(proposal.launches.len(), 1);
    assert!(matches!(proposal.launches[0].role, Role::Edge));
}
