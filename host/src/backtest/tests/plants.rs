//! What machines and viewers do.

use super::*;

/// Sends everybody to the first node that is offered.
fn first_of_all() -> SharedPolicy {
    let select = |view: &weir_core::snapshot::View, _: &weir_core::placement::SelectRequest| {
        Ok(Ok(view.nodes.id.first().copied().into_iter().collect()))
    };
    Arc::new(ScriptedPolicy::new("first").selecting(select))
}

fn hold() -> SharedPolicy {
    Arc::new(ScriptedPolicy::new("hold").proposing(|_, _, _| Ok(Proposal::default())))
}

/// Whoever decides is left to do so; what the machine's time was is no part of the result.
fn figures(outcome: &Outcome) -> String {
    let mut outcome = outcome.clone();
    outcome.score.decisions.micros_median = 0;
    outcome.score.decisions.micros_p99 = 0;
    if let Some(questions) = &mut outcome.score.questions {
        (questions.micros_median, questions.micros_p99) = (0, 0);
    }
    serde_json::to_string(&outcome).unwrap()
}

#[test]
fn same_seed_gives_the_same_figures_and_another_one_others() {
    let audience = trace(&[(0, 200), (900, 900), (1_800, 300), (2_700, 1_200)]);
    for mode in [Mode::Fluid, Mode::Viewers] {
        let setup = |seed| Setup {
            plant: Plant {
                boots: "lognormal:75s..120s".parse().unwrap(),
                launch_failures: 0.1,
                streams: 3,
                mode,
                seed,
                ..Plant::of(100)
            },
            limits: Limits::up_to(40),
        };
        let play = |seed| {
            let contender = contender(builtin("threshold"), builtin("weighted"));
            figures(&play(&audience, &setup(seed), &contender))
        };
        assert_eq!(play(7), play(7), "{mode:?}");
        assert_ne!(play(7), play(8), "{mode:?}");
    }
}

#[test]
fn viewers_go_where_the_placement_policy_sends_them() {
    let audience = trace(&[(0, 180), (600, 180)]);
    let mut setup = setup(4);
    setup.plant.mode = Mode::Viewers;
    let heap = play(&audience, &setup, &contender(hold(), first_of_all())).score;
    // 180 on one node of a hundred.
    assert!(
        (heap.over_capacity_percent - 80.0 / 1.8).abs() < 5.0,
        "{heap:?}"
    );
    let spread = play(&audience, &setup, &contender(hold(), builtin("weighted"))).score;
    assert_eq!(spread.over_capacity_percent, 0.0);
    assert_eq!(spread.refused, 0);
    let questions = spread.questions.unwrap();
    assert_eq!(questions.calls, 180 + spread.joins);
    assert_eq!(questions.faults, 0);
    setup.plant.admission = Admission::Hard;
    // The host sends them on where the policy's choice is full, so nobody is refused.
    let hard = play(&audience, &setup, &contender(hold(), first_of_all())).score;
    assert_eq!((hard.refused, hard.over_capacity_percent), (0, 0.0));
}

#[test]
fn viewers_of_an_ended_node_ask_again() {
    let retire = |snapshot: &Snapshot, _: &str, _: &[u8]| {
        let nodes = serving(snapshot);
        Ok(Proposal {
            retirements: nodes.iter().skip(3).map(|no| no.0).collect(),
            ..Proposal::default()
        })
    };
    let scaling = Arc::new(ScriptedPolicy::new("three").proposing(retire));
    let mut setup = setup(8);
    setup.plant.mode = Mode::Viewers;
    let score = play(
        &trace(&[(0, 240), (1_200, 240)]),
        &setup,
        &contender(scaling, builtin("weighted")),
    )
    .score;
    assert_eq!(score.removals, 1);
    assert!((30..=60).contains(&score.moved), "{score:?}");
    assert_eq!(score.refused, 0);
}

#[test]
fn launches_that_never_speak_are_given_up_and_paid() {
    let mut setup = setup(20);
    setup.plant.launch_failures = 1.0;
    let policy = wishing(|snapshot| Ok(launch(u32::from(snapshot.in_flight.is_empty()))));
    let score = play(&trace(&[(0, 100), (3_600, 100)]), &setup, &policy).score;
    assert!(score.failed_launches > 5, "{score:?}");
    assert_eq!(score.failed_launches, score.launches);
    assert!(score.node_hours > 2.2, "{score:?}");
    assert!(near(score.utilisation_percent, 50.0), "{score:?}");
}

#[test]
fn an_empty_place_costs_its_minimum() {
    let audience = trace(&[(0, 0), (1_800, 0), (3_600, 100)]);
    let score = play(&audience, &setup(20), &holding()).score;
    assert!(near(score.node_hours, 2.0), "{score:?}");
    assert_eq!(score.over_capacity_percent, 0.0);
}

#[test]
fn node_hours_have_a_price_when_it_is_known() {
    let mut setup = setup(20);
    let audience = trace(&[(0, 100), (3_600, 100)]);
    assert_eq!(play(&audience, &setup, &holding()).score.cost, None);
    setup.plant.price_micros = 96_000;
    let score = play(&audience, &setup, &holding()).score;
    assert!(near(score.cost.unwrap(), 2.0 * 0.096), "{score:?}");
}
