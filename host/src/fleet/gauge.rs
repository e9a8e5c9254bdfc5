//! Tells a report that crosses a bound from one that can wait, without touching the group's state.
//!
//! Set by the reconciler after each pass; between passes every report moves the sums, so that the crossing report
//! itself wakes the group.

use std::collections::HashMap;

use parking_lot::Mutex;
use weir_core::group_state::GroupState;
use weir_core::ids::NodeNo;
use weir_core::node::NodeState;
use weir_core::report::Report;

#[derive(Default)]
struct Sums {
    places: Vec<Place>,
    nodes: HashMap<NodeNo, Known>,
}

struct Place {
    connections: u64,
    /// Connections above which the load is over the threshold.
    bound: u64,
}

struct Known {
    place: usize,
    connections: u32,
    in_service: bool,
}

/// The sums of one group.
#[derive(Default)]
pub struct Gauge {
    sums: Mutex<Sums>,
}

impl Gauge {
    /// Takes the sums from the state.
    pub(super) fn set(&self, state: &GroupState) {
        let mut sums = Sums::default();
        let loads = state.role_loads();
        for load in &loads {
            let bound = u64::from(load.capacity_in_service)
                * u64::from(state.spec().threshold(load.role))
                / 100;
            sums.places.push(Place {
                connections: u64::from(load.connections),
                bound,
            });
        }
        for member in state.members() {
            let node = &member.node;
            let Some(place) = loads
                .iter()
                .position(|load| load.role == node.role && load.region == node.region)
            else {
                continue;
            };
            let in_service = node.state == NodeState::InService;
            sums.nodes.insert(
                node.no,
                Known {
                    place,
                    connections: member.load.connections,
                    in_service,
                },
            );
        }
        *self.sums.lock() = sums;
    }

    /// Does this report change what the group should do? Also moves the sums.
    pub(super) fn moves(&self, no: NodeNo, report: &Report) -> bool {
        let mut sums = self.sums.lock();
        let Sums { places, nodes } = &mut *sums;
        let Some(known) = nodes.get_mut(&no) else {
            return true;
        };
        let before = std::mem::replace(&mut known.connections, report.client_count);
        if !known.in_service {
            return true;
        }
        let place = &mut places[known.place];
        let was_over = place.connections > place.bound;
        place.connections =
            place.connections.saturating_sub(u64::from(before)) + u64::from(report.client_count);
        let is_over = place.connections > place.bound;
        was_over != is_over || (before == 0) != (report.client_count == 0)
    }
}
