use super::{MAX_SCORE, Place, Question, Ranking, Row, has_room, key};

/// Four zones, two a region.
const REGION_OF_ZONE: [u32; 4] = [0, 0, 1, 1];

fn row(id: u32, zone: u32, score: u32) -> Row {
    Row {
        id,
        zone,
        key: key(true, false, score),
    }
}

fn ask(ranking: &Ranking, place: Place, count: usize, sequence: u32) -> Vec<u32> {
    let question = Question {
        place,
        count,
        sequence,
    };
    let nothing = std::iter::empty();
    ranking.choose(&question, nothing, |_, _| {
        unreachable!("nothing was handed out")
    })
}

fn in_region(region: u32, strict: bool) -> Place {
    Place {
        region: Some(region),
        zone: None,
        strict,
    }
}

#[test]
fn tiers_come_before_scores() {
    let full = key(false, false, MAX_SCORE);
    let discouraged = key(true, true, MAX_SCORE);
    let poor = key(true, false, 0);
    assert!(poor > discouraged && discouraged > full);
    assert!(has_room(poor) && has_room(discouraged) && !has_room(full));
}

#[test]
fn the_best_come_first() {
    let scores = [5, 900_000, 70_000, 70_001, MAX_SCORE, 0];
    let rows = (0..6).map(|i| row(i, 0, scores[i as usize])).collect();
    let ranking = Ranking::new(rows, REGION_OF_ZONE.to_vec());
    assert_eq!(
        ask(&ranking, Place::default(), 8, 0),
        vec![4, 1, 3, 2, 0, 5]
    );
}

#[test]
fn equal_nodes_take_turns() {
    let rows = (0..3).map(|i| row(10 + i, 0, 7)).collect();
    let ranking = Ranking::new(rows, vec![0]);
    let first: Vec<u32> = (0..6)
        .map(|sequence| ask(&ranking, Place::default(), 1, sequence)[0])
        .collect();
    assert_eq!(first, vec![10, 11, 12, 10, 11, 12]);
    assert_eq!(ask(&ranking, Place::default(), 3, 1), vec![11, 12, 10]);
}

#[test]
fn a_region_is_preferred_and_strict_means_it() {
    let rows = vec![row(1, 0, 100), row(2, 2, 50), row(3, 3, 60)];
    let ranking = Ranking::new(rows, REGION_OF_ZONE.to_vec());
    assert_eq!(ask(&ranking, in_region(1, false), 8, 0), vec![3, 2, 1]);
    assert_eq!(ask(&ranking, in_region(1, true), 8, 0), vec![3, 2]);
    let zone = Place {
        region: Some(1),
        zone: Some(2),
        strict: false,
    };
    assert_eq!(ask(&ranking, zone, 8, 0), vec![2, 3, 1]);
    let strict = Place {
        strict: true,
        ..zone
    };
    assert_eq!(ask(&ranking, strict, 8, 0), vec![2]);
    assert_eq!(ask(&ranking, in_region(7, true), 8, 0), Vec::<u32>::new());
}

#[test]
fn a_node_with_room_elsewhere_beats_a_full_one_in_the_region() {
    let mut full = row(1, 0, 0);
    full.key = key(false, false, 100);
    let ranking = Ranking::new(vec![full, row(2, 2, 5)], REGION_OF_ZONE.to_vec());
    assert_eq!(ask(&ranking, in_region(0, false), 2, 0), vec![2, 1]);
}

#[test]
fn handed_out_clients_move_a_node_down() {
    let rows = vec![row(1, 0, 100), row(2, 0, 90), row(3, 0, 80)];
    let ranking = Ranking::new(rows, vec![0]);
    let choose = |handed_out: &[(u32, u32)]| {
        let question = Question {
            place: Place::default(),
            count: 3,
            sequence: 0,
        };
        ranking.choose(&question, handed_out.iter().copied(), |at, clients| {
            key(true, false, [100, 90, 80][at] - 15 * clients)
        })
    };
    assert_eq!(choose(&[(1, 1)]), vec![2, 1, 3]);
    assert_eq!(choose(&[(1, 2)]), vec![2, 3, 1]);
    assert_eq!(choose(&[(1, 1), (2, 1), (3, 1)]), vec![1, 2, 3]);
    assert_eq!(choose(&[(99, 1)]), vec![1, 2, 3]);
}

#[test]
fn many_rows_are_sorted_like_a_plain_sort() {
    let mut state = 1u32;
    let rows: Vec<Row> = (0..500)
        .map(|id| {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            row(id, state >> 30, state >> 12)
        })
        .collect();
    let mut plain = rows.clone();
    plain.sort_by_key(|row| (!row.key, row.id));
    let expected: Vec<u32> = plain.iter().take(8).map(|row| row.id).collect();
    let ranking = Ranking::new(rows, REGION_OF_ZONE.to_vec());
    assert_eq!(ask(&ranking, Place::default(), 8, 0), expected);
}
