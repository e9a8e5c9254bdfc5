//! New records: where a launch goes and what it is frozen with.

use super::Planner;
use crate::group::GroupState as Phase;
use crate::guardrails::GrantedLaunch;
use crate::ids::{InstanceType, NodeNo, ZoneName};
use crate::node::{Node, NodeState, Role};
use crate::zones;

impl Planner<'_> {
    /// Adds the record of a launch. Answers whether there was a place.
    pub(super) fn launch(&mut self, wish: &GrantedLaunch) -> bool {
        let Some(region) = self.group.regions.get(wish.region as usize).cloned() else {
            return false;
        };
        let spec = self.state.spec().clone();
        let Some(target) = spec.launch.get(&wish.role) else {
            return false;
        };
        let Some(zone) = self.zone_for(wish, &target.instance_type) else {
            return false;
        };
        let node = Node {
            no: NodeNo(self.group.next_no),
            id: (self.mint)(&zone),
            role: wish.role,
            region,
            zone,
            instance_type: target.instance_type.clone(),
            image: target.image.clone().unwrap_or_else(|| spec.image.clone()),
            capacity: target.capacity,
            launch_config: self.group.launch_config.clone(),
            tags: spec.tags.clone(),
            properties: spec.properties.clone(),
            state: NodeState::Pending,
            state_since: self.now,
            launched_at: self.now,
            in_service_at: None,
            drain: None,
            sunset: false,
            reason: wish.reason,
            platform_id: None,
            address: None,
            private_address: None,
            hostname: None,
            boot: None,
            version: 1,
        };
        self.group.next_no += 1;
        if self.group.state == Phase::New {
            self.group.state = Phase::Initializing;
        }
        self.launched.push(node.no);
        self.changed.insert(node.no, node);
        true
    }

    fn zone_for(&self, wish: &GrantedLaunch, instance_type: &InstanceType) -> Option<ZoneName> {
        let snapshot_zones = self.state.zones_for(instance_type, self.now);
        if let Some(zone) = wish
            .zone
            .and_then(|index| snapshot_zones.get(index as usize))
        {
            return Some(zone.name.clone());
        }
        let counts: Vec<u32> = snapshot_zones
            .iter()
            .map(|zone| self.crowding(wish.role, &zone.name))
            .collect();
        match zones::choose(&snapshot_zones, wish.region, &counts) {
            Some(index) => Some(snapshot_zones[index as usize].name.clone()),
            None => {
                let region = self.group.regions.get(wish.region as usize)?;
                self.state.zone_full_longest(region, instance_type)
            }
        }
    }

    /// Nodes of the role in the zone, and as a tie-break all nodes of the group there.
    fn crowding(&self, role: Role, zone: &ZoneName) -> u32 {
        let stored = self.state.members().map(|member| member.node.as_ref());
        let stored = stored.filter(|node| !self.changed.contains_key(&node.no));
        let here = |node: &&Node| node.zone == *zone && node.counts_against_max();
        let (mut of_role, mut all) = (0_u32, 0_u32);
        for node in stored.chain(self.changed.values()).filter(here) {
            of_role += u32::from(node.role == role);
            all += 1;
        }
        of_role
            .saturating_mul(u32::from(u16::MAX))
            .saturating_add(all)
    }
}
