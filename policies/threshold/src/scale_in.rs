//! The load is not over the threshold: one idle node may go, or the emptiest one be drained.

use std::cmp::Reverse;

use crate::decide::{Case, Draft};
use crate::memory::{self, Lasting};
use crate::tally::Candidate;
use crate::words;

/// Judges a row whose load is at or under the threshold.
pub(crate) fn judge(draft: &mut Draft, case: &Case<'_>) {
    let why = format!(
        "{}: {}, not over {}",
        case.place,
        words::load(case.tally.connections, case.tally.capacity),
        words::percent(case.limits.threshold_permille.into())
    );
    let idle = best_idle(draft, case);
    let emptiest = emptiest(draft, case);
    if !may_shrink(case) {
        if case.tally.counted > 0 {
            draft.say(why);
        }
        return;
    }
    match (idle, emptiest) {
        (Some((node, since_ms)), _) if stays_low(case, &node, case.options.scale_in_permille) => {
            let fact = format!("{why}; node {} is idle", node.id);
            retire(draft, case, &node, since_ms, &fact);
        }
        (_, Some((node, since_ms))) => {
            let fact = format!(
                "{why}; the rest can carry the {} connections of node {}",
                node.connections, node.id
            );
            retire(draft, case, &node, since_ms, &fact);
        }
        (Some((node, _)), None) => {
            let rest = case.tally.capacity.saturating_sub(node.capacity.into());
            draft.say(format!(
                "{why}; node {} is idle and stays: without it {}, over {}",
                node.id,
                words::load(case.tally.connections, rest),
                words::percent(bound(case, case.options.scale_in_permille) / 1_000)
            ));
        }
        (None, None) => draft.say(why),
    }
}

/// Above the minimum, never the last node of the role in the group, and nothing of the role on its way.
fn may_shrink(case: &Case<'_>) -> bool {
    let serving = case.tally.serving.len();
    serving > case.limits.min as usize && case.serving_anywhere > 1 && case.tally.settling == 0
}

/// The idle node to go first: one that is to empty anyway, then the longest idle, then the youngest.
fn best_idle(draft: &Draft, case: &Case<'_>) -> Option<(Candidate, u64)> {
    let idle = case.tally.serving.iter().filter(|node| node.idle);
    let with_since = idle.filter_map(|node| Some((*node, draft.after.idle_since(node.id)?)));
    with_since.min_by_key(|(node, since_ms)| (!node.discouraged, *since_ms, Reverse(node.id)))
}

/// The node with the fewest clients, when the rest is so low that it can be drained; remembers since when.
fn emptiest(draft: &mut Draft, case: &Case<'_>) -> Option<(Candidate, u64)> {
    let permille = case.options.drain_permille?;
    let nodes = case.tally.serving.iter().filter(|node| !node.publishers);
    let node = *nodes.min_by_key(|node| (node.connections, Reverse(node.id)))?;
    let rest = case.tally.capacity.saturating_sub(node.capacity.into());
    if case.tally.connections * 1_000_000 >= bound(case, permille) * rest {
        return None;
    }
    let (role, region) = (case.limits.role as u8, case.limits.region);
    let since_ms = memory::since(&case.before.lows, role, region).unwrap_or(case.input.now_ms);
    draft.after.lows.push(Lasting {
        role,
        region,
        since_ms,
    });
    Some((node, since_ms))
}

/// A part (permille) of the threshold, in millionths of the capacity.
fn bound(case: &Case<'_>, permille: u32) -> u64 {
    u64::from(case.limits.threshold_permille) * u64::from(permille)
}

/// Without the node the load stays at or under the part of the threshold.
fn stays_low(case: &Case<'_>, node: &Candidate, permille: u32) -> bool {
    let rest = case.tally.capacity.saturating_sub(node.capacity.into());
    case.tally.connections * 1_000_000 <= bound(case, permille) * rest
}

/// Retires the node unless a wait is not over. `fact` holds since `since_ms`.
fn retire(draft: &mut Draft, case: &Case<'_>, node: &Candidate, since_ms: u64, fact: &str) {
    let limits = case.limits;
    let held = case.input.now_ms.saturating_sub(since_ms);
    let wait_left = u64::from(limits.scale_in_wait_ms).saturating_sub(held);
    let cool_left = u64::from(
        limits
            .cool_down_ms
            .saturating_sub(limits.since_retirement_ms),
    );
    let lasts = words::seconds(held);
    if wait_left == 0 && cool_left == 0 {
        draft.proposal.retirements.push(node.id);
        draft.say(format!("{fact} for {lasts}: retire it"));
        return;
    }
    draft.wake_in(wait_left.max(cool_left));
    draft.say(if cool_left >= wait_left {
        let ago = words::seconds(limits.since_retirement_ms.into());
        let left = words::seconds(cool_left);
        format!("{fact} for {lasts}, the last removal was {ago} ago: waits {left}")
    } else {
        let left = words::seconds(wait_left);
        format!("{fact} for {lasts}: waits {left} more")
    });
}
