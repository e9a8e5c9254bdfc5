//! Runs whose figures can be worked out on paper.

use super::*;

/// Load 500 / 900 is under the threshold, no node is ever idle: nine nodes for an hour.
#[test]
fn threshold_holds_a_constant_audience() {
    let outcome = play(
        &trace(&[(0, 500), (3_600, 500)]),
        &setup(20),
        &contender(builtin("threshold"), builtin("weighted")),
    );
    let score = outcome.score;
    assert!(near(score.node_hours, 9.0), "{score:?}");
    assert!(near(score.utilisation_percent, 500.0 / 9.0), "{score:?}");
    assert!(near(score.surplus_percent, 80.0), "{score:?}");
    assert_eq!((score.actions, score.over_capacity_percent), (0, 0.0));
    assert_eq!((score.refused, score.moved, score.flaps), (0, 0, 0));
    assert_eq!(score.decisions.calls, 360);
    assert!(score.decisions.fuel_median > 0);
}

/// From 100 viewers to 500 within ten seconds. Two nodes are 250 % loaded; a node more each minute, as threshold waits for
/// the one on its way, until nine bring the load to 55 %: seven launches, at 70 s, 130 s … 430 s.
#[test]
fn threshold_adds_a_node_for_each_boot_until_the_load_is_under_it() {
    let audience = trace(&[(0, 100), (60, 100), (70, 500), (3_670, 500)]);
    let setup = setup(20);
    let outcome = play(
        &audience,
        &setup,
        &contender(builtin("threshold"), builtin("weighted")),
    );
    let score = &outcome.score;
    let at: Vec<u64> = outcome.acts.iter().map(|act| act.at.0 / 1_000).collect();
    assert_eq!(at, [70, 130, 190, 250, 310, 370, 430]);
    let billed = 2.0 * 3_670.0 + (0..7).map(|n| 3_600.0 - 60.0 * f64::from(n)).sum::<f64>();
    assert!(near(score.node_hours, billed / 3_600.0), "{score:?}");
    // 300 viewers too many with two nodes, 200 with three, 100 with four, a minute each.
    assert!(
        near(score.over_capacity_viewer_seconds, 36_000.0),
        "{score:?}"
    );
    assert!(near(score.time_lacking_percent, 180.0 / 36.70), "{score:?}");
    assert_eq!((score.launches, score.removals, score.flaps), (7, 0, 0));
    assert_eq!(score.most_nodes, 9);
    let bounds = foresight(&audience, &setup).unwrap();
    assert!(near(bounds.ideal, (2.0 * 70.0 + 5.0 * 3_600.0) / 3_600.0));
    assert!(near(bounds.oracle, bounds.ideal + 3.0 * 60.0 / 3_600.0));
}

/// One of five nodes drains at 600 s with its 80 viewers, of whom exp(-300 / 1800) are left when the drain is over.
#[test]
fn viewers_left_at_the_end_of_a_drain_are_moved() {
    let policy = wishing(|snapshot| {
        let nodes = serving(snapshot);
        let retires = snapshot.now.0 >= 600_000 && nodes.len() == 5;
        Ok(Proposal {
            retirements: nodes
                .iter()
                .take(usize::from(retires))
                .map(|no| no.0)
                .collect(),
            ..Proposal::default()
        })
    });
    let mut setup = setup(20);
    setup.limits.threshold_percent = 80;
    let score = play(&trace(&[(0, 400), (3_600, 400)]), &setup, &policy).score;
    let left = 80.0 * (-300.0_f64 / 1_800.0).exp();
    assert_eq!((score.removals, score.moved), (1, left.round() as u64));
    assert!(near(score.node_hours, 4.0 + 900.0 / 3_600.0), "{score:?}");
    assert!(score.over_capacity_viewer_seconds < 1e-6, "{score:?}");
}

/// 300 viewers and room for 200: a third of them is over the capacity, or is turned away and never seen.
#[test]
fn admission_lets_too_many_in_or_turns_them_away() {
    let audience = trace(&[(0, 300), (36_000, 300)]);
    let mut setup = setup(2);
    let soft = play(&audience, &setup, &holding()).score;
    assert!(near(soft.over_capacity_percent, 100.0 / 3.0), "{soft:?}");
    assert!(near(soft.refused_viewer_seconds, 3_600_000.0), "{soft:?}");
    setup.plant.admission = Admission::Hard;
    let hard = play(&audience, &setup, &holding()).score;
    assert_eq!(hard.over_capacity_percent, 0.0);
    assert_eq!(hard.refused_viewer_seconds, soft.refused_viewer_seconds);
    // Of those who come a third finds no room, as every leaving viewer leaves a place; the first hundred come on top.
    let refused = hard.joins as f64 / 3.0 + 100.0;
    assert!((hard.refused as f64 - refused).abs() < 2.0, "{hard:?}");
}

/// Worked out apart from this program, level by level, by a few lines of another language.
#[test]
fn bounds_of_a_recorded_night_are_those_of_another_reckoning() {
    let bytes = include_bytes!("../../demo/trace.csv");
    let night = Trace::parse("trace.csv", bytes).unwrap();
    let setup = Setup {
        plant: Plant::of((night.peak() / 50.0).ceil() as u32),
        limits: Limits::up_to(200),
    };
    let bounds = foresight(&night, &setup).unwrap();
    assert!(near(bounds.ideal, 582.594_444_444), "{bounds:?}");
    assert!(near(bounds.oracle, 589.216_666_667), "{bounds:?}");
}
