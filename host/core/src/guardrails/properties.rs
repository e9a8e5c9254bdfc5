//! What holds for every snapshot and every proposal, sensible or not. The counts here are made anew from the
//! snapshot's columns, so that a wrong ledger cannot agree with itself.

use std::collections::BTreeMap;

use proptest::collection::{btree_map, vec};
use proptest::prelude::*;

use super::support::{ZONES_PER_REGION, empty, limit, raw};
use super::*;
use crate::proposal::LaunchWish;
use crate::snapshot::{FLAG_DRAINING, FLAG_PUBLISHERS, FLAG_SUNSET};

const REGIONS: u32 = 2;
const IN_SERVICE: u8 = 2;
const TERMINATING: u8 = 4;

fn any_snapshot() -> impl Strategy<Value = Snapshot> {
    let flags = prop_oneof![3 => Just(0_u8), 2 => 0_u8..16];
    let state = prop_oneof![4 => Just(IN_SERVICE), 3 => 0_u8..5, 1 => 5_u8..9];
    let zone = prop_oneof![9 => 0..REGIONS * ZONES_PER_REGION, 1 => any::<u32>()];
    let nodes = btree_map(0_u32..40, ((0_u8..5, state, flags), zone), 0..24);
    let limits = vec(
        (
            prop::sample::select(Role::ALL.to_vec()),
            0..REGIONS,
            0_u32..5,
            0_u32..9,
        ),
        0..9,
    );
    let blocked = vec(any::<bool>(), (REGIONS * ZONES_PER_REGION) as usize);
    (nodes, limits, blocked).prop_map(|(nodes, limits, blocked)| {
        let mut snapshot = empty(REGIONS);
        for (id, (facts, zone)) in nodes {
            raw(&mut snapshot.nodes, id, facts, zone);
        }
        for (role, region, min, more) in limits {
            limit(&mut snapshot, role, region, min, min + more);
        }
        for (zone, blocked) in snapshot.zones.iter_mut().zip(blocked) {
            zone.blocked = blocked;
        }
        snapshot
    })
}

fn any_proposal() -> impl Strategy<Value = Proposal> {
    let ids = || vec(prop_oneof![19 => 0_u32..44, 1 => any::<u32>()], 0..12);
    let count = prop_oneof![4 => 0_u32..6, 1 => Just(u32::MAX), 1 => any::<u32>()];
    let index = |below: u32| prop::option::of(prop_oneof![9 => 0..below, 1 => any::<u32>()]);
    let region = prop_oneof![9 => 0..REGIONS, 1 => any::<u32>()];
    let role = prop::sample::select(Role::ALL.to_vec());
    let wish = (role, region, index(4), index(2), count).prop_map(
        |(role, region, zone, instance_type, count)| LaunchWish {
            role,
            region,
            zone,
            instance_type,
            count,
        },
    );
    (vec(wish, 0..6), ids(), ids(), ids(), ids()).prop_map(
        |(launches, retirements, reinstatements, cancellations, discouraged)| Proposal {
            launches,
            retirements,
            reinstatements,
            cancellations,
            discouraged,
            ..Proposal::default()
        },
    )
}

/// Nodes as a reader of the columns sees them: id, place, state, flags.
type Seen = Vec<(u32, (Role, u32), u8, u8)>;

fn seen(snapshot: &Snapshot) -> Seen {
    let nodes = &snapshot.nodes;
    (0..nodes.id.len())
        .filter_map(|i| {
            let role = *Role::ALL.get(usize::from(nodes.role[i]))?;
            let zone = snapshot.zones.get(nodes.zone[i] as usize)?;
            (nodes.state[i] <= TERMINATING).then(|| {
                (
                    nodes.id[i],
                    (role, zone.region),
                    nodes.state[i],
                    nodes.flags[i],
                )
            })
        })
        .collect()
}

fn counts(state: u8, flags: u8) -> bool {
    state != TERMINATING && flags & (FLAG_DRAINING | FLAG_SUNSET) == 0
}

fn offered(state: u8, flags: u8) -> bool {
    state == IN_SERVICE && flags & (FLAG_DRAINING | FLAG_SUNSET) == 0
}

/// The nodes after the grants, launches left out.
fn after(before: &Seen, granted: &Granted) -> Seen {
    let mut nodes = before.clone();
    for (id, _, state, flags) in &mut nodes {
        let shrunk = granted.surplus.contains(&NodeNo(*id));
        if granted.retirements.contains(&NodeNo(*id)) || (shrunk && *state >= IN_SERVICE) {
            *flags |= FLAG_DRAINING;
        }
        if granted.reinstatements.contains(&NodeNo(*id)) {
            *flags &= !FLAG_DRAINING;
        }
        if granted.cancellations.contains(&NodeNo(*id)) || (shrunk && *state < IN_SERVICE) {
            *state = TERMINATING;
        }
    }
    nodes
}

fn bounds(snapshot: &Snapshot) -> BTreeMap<(Role, u32), (u32, u32)> {
    let mut bounds = BTreeMap::new();
    for row in &snapshot.limits {
        bounds
            .entry((row.role, row.region))
            .or_insert((row.min, row.max));
    }
    bounds
}

fn count(nodes: &Seen, place: (Role, u32), test: fn(u8, u8) -> bool) -> u32 {
    let here = nodes
        .iter()
        .filter(|(_, at, state, flags)| *at == place && test(*state, *flags));
    u32::try_from(here.count()).expect("few nodes")
}

fn places() -> impl Iterator<Item = (Role, u32)> {
    Role::ALL
        .into_iter()
        .flat_map(|role| (0..REGIONS).map(move |region| (role, region)))
}

prop_compose! {
    fn any_case()(
        snapshot in any_snapshot(),
        proposal in prop::option::weighted(0.9, any_proposal()),
        (active, frozen, terminating) in (prop::bool::weighted(0.8), prop::bool::weighted(0.1), prop::bool::weighted(0.1)),
        minimum_origin_only in any::<bool>(),
        (launches_last_minute, launches_per_minute, nodes_per_group) in
            prop_oneof![3 => Just((0, 60, 1_000)), 1 => (0_u32..20, 0_u32..20, 0_u32..30), 1 => Just((0, u32::MAX, u32::MAX))],
        launchable in prop::sample::subsequence(Role::ALL.to_vec(), 0..=4),
        launches_all in prop::bool::weighted(0.7),
        rests in prop::option::weighted(0.2, (prop::sample::select(Role::ALL.to_vec()), 0..REGIONS)),
    ) -> (Snapshot, Option<Proposal>, GuardFacts<'static>) {
        // Leaked on purpose: a few bytes a case, so that the facts may be returned.
        let roles = if launches_all { Role::ALL.to_vec() } else { launchable };
        let launchable = Box::leak(Box::new(roles.into_iter().collect::<BTreeSet<_>>()));
        let resting = Box::leak(Box::new(rests.into_iter().collect::<BTreeSet<_>>()));
        let caps = Caps { launches_per_minute, nodes_per_group };
        let facts = GuardFacts { active, minimum_origin_only, frozen, terminating, launches_last_minute, caps, launchable, resting };
        (snapshot, proposal, facts)
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1_500))]

    #[test]
    fn maximum_and_caps_hold((snapshot, proposal, facts) in any_case()) {
        let granted = apply(&snapshot, proposal.as_ref(), &facts);
        let before = seen(&snapshot);
        let nodes = after(&before, &granted);
        let bounds = bounds(&snapshot);
        for place in places() {
            let launched = granted.launches.iter().filter(|l| (l.role, l.region) == place).count();
            let taken_back = before.iter()
                .filter(|(id, at, ..)| *at == place && granted.reinstatements.contains(&NodeNo(*id)))
                .count();
            if launched + taken_back > 0 {
                let max = bounds.get(&place).map_or(0, |(_, max)| *max) as usize;
                // Retirements of the same decision make no room: they count as if they stayed.
                let retired = granted.retirements.iter()
                    .filter(|no| before.iter().any(|(id, at, state, flags)| *id == no.0 && *at == place && counts(*state, *flags)))
                    .count();
                let counted = count(&nodes, place, counts) as usize;
                prop_assert!(counted + retired + launched <= max, "{place:?}");
            }
        }
        let rate = facts.caps.launches_per_minute.saturating_sub(facts.launches_last_minute);
        let launched = u32::try_from(granted.launches.len()).expect("bounded");
        prop_assert!(launched <= rate.min(MAX_LAUNCHES_PER_DECISION));
        let standing = nodes.iter().filter(|(_, _, state, _)| *state != TERMINATING).count();
        prop_assert!(launched == 0 || standing + granted.launches.len() <= facts.caps.nodes_per_group as usize);
        prop_assert!(granted.launches.iter().all(|l| facts.launchable.contains(&l.role)));
        prop_assert!(!facts.terminating || (launched == 0 && granted.reinstatements.is_empty()));
    }

    #[test]
    fn removals_leave_enough((snapshot, proposal, facts) in any_case()) {
        let granted = apply(&snapshot, proposal.as_ref(), &facts);
        let nodes = after(&seen(&snapshot), &granted);
        let of = |no: &NodeNo| *nodes.iter().find(|(id, ..)| *id == no.0).expect("known nodes only");
        let drained = granted.surplus.iter().filter(|no| of(no).2 != TERMINATING);
        for no in granted.retirements.iter().chain(drained) {
            let (_, place, state, flags) = of(no);
            prop_assert!(state == 2 || state == 3);
            let min = bounds(&snapshot).get(&place).map_or(0, |(min, _)| *min);
            prop_assert!(count(&nodes, place, offered) >= min, "{no} retired below the minimum");
            if flags & FLAG_PUBLISHERS != 0 {
                prop_assert!(count(&nodes, (Role::Origin, place.1), offered) > 0, "{no} has publishers");
            }
            if place.0 == Role::Origin {
                let left: u32 = (0..REGIONS).map(|region| count(&nodes, (Role::Origin, region), offered)).sum();
                prop_assert!(left > 0, "{no} was the last origin");
            }
        }
        let given_up = granted.surplus.iter().filter(|no| of(no).2 == TERMINATING);
        for no in granted.cancellations.iter().chain(given_up) {
            let (_, place, _, flags) = of(no);
            let min = bounds(&snapshot).get(&place).map_or(0, |(min, _)| *min);
            let leaving = flags & (FLAG_DRAINING | FLAG_SUNSET) != 0;
            prop_assert!(facts.terminating || leaving || count(&nodes, place, counts) >= min);
        }
        let removed = [&granted.retirements, &granted.cancellations, &granted.surplus];
        prop_assert!(!facts.frozen || removed.iter().all(|list| list.is_empty()));
    }

    #[test]
    fn maximum_is_restored_or_the_clamps_say_why((snapshot, proposal, facts) in any_case()) {
        let granted = apply(&snapshot, proposal.as_ref(), &facts);
        let before = seen(&snapshot);
        let nodes = after(&before, &granted);
        for (place, (_, max)) in bounds(&snapshot) {
            let said = format!("to its maximum of {max}");
            let says_why = granted.clamps.iter().any(|clamp| clamp.wish.ends_with(&said));
            let kept = count(&nodes, place, counts) <= max || says_why;
            prop_assert!(kept || !facts.active || facts.terminating, "{place:?}");
        }
        // Nobody goes where nothing stood above its maximum.
        for no in &granted.surplus {
            let (_, place, ..) = *before.iter().find(|(id, ..)| *id == no.0).expect("known nodes only");
            let max = bounds(&snapshot).get(&place).map_or(0, |(_, max)| *max);
            prop_assert!(count(&before, place, counts) > max && count(&nodes, place, counts) >= max);
        }
    }

    #[test]
    fn grants_name_known_things_once((snapshot, proposal, facts) in any_case()) {
        let granted = apply(&snapshot, proposal.as_ref(), &facts);
        let known: BTreeSet<u32> = seen(&snapshot).iter().map(|(id, ..)| *id).collect();
        let lists = [&granted.retirements, &granted.reinstatements, &granted.cancellations, &granted.surplus];
        let named: Vec<u32> = lists.into_iter().flatten().map(|no| no.0).collect();
        let once: BTreeSet<u32> = named.iter().copied().collect();
        prop_assert_eq!(once.len(), named.len());
        prop_assert!(once.is_subset(&known));
        prop_assert!(granted.discouraged.iter().all(|no| known.contains(&no.0)));
        for launch in &granted.launches {
            prop_assert!(launch.region < REGIONS);
            if let Some(zone) = launch.zone {
                let row = &snapshot.zones[zone as usize];
                prop_assert!(row.region == launch.region && !row.blocked);
            }
            prop_assert!(launch.instance_type.is_none_or(|index| index == 0));
        }
        prop_assert!(granted.clamps.iter().all(|clamp| clamp.granted < clamp.wanted));
    }

    #[test]
    fn minimum_is_kept_or_the_clamps_say_why((snapshot, proposal, facts) in any_case()) {
        let granted = apply(&snapshot, proposal.as_ref(), &facts);
        let nodes = after(&seen(&snapshot), &granted);
        let bounded = granted.clamps.iter().any(|clamp| matches!(
            clamp.reason,
            ClampReason::LaunchRate
                    | ClampReason::NodeCap
                    | ClampReason::RoleNotLaunchable
                    | ClampReason::LaunchesRest
        ));
        if !facts.active || facts.terminating || bounded {
            return Ok(());
        }
        let counted = |place| {
            let launched = granted.launches.iter().filter(|l| (l.role, l.region) == place).count();
            count(&nodes, place, counts) as usize + launched
        };
        for (place, (min, _)) in bounds(&snapshot) {
            prop_assert!(counted(place) >= min as usize, "{place:?}");
        }
        let may = bounds(&snapshot).iter().any(|((role, _), (_, max))| *role == Role::Origin && *max > 0);
        let origins: usize = (0..REGIONS).map(|region| counted((Role::Origin, region))).sum();
        prop_assert!(!may || origins > 0, "no origin");
    }
}
