//! Where launches failed lately, and how long they are left alone there.
//!
//! Two things are remembered, each with what it depends on: a cloud that is full is full of one machine type in one
//! zone; a launch that is refused is refused for its role's image and type, in every zone of the region.

use std::collections::BTreeMap;

use crate::ids::{InstanceType, RegionName, ZoneName};
use crate::node::Role;
use crate::units::{DurationMs, UtcMs};

/// First pause after a failed launch; doubles with each further failure.
const FIRST_HOLD: DurationMs = DurationMs::secs(5);
/// Longest pause after failed launches.
const LONGEST_HOLD: DurationMs = DurationMs::secs(600);

/// Launches of a role in a region that failed in a row, and until when none is tried.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Hold {
    failures: u32,
    until: UtcMs,
}

/// The troubles of one group.
#[derive(Debug, Clone, Default)]
pub(super) struct LaunchTroubles {
    holds: BTreeMap<(Role, RegionName), Hold>,
    full: BTreeMap<(ZoneName, InstanceType), UtcMs>,
}

impl LaunchTroubles {
    /// A launch of the role in the region came to nothing.
    pub(super) fn failed(&mut self, place: (Role, RegionName), now: UtcMs) {
        let hold = self.holds.entry(place).or_insert(Hold {
            failures: 0,
            until: now,
        });
        hold.failures += 1;
        let doublings = hold.failures.saturating_sub(1).min(16);
        hold.until = now + DurationMs((FIRST_HOLD.0 << doublings).min(LONGEST_HOLD.0));
    }

    /// A launch of the role in the region worked.
    pub(super) fn worked(&mut self, place: &(Role, RegionName)) {
        self.holds.remove(place);
    }

    /// Failed launches in a row, and until when none is tried.
    pub(super) fn hold(&self, place: &(Role, RegionName)) -> Option<(u32, UtcMs)> {
        let hold = self.holds.get(place)?;
        Some((hold.failures, hold.until))
    }

    /// The next end of a hold.
    pub(super) fn next_end(&self, now: UtcMs) -> Option<UtcMs> {
        let ends = self.holds.values().map(|hold| hold.until);
        ends.filter(|at| *at > now).min()
    }

    /// The zone has no room for the type.
    pub(super) fn block(&mut self, zone: ZoneName, instance_type: InstanceType, until: UtcMs) {
        self.full.insert((zone, instance_type), until);
    }

    /// The zone had no room for the type lately.
    pub(super) fn is_full_of(&self, zone: &ZoneName, of: &InstanceType, now: UtcMs) -> bool {
        self.full_at(zone, now).any(|known| known == of)
    }

    /// Until when the zone counts as full of the type, if it ever was.
    pub(super) fn full_until(&self, zone: &ZoneName, of: &InstanceType) -> Option<UtcMs> {
        self.full.get(&(zone.clone(), of.clone())).copied()
    }

    /// The zone had no room for some type lately.
    pub(super) fn is_full(&self, zone: &ZoneName, now: UtcMs) -> bool {
        self.full_at(zone, now).next().is_some()
    }

    fn full_at<'a>(
        &'a self,
        zone: &'a ZoneName,
        now: UtcMs,
    ) -> impl Iterator<Item = &'a InstanceType> {
        let here = self
            .full
            .iter()
            .filter(move |((known, _), until)| known == zone && now < **until);
        here.map(|((_, instance_type), _)| instance_type)
    }
}
