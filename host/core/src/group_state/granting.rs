//! From a policy's wish to what the group as it stands lets through.

use std::collections::BTreeSet;

use super::GroupState;
use crate::group::GroupState as Phase;
use crate::guardrails::{self, Caps, Granted, GuardFacts};
use crate::node::Role;
use crate::proposal::Proposal;
use crate::snapshot::Snapshot;
use crate::units::UtcMs;

impl GroupState {
    /// Cuts a wish by everything the group knows beside the snapshot, which has to be of this state and moment; without
    /// a wish only the minimum is kept.
    pub fn grant(&self, snapshot: &Snapshot, wish: Option<&Proposal>, now: UtcMs) -> Granted {
        let launchable: BTreeSet<Role> = self.spec.launch.keys().copied().collect();
        let resting = self.resting(now);
        let phase = self.group.state;
        let facts = GuardFacts {
            active: phase == Phase::Active,
            minimum_origin_only: phase == Phase::Initializing,
            frozen: self.frozen || !self.knows_loads(now),
            terminating: phase == Phase::Terminating,
            launches_last_minute: self.launches_last_minute(now),
            caps: Caps {
                launches_per_minute: self.rules.launches_per_minute,
                nodes_per_group: self.rules.nodes_per_group,
            },
            launchable: &launchable,
            resting: &resting,
        };
        guardrails::apply(snapshot, wish, &facts)
    }

    /// Where launches rest, by index of the region as snapshots have it.
    fn resting(&self, now: UtcMs) -> BTreeSet<(Role, u32)> {
        let regions = || (0_u32..).zip(&self.group.regions);
        let rests = |role: Role| {
            let held = regions().filter(move |(_, region)| self.is_held(role, region, now));
            held.map(move |(index, _)| (role, index))
        };
        Role::ALL.into_iter().flat_map(rests).collect()
    }
}
