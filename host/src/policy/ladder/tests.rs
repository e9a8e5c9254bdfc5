use weir_core::units::UtcMs;

use super::{GOOD_CALLS, Ladder, Rung, Step};
use crate::policy::{Blame, PolicyFault};

const MINUTE: u64 = 60_000;

fn trap() -> PolicyFault {
    PolicyFault::Trapped {
        trap: "unreachable".to_owned(),
    }
}

fn host() -> PolicyFault {
    PolicyFault::Engine {
        message: "no place".to_owned(),
    }
}

/// Lets the deciding rung fail three times; returns the step and who decides then.
fn fail(ladder: &mut Ladder, now: u64) -> Option<(Step, Rung)> {
    let rung = ladder.rung();
    assert_eq!(ladder.record(UtcMs(now), rung, Err(&trap())), None);
    assert_eq!(ladder.record(UtcMs(now), rung, Err(&trap())), None);
    let event = ladder.record(UtcMs(now), rung, Err(&trap()))?;
    assert_eq!(event.blame(), Some(Blame::Guest));
    assert_eq!(event.from, rung);
    Some((event.step, event.to))
}

#[test]
fn three_faults_in_a_row_step_down_rung_by_rung() {
    let mut ladder = Ladder::new(true, false);
    assert_eq!(ladder.rung(), Rung::Bound);
    assert_eq!(
        fail(&mut ladder, 0),
        Some((Step::SteppedDown, Rung::LastGood))
    );
    assert_eq!(
        fail(&mut ladder, 1),
        Some((Step::SteppedDown, Rung::BuiltIn))
    );
    assert_eq!(fail(&mut ladder, 2), Some((Step::SteppedDown, Rung::Hold)));
    assert_eq!(ladder.record(UtcMs(3), Rung::Hold, Err(&trap())), None);
}

#[test]
fn a_good_call_between_faults_starts_the_count_again() {
    let mut ladder = Ladder::new(false, false);
    for _ in 0..5 {
        ladder.record(UtcMs(0), Rung::Bound, Err(&trap()));
        ladder.record(UtcMs(0), Rung::Bound, Err(&trap()));
        ladder.record(UtcMs(0), Rung::Bound, Ok(()));
    }
    assert_eq!(ladder.rung(), Rung::Bound);
}

#[test]
fn faults_of_this_server_step_nothing_down() {
    let mut ladder = Ladder::new(false, false);
    for _ in 0..20 {
        assert_eq!(ladder.record(UtcMs(0), Rung::Bound, Err(&host())), None);
    }
    assert_eq!(ladder.rung(), Rung::Bound);
}

#[test]
fn a_built_in_policy_has_no_stand_in_but_hold() {
    let mut ladder = Ladder::new(false, true);
    assert_eq!(ladder.below(Rung::Bound), Rung::Hold);
    assert_eq!(fail(&mut ladder, 0), Some((Step::SteppedDown, Rung::Hold)));
}

#[test]
fn ten_good_calls_of_a_trial_restore_the_bound_version() {
    let mut ladder = Ladder::new(false, false);
    fail(&mut ladder, 0);
    assert_eq!(ladder.retry_at(), Some(UtcMs(MINUTE)));
    assert_eq!(ladder.tick(UtcMs(MINUTE - 1)), None);
    let event = ladder.tick(UtcMs(MINUTE)).expect("it is due");
    assert_eq!((event.step, event.to), (Step::TriedAgain, Rung::Bound));
    for _ in 1..GOOD_CALLS {
        assert_eq!(ladder.record(UtcMs(MINUTE), Rung::Bound, Ok(())), None);
    }
    let event = ladder
        .record(UtcMs(MINUTE), Rung::Bound, Ok(()))
        .expect("the tenth");
    assert_eq!((event.step, event.from), (Step::Restored, Rung::BuiltIn));
    assert_eq!((ladder.rung(), ladder.retry_at()), (Rung::Bound, None));
}

#[test]
fn a_fault_ends_a_trial_at_once_and_doubles_the_wait_up_to_an_hour() {
    let mut ladder = Ladder::new(false, false);
    let mut now = 0;
    fail(&mut ladder, now);
    let mut waits = Vec::new();
    for _ in 0..8 {
        let retry = ladder.retry_at().expect("it waits").0;
        waits.push((retry - now) / MINUTE);
        now = retry;
        ladder.tick(UtcMs(now)).expect("it is due");
        let event = ladder
            .record(UtcMs(now), Rung::Bound, Err(&trap()))
            .expect("one is enough");
        assert_eq!((event.step, event.to), (Step::TrialFailed, Rung::BuiltIn));
    }
    assert_eq!(waits, [1, 2, 4, 8, 16, 32, 60, 60]);
}

#[test]
fn news_of_a_rung_that_no_longer_decides_is_dropped() {
    let mut ladder = Ladder::new(false, false);
    fail(&mut ladder, 0);
    let before = ladder.clone();
    assert_eq!(ladder.record(UtcMs(1), Rung::Bound, Err(&trap())), None);
    assert_eq!(ladder, before);
}

#[test]
fn a_stand_in_that_fails_too_does_not_put_off_the_trial() {
    let mut ladder = Ladder::new(true, false);
    fail(&mut ladder, 0);
    fail(&mut ladder, 50_000);
    assert_eq!(ladder.retry_at(), Some(UtcMs(MINUTE)));
}
