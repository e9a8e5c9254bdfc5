//! The load is over the threshold: wait, take draining nodes back, launch.

use std::cmp::Reverse;

use crate::decide::{Case, Draft, over};
use crate::tally::Candidate;
use crate::types::Launch;
use crate::words;

/// Judges a row whose load is over the threshold since `since_ms`.
pub(crate) fn judge(draft: &mut Draft, case: &Case<'_>, since_ms: u64) {
    let (limits, tally) = (case.limits, case.tally);
    let why = format!(
        "{}: {}, over {}",
        case.place,
        words::load(tally.connections, tally.capacity),
        words::percent(limits.threshold_permille.into())
    );
    let waited = case.input.now_ms.saturating_sub(since_ms);
    let wait = u64::from(limits.scale_out_wait_ms);
    if waited < wait {
        draft.wake_in(wait - waited);
        draft.say(format!(
            "{why}: waits {} more before a launch",
            words::seconds(wait - waited)
        ));
        return;
    }
    let room = limits.max.saturating_sub(tally.counted);
    if room == 0 {
        draft.say(format!(
            "{why}: no launch, the maximum of {} is reached",
            words::count(limits.max, limits)
        ));
        return;
    }
    let step = limits.max_step.max(1).min(room);
    let back = take_back(draft, case, step as usize, &why);
    let capacity: u64 = back.iter().map(|node| u64::from(node.capacity)).sum();
    let left = step - back.len() as u32;
    if left > 0 && over(case, tally.capacity + capacity) {
        launch(draft, case, left, &why);
    }
}

/// Takes back up to `most` draining nodes, those with the most clients first.
fn take_back(draft: &mut Draft, case: &Case<'_>, most: usize, why: &str) -> Vec<Candidate> {
    let mut draining = case.tally.draining.clone();
    draining.sort_unstable_by_key(|node| (Reverse(node.connections), node.id));
    draining.truncate(most);
    for node in &draining {
        draft.proposal.reinstatements.push(node.id);
        draft.say(format!(
            "{why}: take back node {}, which is draining",
            node.id
        ));
    }
    draining
}

fn launch(draft: &mut Draft, case: &Case<'_>, count: u32, why: &str) {
    let (limits, tally) = (case.limits, case.tally);
    if tally.settling > 0 {
        draft.wake_in(tally.settling_left_ms.into());
        draft.say(format!(
            "{why}: waits for {} on the way, {} at most",
            words::count(tally.settling, limits),
            words::seconds(tally.settling_left_ms.into())
        ));
        return;
    }
    draft.proposal.launches.push(Launch {
        role: limits.role,
        region: limits.region,
        zone: None,
        instance_type: None,
        count,
    });
    draft.say(format!("{why}: launch {count}"));
}
