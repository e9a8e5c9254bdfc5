use super::Turns;
use crate::types::{Action, HandedOut, Nodes, Refusal, Region, Request, View, Zone};

fn view(nodes: &[(u32, u32, u32, u8)]) -> View {
    let column = |value: u32| vec![value; nodes.len()];
    View {
        now_ms: 0,
        group: "g".to_owned(),
        action: Action::Broadcast,
        regions: vec![Region {
            name: "r".to_owned(),
        }],
        zones: vec![Zone {
            name: "z".to_owned(),
            region: 0,
            blocked: false,
        }],
        nodes: Nodes {
            id: nodes.iter().map(|node| node.0).collect(),
            role: vec![0; nodes.len()],
            state: vec![2; nodes.len()],
            flags: nodes.iter().map(|node| node.3).collect(),
            zone: column(0),
            instance_type: column(0),
            age_s: column(60),
            report_age_ms: column(0),
            capacity: nodes.iter().map(|node| node.1).collect(),
            connections: nodes.iter().map(|node| node.2).collect(),
            publishers: column(0),
            streams: column(0),
            edge_subscribers: column(0),
            restreamers: column(0),
            assigned: column(0),
            free_memory_mib: column(100),
            max_memory_mib: column(200),
        },
        metrics: Vec::new(),
        facts: Vec::new(),
    }
}

fn request(sequence: u32, handed_out: Vec<HandedOut>) -> Request {
    Request {
        stream_key: 1,
        path: None,
        region: None,
        zone: None,
        strict: false,
        count: 1,
        carriers: Vec::new(),
        handed_out,
        sequence,
        random: 0,
    }
}

fn first(turns: &Turns, request: &Request) -> u32 {
    turns.select(request).expect("there are nodes").ids[0]
}

#[test]
fn every_node_gets_its_turn() {
    let turns = Turns::new(&view(&[(1, 9, 5, 0), (2, 9, 0, 0), (3, 9, 1, 0)]));
    let order: Vec<u32> = (0..4)
        .map(|sequence| first(&turns, &request(sequence, Vec::new())))
        .collect();
    assert_eq!(order, vec![1, 2, 3, 1]);
}

#[test]
fn handing_out_keeps_the_turns_until_a_node_is_full() {
    let turns = Turns::new(&view(&[(1, 9, 5, 0), (2, 2, 0, 0)]));
    let one = |count| vec![HandedOut { id: 2, count }];
    assert_eq!(first(&turns, &request(1, one(1))), 2);
    assert_eq!(first(&turns, &request(1, one(2))), 1);
}

#[test]
fn full_and_discouraged_nodes_come_last_and_draining_ones_never() {
    let turns = Turns::new(&view(&[(1, 1, 1, 0), (2, 9, 0, 4), (3, 9, 0, 1)]));
    let mut all = request(0, Vec::new());
    all.count = 8;
    assert_eq!(turns.select(&all).expect("two nodes").ids, vec![2, 1]);
}

#[test]
fn nobody_to_choose_is_full() {
    let turns = Turns::new(&view(&[]));
    assert!(matches!(
        turns.select(&request(0, Vec::new())),
        Err(Refusal::Full)
    ));
}
