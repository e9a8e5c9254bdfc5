//! Rules 2 and 5: nodes taken back, launches given up, nodes retired.

use super::ledger::{Ledger, Row, no};
use crate::ids::NodeNo;
use crate::node::{NodeState, Role};
use crate::proposal::Proposal;
use crate::reason::ClampReason;

/// Takes back draining nodes and gives up launches.
///
/// A node taken back may need the room of a launch given up, and a launch can be given up because a node was taken
/// back: so what does not fit under the maximum is tried again after the cancellations.
pub(super) fn take_back_and_cancel(ledger: &mut Ledger<'_>, proposal: &Proposal) {
    let mut without_room = Vec::new();
    for &id in &proposal.reinstatements {
        match reinstate(ledger, id) {
            Ok(()) => {}
            Err(ClampReason::Maximum) => without_room.push(id),
            Err(reason) => ledger.refuse("reinstate", id, reason),
        }
    }
    for &id in &proposal.cancellations {
        match give_up(ledger, id) {
            Ok(no) => ledger.granted.cancellations.push(no),
            Err(reason) => ledger.refuse("cancel", id, reason),
        }
    }
    for id in without_room {
        if let Err(reason) = reinstate(ledger, id) {
            ledger.refuse("reinstate", id, reason);
        }
    }
}

/// Retires nodes, as far as enough others carry on.
pub(super) fn retire(ledger: &mut Ledger<'_>, ids: &[u32]) {
    for &id in ids {
        match drain(ledger, id) {
            Ok(no) => ledger.granted.retirements.push(no),
            Err(reason) => ledger.refuse("retire", id, reason),
        }
    }
}

/// Position and row of a node that was granted nothing yet.
fn untouched(ledger: &Ledger<'_>, id: u32) -> Result<(usize, Row), ClampReason> {
    let at = ledger.find(id).ok_or(ClampReason::UnknownNode)?;
    let row = *ledger.rows.get(at).ok_or(ClampReason::UnknownNode)?;
    if row.touched {
        return Err(ClampReason::WrongState);
    }
    Ok((at, row))
}

fn is_serving(state: NodeState) -> bool {
    match state {
        NodeState::InService | NodeState::Unresponsive => true,
        NodeState::Pending | NodeState::Running | NodeState::Terminating => false,
    }
}

fn reinstate(ledger: &mut Ledger<'_>, id: u32) -> Result<(), ClampReason> {
    let (at, row) = untouched(ledger, id)?;
    // A sunset node would still not be offered: the operator's word stands.
    if !row.draining || row.sunset || !is_serving(row.state) {
        return Err(ClampReason::WrongState);
    }
    if ledger.facts.terminating {
        return Err(ClampReason::GroupNotActive);
    }
    if ledger.counted(row.place) >= ledger.bounds_of(row.place).max {
        return Err(ClampReason::Maximum);
    }
    ledger.change(at, |row| row.draining = false);
    ledger.granted.reinstatements.push(no(&row));
    Ok(())
}

/// Gives up a launch in flight, but for one the minimum needs: the host would only launch it again.
pub(super) fn give_up(ledger: &mut Ledger<'_>, id: u32) -> Result<NodeNo, ClampReason> {
    let (at, row) = untouched(ledger, id)?;
    if !row.state.is_in_flight() {
        return Err(ClampReason::WrongState);
    }
    if ledger.facts.frozen {
        return Err(ClampReason::Blindness);
    }
    if row.counts_against_max() && !ledger.facts.terminating {
        let bounds = ledger.bounds_of(row.place);
        if ledger.counted(row.place) <= bounds.min.min(bounds.max) {
            return Err(ClampReason::Minimum);
        }
        if row.place.0 == Role::Origin && ledger.counted_anywhere(Role::Origin) <= 1 {
            return Err(ClampReason::LastNode);
        }
    }
    ledger.change(at, |row| row.state = NodeState::Terminating);
    ledger.budget.standing = ledger.budget.standing.saturating_sub(1);
    Ok(no(&row))
}

/// Marks a node as draining, as far as enough others carry on.
pub(super) fn drain(ledger: &mut Ledger<'_>, id: u32) -> Result<NodeNo, ClampReason> {
    let (at, row) = untouched(ledger, id)?;
    if row.draining || !is_serving(row.state) {
        return Err(ClampReason::WrongState);
    }
    if ledger.facts.frozen {
        return Err(ClampReason::Blindness);
    }
    let (role, region) = row.place;
    let leaves = u32::from(row.is_offered());
    if ledger.offered(row.place).saturating_sub(leaves) < ledger.bounds_of(row.place).min {
        return Err(ClampReason::Minimum);
    }
    let leaving_origin = if role == Role::Origin { leaves } else { 0 };
    let origins_stay = ledger.offered((Role::Origin, region)) > leaving_origin;
    let needs_origin = row.publishers || (leaving_origin > 0 && ledger.burdened.contains(&region));
    if needs_origin && !origins_stay {
        return Err(ClampReason::HasPublishers);
    }
    if is_last(ledger, role, leaves) {
        return Err(ClampReason::LastNode);
    }
    ledger.change(at, |row| row.draining = true);
    if row.publishers {
        ledger.burdened.insert(region);
    }
    Ok(no(&row))
}

/// Whether the group would be left without a node that can serve: none of the role, for the roles clients ask for.
fn is_last(ledger: &Ledger<'_>, role: Role, leaves: u32) -> bool {
    let stay = ledger.offered_anywhere(role) > leaves;
    match role {
        Role::Origin => !stay,
        Role::Edge => {
            let mut places = ledger.bounds.iter();
            !stay && places.any(|((role, _), bounds)| *role == Role::Edge && bounds.max > 0)
        }
        Role::Transcoder | Role::Relay => false,
    }
}
