//! Where to launch: the zone of a region, when the policy left it open.

use crate::snapshot::ZoneRow;

/// Index of the zone for a launch in `region`: of those that are not blocked the one with the fewest nodes, then the
/// order of the list. `nodes_per_zone` counts the nodes of the launched role, by zone index; what it lacks is empty.
///
/// `None` when the region has no zone, or only blocked ones.
pub fn choose(zones: &[ZoneRow], region: u32, nodes_per_zone: &[u32]) -> Option<u32> {
    (0_u32..)
        .zip(zones)
        .enumerate()
        .filter(|(_, (_, zone))| zone.region == region && !zone.blocked)
        .map(|(place, (index, _))| (nodes_per_zone.get(place).copied().unwrap_or(0), index))
        .min()
        .map(|(_, index)| index)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn zones(of: &[(u32, bool)]) -> Vec<ZoneRow> {
        of.iter()
            .map(|&(region, blocked)| ZoneRow {
                name: "zone".into(),
                region,
                blocked,
            })
            .collect()
    }

    #[test]
    fn zone_is_unblocked_then_emptiest_then_first() {
        let open = zones(&[(0, false), (1, false), (1, false), (1, false)]);
        let mixed = zones(&[(0, true), (0, false), (0, true)]);
        let blocked = zones(&[(0, true), (0, true)]);
        let table = [
            ("first of equals", &open, 1, vec![0, 2, 2, 2], Some(1)),
            ("fewest nodes", &open, 1, vec![0, 2, 1, 2], Some(2)),
            ("uncounted is empty", &open, 1, vec![0, 2, 1], Some(3)),
            ("other regions", &open, 0, vec![9], Some(0)),
            ("region without zones", &open, 2, vec![], None),
            ("blocked is avoided", &mixed, 0, vec![0, 9], Some(1)),
            ("only blocked ones", &blocked, 0, vec![], None),
        ];
        for (name, zones, region, counts, expected) in table {
            assert_eq!(choose(zones, region, &counts), expected, "{name}");
        }
    }
}
