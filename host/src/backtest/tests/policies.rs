//! What policies are shown, and what becomes of their wishes.

use std::sync::Mutex;

use weir_core::node::Role;
use weir_core::snapshot::Measure;

use super::*;

#[test]
fn policies_see_what_the_server_shows_them() {
    let seen = Arc::new(Mutex::new(None));
    let keep = seen.clone();
    let policy = wishing(move |snapshot| {
        *keep.lock().unwrap() = Some(snapshot.clone());
        let wants = snapshot.now.0 >= 620_000 && serving(snapshot).len() < 4;
        Ok(launch(u32::from(wants && snapshot.in_flight.is_empty())))
    });
    let mut setup = setup(20);
    setup.plant.admission = Admission::Hard;
    setup.plant.price_micros = 96_000;
    play(
        &trace(&[(0, 100), (600, 100), (610, 400), (4_200, 400)]),
        &setup,
        &policy,
    );
    let snapshot = seen.lock().unwrap().take().unwrap();
    let row = |measure| {
        let mut rows = snapshot.history.iter();
        rows.find(|row| row.measure == measure && row.role == Role::Edge)
            .unwrap()
    };
    let connections = row(Measure::Connections);
    assert_eq!(
        (connections.bucket_ms, connections.values.len()),
        (10_000, 360)
    );
    assert_eq!(connections.values.first(), Some(&100));
    let joins: u32 = row(Measure::Joins).values.iter().sum();
    assert!(joins > 100, "{joins} joins");
    let refused: u32 = row(Measure::Refused).values.iter().sum();
    assert!(refused > 0);
    let boot = snapshot
        .boot
        .iter()
        .find(|row| row.role == Role::Edge)
        .unwrap();
    assert_eq!((boot.samples, boot.median_ms), (2, 60_000));
    let limits = snapshot
        .limits
        .iter()
        .find(|row| row.role == Role::Edge)
        .unwrap();
    assert_eq!(
        (limits.min, limits.max, limits.threshold_permille),
        (2, 20, 600)
    );
    let edges = snapshot
        .instance_types
        .iter()
        .find(|row| row.capacity == 100)
        .unwrap();
    assert_eq!(edges.price_micros_per_hour, 96_000);
    let origins = snapshot
        .nodes
        .role
        .iter()
        .filter(|role| **role == Role::Origin as u8);
    assert_eq!(origins.count(), 1);
}

#[test]
fn guardrails_cut_and_the_host_keeps_the_minimum() {
    let everything = wishing(|snapshot| {
        Ok(Proposal {
            retirements: serving(snapshot).iter().map(|no| no.0).collect(),
            ..launch(1_000)
        })
    });
    let outcome = play(&trace(&[(0, 100), (600, 100)]), &setup(6), &everything);
    let score = outcome.score;
    assert!(score.clamped > 0, "{score:?}");
    assert_eq!(outcome.acts[0].launched, 4);
    let least = outcome.curve.iter().map(|point| point.fleet.serving).min();
    assert_eq!(least, Some(2));
}

#[test]
fn a_policy_that_fails_is_counted_and_the_group_holds() {
    let broken = wishing(|_| {
        Err(PolicyFault::Trapped {
            trap: "unreachable".to_owned(),
        })
    });
    let trace = trace(&[(0, 100), (600, 500)]);
    let score = play(&trace, &setup(20), &broken).score;
    assert_eq!((score.decisions.faults, score.actions), (60, 0));
    let first = score.decisions.first_fault.clone().unwrap();
    assert!(first.contains("it trapped"), "{first}");
    let comparison = Comparison::of(&trace, &setup(20), vec![play(&trace, &setup(20), &broken)]);
    let table = table(&comparison.unwrap());
    assert!(table.contains("it gave no answer 60 times"), "{table}");
}

#[test]
fn scaling_one_way_soon_after_the_other_is_a_flap() {
    let nervous = wishing(|snapshot| {
        let (nodes, minute) = (serving(snapshot), snapshot.now.0 / 60_000 % 4);
        Ok(match minute {
            0 if nodes.len() < 3 && snapshot.in_flight.is_empty() => launch(1),
            3 if nodes.len() > 2 => Proposal {
                retirements: nodes.iter().take(1).map(|no| no.0).collect(),
                ..Proposal::default()
            },
            _ => Proposal::default(),
        })
    });
    let score = play(&trace(&[(0, 100), (3_600, 100)]), &setup(20), &nervous).score;
    assert!(score.launches >= 10, "{score:?}");
    assert_eq!(score.flaps, score.launches + score.removals - 1);
    assert!(score.jitter_per_hour > 10.0, "{score:?}");
}

#[test]
fn a_run_tells_how_far_it_is_and_ends_when_nobody_wants_it() {
    let trace = trace(&[(0, 100), (36_000, 100)]);
    let mut told = Vec::new();
    let done = run(&trace, &setup(20), &holding(), &mut |progress| {
        told.push(progress.done);
        assert_eq!(progress.of, 3_600);
        match progress.done >= 1_000 {
            true => ControlFlow::Break(()),
            false => ControlFlow::Continue(()),
        }
    });
    assert!(matches!(done, Err(BacktestError::Cancelled)), "{done:?}");
    assert!(told.is_sorted() && told.len() > 10, "{told:?}");
    assert!(told.last().is_some_and(|last| *last < 1_100), "{told:?}");
}
