//! Tells a report that crosses a bound from one that can wait, without touching the group's state.
//!
//! Set by the reconciler when records, documents or settings changed; in between every report moves the sums, so that
//! the crossing report itself wakes the group, and a look at all nodes is not needed to find it.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering};

use parking_lot::Mutex;
use tokio::sync::Notify;
use weir_core::group_state::GroupState;
use weir_core::ids::NodeNo;
use weir_core::node::NodeState;

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
    crossed: AtomicBool,
    news: Notify,
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

    /// The node reported so many clients: must the group look at once? Moves the sums; a crossing is remembered for
    /// [`Gauge::take_crossed`]. Call it once the mailbox has the report.
    pub(super) fn moves(&self, no: NodeNo, clients: u32) -> bool {
        let Some(crossed) = self.sums.lock().moves(no, clients) else {
            return true;
        };
        if crossed {
            self.crossed.store(true, Ordering::Release);
            self.news.notify_one();
        }
        crossed
    }

    /// Ends when a report crossed a bound that [`Gauge::take_crossed`] has not told of.
    pub(super) async fn crossing(&self) {
        loop {
            self.news.notified().await;
            // The permit may be of a crossing that was taken meanwhile.
            if self.crossed.load(Ordering::Acquire) {
                return;
            }
        }
    }

    /// Whether a report crossed a bound since the last call. To be asked before the mailbox is emptied: whatever
    /// crossed is in it then.
    pub(super) fn take_crossed(&self) -> bool {
        self.crossed.swap(false, Ordering::AcqRel)
    }
}

impl Sums {
    /// Whether a bound was crossed; `None` for a node whose record has to change first.
    fn moves(&mut self, no: NodeNo, clients: u32) -> Option<bool> {
        let known = self.nodes.get_mut(&no)?;
        let before = std::mem::replace(&mut known.connections, clients);
        if !known.in_service {
            return None;
        }
        let place = &mut self.places[known.place];
        let was_over = place.connections > place.bound;
        place.connections =
            place.connections.saturating_sub(u64::from(before)) + u64::from(clients);
        let is_over = place.connections > place.bound;
        Some(was_over != is_over || (before == 0) != (clients == 0))
    }
}

#[cfg(test)]
mod tests;
