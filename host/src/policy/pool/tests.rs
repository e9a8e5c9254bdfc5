use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use weir_core::placement::{Action, SelectRequest};
use weir_core::snapshot::{Nodes, View};
use weir_core::units::UtcMs;

use super::{PreparedPool, SAMPLE_EVERY};
use crate::policy::PolicyFault;
use crate::policy::scripted::ScriptedPolicy;

fn view() -> Arc<View> {
    Arc::new(View {
        now: UtcMs(0),
        group: "g".to_owned(),
        action: Action::Subscribe,
        regions: Vec::new(),
        zones: Vec::new(),
        nodes: Nodes::default(),
        metrics: Vec::new(),
        facts: Vec::new(),
    })
}

fn request() -> SelectRequest {
    SelectRequest {
        action: Action::Subscribe,
        stream_key: 0,
        path: None,
        region: None,
        zone: None,
        strict: false,
        count: 1,
        carriers: Vec::new(),
        handed_out: Vec::new(),
        sequence: 0,
        random: 0,
    }
}

fn pool(policy: ScriptedPolicy, places: usize) -> PreparedPool {
    PreparedPool::build(Arc::new(policy), view(), "{}", places)
        .answer
        .expect("it prepares")
}

fn trap() -> PolicyFault {
    PolicyFault::Trapped {
        trap: "unreachable".to_owned(),
    }
}

#[test]
fn a_fault_costs_one_answer_and_not_the_next() {
    let calls = AtomicU32::new(0);
    let policy = ScriptedPolicy::new("p").selecting(move |_, _| {
        match calls.fetch_add(1, Ordering::Relaxed) {
            1 => Err(trap()),
            _ => Ok(Ok(vec![7])),
        }
    });
    let pool = pool(policy, 1);
    let answers: Vec<_> = (0..3).map(|_| pool.select(&request()).answer).collect();
    assert_eq!(answers, [Ok(Ok(vec![7])), Err(trap()), Ok(Ok(vec![7]))]);
}

#[test]
fn a_policy_that_cannot_prepare_gives_no_pool() {
    let built = PreparedPool::build(Arc::new(ScriptedPolicy::new("p")), view(), "{}", 2);
    assert!(matches!(built.answer, Err(PolicyFault::Engine { .. })));
}

#[test]
fn a_policy_that_remembers_questions_is_found_out() {
    let calls = AtomicU32::new(0);
    let counting = ScriptedPolicy::new("counts")
        .selecting(move |_, _| Ok(Ok(vec![calls.fetch_add(1, Ordering::Relaxed)])));
    let pool = pool(counting, 1);
    for _ in 0..=SAMPLE_EVERY {
        pool.select(&request());
    }
    let found = pool.recheck().expect("it depends on earlier questions");
    assert_ne!(found.used, found.fresh);
    assert_eq!(pool.recheck(), None, "the sample is used up");
}

#[test]
fn an_honest_policy_is_not_reported() {
    let honest =
        ScriptedPolicy::new("honest").selecting(|_, request| Ok(Ok(vec![request.sequence])));
    let pool = pool(honest, 2);
    for _ in 0..=2 * SAMPLE_EVERY {
        pool.select(&request());
    }
    assert_eq!(pool.recheck(), None);
}

#[test]
fn more_threads_than_places_are_all_answered() {
    let policy = ScriptedPolicy::new("p").selecting(|_, request| Ok(Ok(vec![request.sequence])));
    let pool = pool(policy, 2);
    std::thread::scope(|scope| {
        for number in 0..8 {
            let pool = &pool;
            scope.spawn(move || {
                for _ in 0..100 {
                    let mut question = request();
                    question.sequence = number;
                    assert_eq!(pool.select(&question).answer, Ok(Ok(vec![number])));
                }
            });
        }
    });
}
