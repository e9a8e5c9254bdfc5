//! Guests that turn hostile in `propose`.

use weir::policy::{EngineSettings, Limits, PolicyEngine, PolicyFault, WasmEngine};

use crate::{admit, guests, guests_fault, inputs, limits, others_go_on, soon};

/// Admits the guest, lets it turn hostile, sees that it works again with other inputs.
async fn fault_of(name: &str) -> PolicyFault {
    let policy = admit(name).await.unwrap();
    let hostile = inputs::snapshot(666);
    let outcome = soon(|| policy.propose(&hostile, "{}", &[]));
    let again = policy.propose(&inputs::snapshot(1), "{}", &[]);
    assert!(again.answer.is_ok(), "a fresh instance knows nothing of it");
    guests_fault(outcome.answer)
}

async fn bad_answer_of(name: &str) -> String {
    match fault_of(name).await {
        PolicyFault::BadAnswer { problem } => problem,
        other => panic!("{other}"),
    }
}

#[tokio::test]
async fn an_endless_loop_ends_with_its_fuel() {
    let limit = limits().propose_fuel;
    assert_eq!(
        fault_of("propose_loops").await,
        PolicyFault::OutOfFuel { limit }
    );
}

#[tokio::test]
async fn filling_memory_in_one_instruction_costs_fuel_by_the_byte() {
    let limit = limits().propose_fuel;
    assert_eq!(
        fault_of("propose_fills_memory").await,
        PolicyFault::OutOfFuel { limit }
    );
}

#[tokio::test]
async fn the_clock_stops_a_loop_that_has_fuel_for_ever() {
    let limits = Limits {
        propose_fuel: u64::MAX / 2,
        propose_ms: 30,
        ..Limits::default()
    };
    let settings = EngineSettings {
        limits,
        instances: 20,
        ..EngineSettings::default()
    };
    let engine = WasmEngine::new(settings).unwrap();
    let bytes = guests::hostile("propose_loops");
    let policy = engine.admit("loops", &bytes).await.unwrap();
    let outcome = soon(|| policy.propose(&inputs::snapshot(666), "{}", &[]));
    assert_eq!(
        guests_fault(outcome.answer),
        PolicyFault::Deadline { limit_ms: 30 }
    );
}

#[tokio::test]
async fn the_default_limits_end_a_loop_by_fuel_or_by_time() {
    let engine = WasmEngine::new(EngineSettings {
        instances: 20,
        ..EngineSettings::default()
    });
    let bytes = guests::hostile("propose_loops");
    let policy = engine.unwrap().admit("loops", &bytes).await.unwrap();
    let outcome = soon(|| policy.propose(&inputs::snapshot(666), "{}", &[]));
    assert!(matches!(
        outcome.answer,
        Err(PolicyFault::OutOfFuel { .. } | PolicyFault::Deadline { .. })
    ));
}

#[tokio::test]
async fn a_memory_hog_is_told_from_a_panic() {
    let limit_bytes = limits().memory_bytes;
    assert_eq!(
        fault_of("propose_hogs_memory").await,
        PolicyFault::OutOfMemory { limit_bytes }
    );
}

#[tokio::test]
async fn a_trap_is_named() {
    let PolicyFault::Trapped { trap } = fault_of("propose_traps").await else {
        panic!("no trap");
    };
    assert!(trap.contains("divide by zero"), "{trap}");
}

#[tokio::test]
async fn recursion_without_end_hits_the_end_of_its_stack() {
    let PolicyFault::Trapped { trap } = fault_of("propose_recurses").await else {
        panic!("no trap");
    };
    assert!(trap.contains("stack"), "{trap}");
}

#[tokio::test]
async fn a_signal_that_is_no_number_is_refused() {
    let problem = bad_answer_of("propose_signals_nan").await;
    assert!(problem.contains("NaN"), "{problem}");
}

#[tokio::test]
async fn a_launch_in_a_region_that_does_not_exist_is_refused() {
    let problem = bad_answer_of("propose_launches_nowhere").await;
    assert_eq!(problem, "region 99 of a launch is past the end of 1");
}

#[tokio::test]
async fn a_million_actions_are_refused() {
    let problem = bad_answer_of("propose_retires_a_million").await;
    assert!(!problem.is_empty());
    let problem = bad_answer_of("propose_retires_too_many").await;
    assert_eq!(problem, "1001 actions, more than 1000");
}

#[tokio::test]
async fn reasons_longer_than_an_answer_are_refused() {
    let problem = bad_answer_of("propose_talks_too_much").await;
    assert_eq!(problem, "300000 bytes of text and state, more than 262144");
}

#[tokio::test]
async fn a_list_outside_its_memory_is_refused() {
    let problem = bad_answer_of("propose_points_outside").await;
    assert!(problem.contains("out of bounds"), "{problem}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn ten_hostile_decisions_at_once_trouble_nobody() {
    let policy = admit("propose_loops").await.unwrap();
    let hostile: Vec<_> = (0..10)
        .map(|_| {
            let policy = policy.clone();
            tokio::task::spawn_blocking(move || policy.propose(&inputs::snapshot(666), "{}", &[]))
        })
        .collect();
    for _ in 0..50 {
        others_go_on();
    }
    for decision in hostile {
        guests_fault(decision.await.unwrap().answer);
    }
}
