//! Rule 7: what stands above a maximum is drained by the host.

use std::cmp::Reverse;

use super::launches::place_text;
use super::ledger::{Bounds, Ledger, Place, Row};
use super::removals;
use crate::reason::{Clamp, ClampReason};

/// Brings every place down to its maximum, as far as rules 2 and 5 let nodes go. Launches and wishes respect the
/// maximum, so only one that was lowered leaves something to do.
pub(super) fn shrink(ledger: &mut Ledger<'_>) {
    if !ledger.facts.active || ledger.facts.terminating {
        return;
    }
    // A place that was taken out of the document has nodes and no bounds: its maximum is 0.
    for place in ledger.places() {
        let Bounds { max, .. } = ledger.bounds_of(place);
        shrink_place(ledger, place, max);
    }
}

fn shrink_place(ledger: &mut Ledger<'_>, place: Place, max: u32) {
    let surplus = ledger.counted(place).saturating_sub(max);
    if surplus == 0 {
        return;
    }
    let mut cut = None;
    let mut gone = 0;
    for row in candidates(ledger, place) {
        if gone == surplus {
            return;
        }
        let done = match row.state.is_in_flight() {
            true => removals::give_up(ledger, row.id),
            false => removals::drain(ledger, row.id),
        };
        match done {
            Ok(no) => {
                ledger.granted.surplus.push(no);
                gone += 1;
            }
            Err(reason) => cut = cut.or(Some(reason)),
        }
    }
    if gone < surplus {
        let here = place_text(ledger.snapshot, place);
        ledger.granted.clamps.push(Clamp {
            reason: cut.unwrap_or(ClampReason::WrongState),
            wish: format!("lower {here} to its maximum of {max}"),
            wanted: surplus,
            granted: gone,
        });
    }
}

/// Who goes first: launches in flight, then silent nodes, then those without publishers and with the fewest clients;
/// the youngest of equals.
fn candidates(ledger: &Ledger<'_>, place: Place) -> Vec<Row> {
    let here = |row: &&Row| row.place == place && row.counts_against_max();
    let mut rows: Vec<Row> = ledger.rows.iter().filter(here).copied().collect();
    rows.sort_by_key(|row| {
        let flies = row.state.is_in_flight();
        (
            !flies,
            row.is_offered(),
            row.publishers,
            row.clients,
            Reverse(row.id),
        )
    });
    rows
}
