//! Buckets, gaps and bounds of the history.

use super::*;

const START: u64 = 1_000_000;

fn at(seconds: u64) -> UtcMs {
    UtcMs(START + seconds * 1_000)
}

fn regions() -> Vec<RegionName> {
    vec!["west".into(), "east".into()]
}

fn values(history: &DemandHistory, now: UtcMs) -> Vec<Vec<u32>> {
    let rows = history.rows(&regions(), now);
    rows.into_iter().map(|row| row.values).collect()
}

#[test]
fn level_is_the_last_of_its_bucket_and_is_carried_on() {
    let mut history = DemandHistory::new(at(0));
    history.connections(Role::Edge, &"west".into(), 5, at(1));
    history.connections(Role::Edge, &"west".into(), 7, at(9));
    history.connections(Role::Edge, &"west".into(), 2, at(35));
    assert_eq!(values(&history, at(39)), [[7, 7, 7]]);
    assert_eq!(values(&history, at(60)), [[7, 7, 7, 2, 2, 2]]);
}

#[test]
fn count_is_zero_where_nothing_happened() {
    let mut history = DemandHistory::new(at(0));
    for second in [1, 2, 31] {
        history.joined(Role::Edge, &"west".into(), 1, at(second));
    }
    assert_eq!(values(&history, at(50)), [[2, 0, 0, 1, 0]]);
}

#[test]
fn running_bucket_is_not_shown() {
    let mut history = DemandHistory::new(at(0));
    history.joined(Role::Edge, &"west".into(), 1, at(1));
    assert!(values(&history, at(9)).is_empty());
    assert_eq!(values(&history, at(10)), [[1]]);
}

#[test]
fn rows_are_aligned_and_ordered_by_measure_role_and_region() {
    let mut history = DemandHistory::new(at(0));
    history.refused(Role::Origin, &"west".into(), 1, at(25));
    history.joined(Role::Edge, &"east".into(), 1, at(5));
    history.joined(Role::Edge, &"west".into(), 1, at(15));
    history.joined(Role::Origin, &"east".into(), 1, at(15));
    history.joined(Role::Origin, &"elsewhere".into(), 1, at(15));
    let rows = history.rows(&regions(), at(31));
    let shown: Vec<_> = rows
        .iter()
        .map(|row| (row.measure, row.role, row.region, row.values.clone()))
        .collect();
    assert_eq!(
        shown,
        [
            (Measure::Joins, Role::Origin, 1, vec![0, 1, 0]),
            (Measure::Joins, Role::Edge, 0, vec![0, 1, 0]),
            (Measure::Joins, Role::Edge, 1, vec![1, 0, 0]),
            (Measure::Refused, Role::Origin, 0, vec![0, 0, 1]),
        ]
    );
    assert!(
        rows.iter()
            .all(|row| row.until == at(30) && row.bucket_ms == 10_000)
    );
}

#[test]
fn one_hour_is_kept_and_no_more() {
    let mut history = DemandHistory::new(at(0));
    for step in 0..1_000 {
        history.connections(Role::Edge, &"west".into(), step, at(u64::from(step) * 10));
    }
    let shown = values(&history, at(9_990));
    let expected: Vec<u32> = (639..999).collect();
    assert_eq!(shown, [expected]);
    let held: Vec<usize> = history
        .series
        .values()
        .map(|series| series.values.len())
        .collect();
    assert_eq!(held, [BUCKETS + 1]);
}

#[test]
fn long_silence_and_a_clock_gone_back_do_no_harm() {
    let mut history = DemandHistory::new(at(0));
    history.connections(Role::Edge, &"west".into(), 3, at(5));
    history.connections(Role::Edge, &"west".into(), 4, UtcMs(u64::MAX));
    history.connections(Role::Edge, &"west".into(), 5, at(5));
    assert_eq!(values(&history, UtcMs(u64::MAX)), [vec![3; BUCKETS]]);
    assert!(history.rows(&regions(), UtcMs(0)).is_empty());
}

#[test]
fn refusals_are_counted_from_a_moment_on() {
    let mut history = DemandHistory::new(at(0));
    for second in [1, 1, 2, 3] {
        history.refused(Role::Edge, &"west".into(), 1, at(second));
    }
    let table = [(0, 4), (1, 4), (2, 2), (3, 1), (4, 0)];
    for (since, expected) in table {
        assert_eq!(history.refused_since(at(since)), expected, "since {since}");
    }
}

#[test]
fn flood_of_refusals_is_bounded_and_none_is_lost() {
    let mut history = DemandHistory::new(at(0));
    for ms in 0..10_000 {
        history.refused(Role::Edge, &"west".into(), 1, UtcMs(START + ms));
    }
    assert_eq!(history.refusals.len(), REFUSAL_MOMENTS);
    assert_eq!(history.refused_since(at(0)), 10_000);
    assert_eq!(history.refused_since(at(9)), 1_000);
}
