use super::Scores;
use crate::types::{Action, HandedOut, Nodes, Refusal, Region, Request, View, Zone};
use crate::weights::Weights;

/// Edges of 100 slots and half their memory free, with so many connections each; ids from 1.
fn edges(connections: &[u32]) -> View {
    let count = connections.len();
    let column = |value: u32| vec![value; count];
    View {
        now_ms: 0,
        group: "g".to_owned(),
        action: Action::Subscribe,
        regions: vec![
            Region {
                name: "r0".to_owned(),
            },
            Region {
                name: "r1".to_owned(),
            },
        ],
        zones: (0..2)
            .map(|region| Zone {
                name: format!("z{region}"),
                region,
                blocked: false,
            })
            .collect(),
        nodes: Nodes {
            id: (1..=count as u32).collect(),
            role: vec![1; count],
            state: vec![2; count],
            flags: vec![0; count],
            zone: column(0),
            instance_type: column(0),
            age_s: column(60),
            report_age_ms: column(0),
            capacity: column(100),
            connections: connections.to_vec(),
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

fn request(count: u32) -> Request {
    Request {
        stream_key: 1,
        path: None,
        region: None,
        zone: None,
        strict: false,
        count,
        carriers: Vec::new(),
        handed_out: Vec::new(),
        sequence: 0,
        random: 0,
    }
}

fn chosen(view: &View, request: &Request) -> Vec<u32> {
    Scores::new(view, &Weights::default())
        .select(request)
        .expect("there are nodes")
        .ids
}

#[test]
fn the_emptiest_edge_comes_first() {
    assert_eq!(chosen(&edges(&[50, 10, 30]), &request(8)), vec![2, 3, 1]);
}

#[test]
fn free_memory_outweighs_a_few_connections() {
    let mut view = edges(&[10, 20]);
    view.nodes.free_memory_mib = vec![50, 150];
    assert_eq!(chosen(&view, &request(2)), vec![2, 1]);
}

#[test]
fn a_full_edge_comes_after_every_edge_with_room() {
    let mut view = edges(&[100, 99]);
    view.nodes.free_memory_mib = vec![200, 0];
    assert_eq!(chosen(&view, &request(2)), vec![2, 1]);
}

#[test]
fn assigned_and_handed_out_clients_count_as_load() {
    let mut view = edges(&[10, 11, 12]);
    view.nodes.assigned = vec![5, 0, 0];
    assert_eq!(chosen(&view, &request(3)), vec![2, 3, 1]);
    let mut burst = request(3);
    burst.handed_out = vec![HandedOut { id: 2, count: 90 }];
    assert_eq!(chosen(&view, &burst), vec![3, 1, 2]);
    let one = Scores::new(&edges(&[0, 0]), &Weights::default());
    let mut second = request(1);
    second.handed_out = vec![HandedOut { id: 1, count: 1 }];
    assert_eq!(one.select(&second).expect("room").ids, vec![2]);
}

#[test]
fn an_origin_with_fewer_viewers_behind_it_is_better() {
    let mut view = edges(&[0, 0]);
    view.nodes.role = vec![0, 0];
    view.nodes.edge_subscribers = vec![90, 10];
    view.nodes.publishers = vec![0, 40];
    assert_eq!(chosen(&view, &request(2)), vec![2, 1]);
}

#[test]
fn discouraged_nodes_come_last_and_draining_ones_never() {
    let mut view = edges(&[0, 50, 60]);
    view.nodes.flags = vec![4, 0, 1];
    assert_eq!(chosen(&view, &request(8)), vec![2, 1]);
}

#[test]
fn a_strict_place_without_nodes_is_refused() {
    let mut away = request(1);
    away.region = Some(1);
    assert_eq!(chosen(&edges(&[1]), &away), vec![1]);
    away.strict = true;
    let scores = Scores::new(&edges(&[1]), &Weights::default());
    assert!(matches!(scores.select(&away), Err(Refusal::NoSuchPlace)));
    let none = Scores::new(&edges(&[]), &Weights::default());
    assert!(matches!(none.select(&away), Err(Refusal::Full)));
}

#[test]
fn a_node_without_capacity_is_full_and_still_offered() {
    let mut view = edges(&[0]);
    view.nodes.capacity = vec![0];
    assert_eq!(chosen(&view, &request(1)), vec![1]);
}
