//! Where to launch: the zone of a region, when the policy left it open.

use crate::snapshot::ZoneRow;

/// Index of the zone for a launch in `region`: unblocked ones only, then the one with the fewest nodes, then the
/// order of the list. `nodes_per_zone` counts the nodes of the launched role, by zone index; what it lacks is empty.
///
/// `None` when the region has no zone, or only blocked ones and `allow_blocked` does not let one of these be taken.
pub fn choose(
    zones: &[ZoneRow],
    region: u32,
    nodes_per_zone: &[u32],
    allow_blocked: bool,
) -> Option<u32> {
    let fewest = |blocked: bool| {
        (0_u32..)
            .zip(zones)
            .enumerate()
            .filter(|(_, (_, zone))| zone.region == region && zone.blocked == blocked)
            .map(|(place, (index, _))| (nodes_per_zone.get(place).copied().unwrap_or(0), index))
            .min()
            .map(|(_, index)| index)
    };
    fewest(false).or_else(|| if allow_blocked { fewest(true) } else { None })
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
            (
                "first of equals",
                &open,
                1,
                vec![0, 2, 2, 2],
                false,
                Some(1),
            ),
            ("fewest nodes", &open, 1, vec![0, 2, 1, 2], false, Some(2)),
            (
                "uncounted is empty",
                &open,
                1,
                vec![0, 2, 1],
                false,
                Some(3),
            ),
            ("other regions", &open, 0, vec![9], false, Some(0)),
            ("region without zones", &open, 2, vec![], true, None),
            ("blocked is avoided", &mixed, 0, vec![0, 9], true, Some(1)),
            ("blocked, not allowed", &blocked, 0, vec![], false, None),
            ("blocked, allowed", &blocked, 0, vec![3, 1], true, Some(1)),
        ];
        for (name, zones, region, counts, allow, expected) in table {
            assert_eq!(choose(zones, region, &counts, allow), expected, "{name}");
        }
    }
}
