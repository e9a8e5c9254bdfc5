//! Answers of guests, checked before anybody acts on them.
//!
//! What cannot be (an index past the end, NaN, too much of anything) makes the whole answer unusable. Ids of nodes in
//! a proposal are not looked up here: the guardrails drop those that name nothing, and say so.

use weir_core::node::Role;
use weir_core::placement::{MAX_CHOICES, Refusal};
use weir_core::proposal::{LaunchWish, Proposal};
use weir_core::snapshot::Snapshot;

use super::PolicyFault;
use super::contract::types as wit;
use super::limits::Limits;

/// Longest text of a refusal that is kept, bytes.
const REFUSAL_TEXT: usize = 1_024;

/// A proposal that can be acted on.
///
/// # Errors
/// [`PolicyFault::BadAnswer`] with the first thing that is wrong.
pub(super) fn proposal(
    answer: wit::Proposal,
    snapshot: &Snapshot,
    limits: &Limits,
) -> Result<Proposal, PolicyFault> {
    check_sizes(&answer, limits)?;
    let launches = answer
        .launches
        .iter()
        .map(|launch| wish(launch, snapshot))
        .collect::<Result<_, _>>()?;
    let mut signals = Vec::with_capacity(answer.signals.len());
    for signal in answer.signals {
        if !signal.value.is_finite() {
            return Err(bad(format!("signal {:?} is {}", signal.name, signal.value)));
        }
        signals.push((signal.name, signal.value));
    }
    Ok(Proposal {
        launches,
        retirements: answer.retirements,
        reinstatements: answer.reinstatements,
        cancellations: answer.cancellations,
        discouraged: answer.discouraged,
        next_wake_ms: answer.next_wake_ms,
        reasons: answer.reasons,
        signals,
        state: answer.state,
    })
}

fn check_sizes(answer: &wit::Proposal, limits: &Limits) -> Result<(), PolicyFault> {
    let actions = answer.launches.len()
        + answer.retirements.len()
        + answer.reinstatements.len()
        + answer.cancellations.len()
        + answer.discouraged.len();
    at_most("actions", actions, limits.actions)?;
    at_most("signals", answer.signals.len(), limits.signals)?;
    at_most("bytes of state", answer.state.len(), limits.state_bytes)?;
    let reasons: usize = answer.reasons.iter().map(String::len).sum();
    let names: usize = answer.signals.iter().map(|signal| signal.name.len()).sum();
    let bytes = reasons + names + answer.state.len();
    at_most("bytes of text and state", bytes, limits.answer_bytes)
}

fn at_most(what: &str, found: usize, most: usize) -> Result<(), PolicyFault> {
    if found > most {
        return Err(bad(format!("{found} {what}, more than {most}")));
    }
    Ok(())
}

fn wish(launch: &wit::Launch, snapshot: &Snapshot) -> Result<LaunchWish, PolicyFault> {
    index("region", Some(launch.region), snapshot.regions.len())?;
    index("zone", launch.zone, snapshot.zones.len())?;
    let types = snapshot.instance_types.len();
    index("instance-type", launch.instance_type, types)?;
    let zone = launch.zone.map(|zone| &snapshot.zones[zone as usize]);
    if let Some(zone) = zone.filter(|zone| zone.region != launch.region) {
        return Err(bad(format!(
            "a launch in zone {} names another region",
            zone.name
        )));
    }
    Ok(LaunchWish {
        role: role(launch.role),
        region: launch.region,
        zone: launch.zone,
        instance_type: launch.instance_type,
        count: launch.count,
    })
}

fn index(what: &str, index: Option<u32>, length: usize) -> Result<(), PolicyFault> {
    match index {
        Some(index) if index as usize >= length => Err(bad(format!(
            "{what} {index} of a launch is past the end of {length}"
        ))),
        Some(_) | None => Ok(()),
    }
}

fn role(role: wit::Role) -> Role {
    match role {
        wit::Role::Origin => Role::Origin,
        wit::Role::Edge => Role::Edge,
        wit::Role::Transcoder => Role::Transcoder,
        wit::Role::Relay => Role::Relay,
    }
}

/// The ids of a choice, each once, all of them among `known` (sorted).
///
/// # Errors
/// [`PolicyFault::BadAnswer`]: nobody, too many, or a node that was never offered.
pub(super) fn choice(mut ids: Vec<u32>, known: &[u32]) -> Result<Vec<u32>, PolicyFault> {
    if ids.is_empty() {
        return Err(bad("it chose nobody and did not refuse".to_owned()));
    }
    at_most("ids in a choice", ids.len(), MAX_CHOICES)?;
    if let Some(id) = ids.iter().find(|id| known.binary_search(id).is_err()) {
        return Err(bad(format!("it chose {id}, which was not offered")));
    }
    let mut kept = 0;
    for at in 0..ids.len() {
        if !ids[..kept].contains(&ids[at]) {
            ids[kept] = ids[at];
            kept += 1;
        }
    }
    ids.truncate(kept);
    Ok(ids)
}

/// A refusal, its text cut to what a person reads.
pub(super) fn refusal(refusal: wit::Refusal) -> Refusal {
    match refusal {
        wit::Refusal::Full => Refusal::Full,
        wit::Refusal::NoSuchPlace => Refusal::NoSuchPlace,
        wit::Refusal::RetryAfterMs(ms) => Refusal::RetryAfterMs(ms),
        wit::Refusal::Other(text) => Refusal::Other(cut(text)),
    }
}

/// Cuts a text at a character's border.
pub(super) fn cut(mut text: String) -> String {
    if text.len() > REFUSAL_TEXT {
        text.truncate(text.floor_char_boundary(REFUSAL_TEXT));
    }
    text
}

fn bad(problem: String) -> PolicyFault {
    PolicyFault::BadAnswer { problem }
}
