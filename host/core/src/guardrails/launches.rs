//! Rules 3, 4 and 6: launches up to the maximum and the caps, and the minimum filled by the host.

use super::GrantedLaunch;
use super::ledger::{Deficit, Ledger, Place};
use crate::proposal::LaunchWish;
use crate::reason::{Clamp, ClampReason, Reason};
use crate::snapshot::Snapshot;

/// Grants what the policy wants to launch.
pub(super) fn grant(ledger: &mut Ledger<'_>, wishes: &[LaunchWish]) {
    for wish in wishes.iter().filter(|wish| wish.count > 0) {
        let place = (wish.role, wish.region);
        let (count, cut) = match refusal(ledger, wish) {
            Some(reason) => (0, Some(reason)),
            None => affordable(ledger, place, wish.count),
        };
        if let Some(reason) = cut {
            let place = place_text(ledger.snapshot, place);
            ledger.granted.clamps.push(Clamp {
                reason,
                wish: format!("launch {} {place}", wish.count),
                wanted: wish.count,
                granted: count,
            });
        }
        let launch = GrantedLaunch {
            role: wish.role,
            region: wish.region,
            zone: wish.zone.filter(|&zone| is_open(ledger.snapshot, zone)),
            instance_type: wish.instance_type,
            reason: Reason::Policy,
        };
        add(ledger, &launch, count);
    }
}

/// Launches what is missing to the minimum, and an origin where there is none at all.
pub(super) fn fill_minimum(ledger: &mut Ledger<'_>) {
    for deficit in ledger.deficits() {
        fill(ledger, deficit);
    }
}

fn fill(ledger: &mut Ledger<'_>, deficit: Deficit) {
    let Deficit {
        place,
        missing,
        reason,
    } = deficit;
    let (count, cut) = if !ledger.facts.launchable.contains(&place.0) {
        (0, Some(ClampReason::RoleNotLaunchable))
    } else if ledger.facts.resting.contains(&place) {
        (0, Some(ClampReason::LaunchesRest))
    } else {
        tightest(
            missing,
            [
                (ledger.budget.rate, ClampReason::LaunchRate),
                (ledger.node_budget(), ClampReason::NodeCap),
            ],
        )
    };
    if let Some(cut) = cut {
        let place = place_text(ledger.snapshot, place);
        ledger.granted.clamps.push(Clamp {
            reason: cut,
            wish: format!("fill the minimum with {missing} {place}"),
            wanted: missing,
            granted: count,
        });
    }
    let launch = GrantedLaunch {
        role: place.0,
        region: place.1,
        zone: None,
        instance_type: None,
        reason,
    };
    add(ledger, &launch, count);
}

fn add(ledger: &mut Ledger<'_>, launch: &GrantedLaunch, count: u32) {
    ledger.launched((launch.role, launch.region), count);
    let launches = (0..count).map(|_| launch.clone());
    ledger.granted.launches.extend(launches);
}

/// Why nothing of the wish can be granted.
fn refusal(ledger: &Ledger<'_>, wish: &LaunchWish) -> Option<ClampReason> {
    let snapshot = ledger.snapshot;
    let region_known = at(&snapshot.regions, wish.region).is_some();
    let zone_known = wish
        .zone
        .is_none_or(|zone| at(&snapshot.zones, zone).is_some_and(|row| row.region == wish.region));
    let type_known = wish
        .instance_type
        .is_none_or(|index| at(&snapshot.instance_types, index).is_some());
    if !(region_known && zone_known && type_known) {
        Some(ClampReason::UnknownPlace)
    } else if !ledger.facts.launchable.contains(&wish.role) {
        Some(ClampReason::RoleNotLaunchable)
    } else if !ledger.facts.hears_launches() {
        Some(ClampReason::GroupNotActive)
    } else if ledger.facts.resting.contains(&(wish.role, wish.region)) {
        Some(ClampReason::LaunchesRest)
    } else {
        None
    }
}

/// How many of `wanted` fit under the maximum and the caps, and what cut them. What other places miss to their
/// minimum is set aside; what this place misses may be taken from that share.
fn affordable(ledger: &Ledger<'_>, place: Place, wanted: u32) -> (u32, Option<ClampReason>) {
    let deficits = ledger.deficits();
    let set_aside = deficits
        .iter()
        .filter(|deficit| deficit.place != place)
        .fold(0_u32, |sum, deficit| sum.saturating_add(deficit.missing));
    let own = deficits
        .iter()
        .find(|deficit| deficit.place == place)
        .map_or(0, |deficit| deficit.missing);
    let spendable = |left: u32| left.saturating_sub(set_aside).max(own.min(left));
    let room = ledger
        .bounds_of(place)
        .max
        .saturating_sub(ledger.counted(place));
    tightest(
        wanted,
        [
            (room, ClampReason::Maximum),
            (spendable(ledger.budget.rate), ClampReason::LaunchRate),
            (spendable(ledger.node_budget()), ClampReason::NodeCap),
        ],
    )
}

/// The least of `wanted` and the bounds; the first bound that is the least names the cut.
fn tightest<const N: usize>(
    wanted: u32,
    bounds: [(u32, ClampReason); N],
) -> (u32, Option<ClampReason>) {
    bounds
        .into_iter()
        .fold((wanted, None), |(least, cut), (bound, reason)| {
            if bound < least {
                (bound, Some(reason))
            } else {
                (least, cut)
            }
        })
}

/// A blocked zone is left open again: the host knows better where a launch can work now.
fn is_open(snapshot: &Snapshot, zone: u32) -> bool {
    at(&snapshot.zones, zone).is_some_and(|row| !row.blocked)
}

fn at<T>(list: &[T], index: u32) -> Option<&T> {
    list.get(usize::try_from(index).ok()?)
}

/// `edge in eu-west-1`.
pub(super) fn place_text(snapshot: &Snapshot, (role, region): Place) -> String {
    match at(&snapshot.regions, region) {
        Some(name) => format!("{role} in {name}"),
        None => format!("{role} in region #{region}"),
    }
}
