//! Guests that turn hostile in `prepare` and `select`.

use std::sync::Arc;

use weir::policy::{PolicyFault, PreparedPool};
use weir_core::placement::Refusal;

use crate::{admit, guests_fault, inputs, limits, others_go_on, soon};

/// Admits the guest, asks about stream 666, and sees that the pool answers the next question.
async fn fault_of(name: &str) -> PolicyFault {
    let policy = admit(name).await.unwrap();
    let view = Arc::new(inputs::view("group"));
    let pool = PreparedPool::build(policy, view, "{}", 1).answer.unwrap();
    let outcome = soon(|| pool.select(&inputs::request(666)));
    let next = pool.select(&inputs::request(1)).answer;
    assert_eq!(next, Ok(Err(Refusal::Full)), "a fresh instance took over");
    guests_fault(outcome.answer)
}

#[tokio::test]
async fn a_view_that_is_never_prepared_ends_with_its_fuel() {
    let policy = admit("prepare_loops").await.unwrap();
    let view = inputs::view("thirteen long");
    let outcome = soon(|| policy.prepare(&view, "{}"));
    let limit = limits().prepare_fuel_per_100;
    let fault = outcome.answer.err().unwrap();
    assert_eq!(fault, PolicyFault::OutOfFuel { limit });
    assert!(policy.prepare(&inputs::view("group"), "{}").answer.is_ok());
}

#[tokio::test]
async fn an_endless_select_ends_with_its_fuel() {
    let limit = limits().select_fuel;
    assert_eq!(
        fault_of("select_loops").await,
        PolicyFault::OutOfFuel { limit }
    );
}

#[tokio::test]
async fn a_trap_in_select_costs_one_answer() {
    assert!(matches!(
        fault_of("select_traps").await,
        PolicyFault::Trapped { .. }
    ));
}

#[tokio::test]
async fn a_node_that_was_never_offered_is_refused() {
    assert_eq!(
        fault_of("select_invents_a_node").await,
        PolicyFault::BadAnswer {
            problem: "it chose 4242, which was not offered".to_owned()
        }
    );
}

#[tokio::test]
async fn a_choice_of_nobody_is_no_choice() {
    assert_eq!(
        fault_of("select_chooses_nobody").await,
        PolicyFault::BadAnswer {
            problem: "it chose nobody and did not refuse".to_owned()
        }
    );
}

#[tokio::test]
async fn a_choice_of_everybody_takes_no_memory_of_ours() {
    assert!(matches!(
        fault_of("select_chooses_everybody").await,
        PolicyFault::BadAnswer { .. }
    ));
}

#[tokio::test]
async fn an_instance_that_keeps_something_of_each_question_is_replaced() {
    let policy = admit("select_hoards").await.unwrap();
    let view = Arc::new(inputs::view("group"));
    let pool = PreparedPool::build(policy, view, "{}", 1).answer.unwrap();
    // 512 KiB a question: without replacement the 64 MiB would be full after 128.
    for _ in 0..300 {
        assert_eq!(
            pool.select(&inputs::request(1)).answer,
            Ok(Err(Refusal::Full))
        );
    }
    others_go_on();
}
