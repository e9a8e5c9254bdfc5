//! What people are told of a group's nodes, each node once in a while: parents that are asked for more than they carry,
//! and nodes that will not go.
//!
//! Scaling policies see the first as facts (`origins-over-capacity`, `relays-over-capacity`).

use std::collections::BTreeMap;

use weir_core::group_state::GroupState;
use weir_core::ids::NodeNo;
use weir_core::units::{DurationMs, UtcMs};

/// One line per node in so long.
const LOG_EVERY: DurationMs = DurationMs::secs(600);

/// Who was told of, and when.
#[derive(Debug, Default)]
pub(super) struct Alarms {
    overloaded: BTreeMap<NodeNo, UtcMs>,
    overstaying: BTreeMap<NodeNo, UtcMs>,
}

impl Alarms {
    /// Logs what there is to log.
    pub(super) fn tell(&mut self, state: &GroupState, now: UtcMs) {
        let lately = |_: &NodeNo, at: &mut UtcMs| now.since(*at) < LOG_EVERY;
        self.overloaded.retain(lately);
        self.overstaying.retain(lately);
        self.tell_overloaded(state, now);
        self.tell_overstaying(state, now);
    }

    /// More origins or relays are needed.
    fn tell_overloaded(&mut self, state: &GroupState, now: UtcMs) {
        for no in state.topology().overloaded() {
            let untold = !self.overloaded.contains_key(no);
            let Some(member) = state.member(*no).filter(|_| untold) else {
                continue;
            };
            self.overloaded.insert(*no, now);
            let node = &member.node;
            let children = state.topology().children(*no).len();
            let streams = state.streams().count_on(*no);
            tracing::warn!(group.id = %state.group().id, node.id = %node.id, role = %node.role, children, streams, capacity = node.capacity, "the node's children may pull more streams than it carries: add nodes of its role, or larger ones");
        }
    }

    /// The cloud still lists what was to end long ago.
    fn tell_overstaying(&mut self, state: &GroupState, now: UtcMs) {
        for member in state.overstaying(now) {
            let node = &member.node;
            if self.overstaying.contains_key(&node.no) {
                continue;
            }
            self.overstaying.insert(node.no, now);
            let problem = state.call_problem(node.no).unwrap_or_default();
            let since_s = now.since(node.state_since).0 / 1_000;
            tracing::warn!(group.id = %state.group().id, node.id = %node.id, instance = ?node.platform_id, since_s, problem, "the node was to end and the cloud still lists it: look at its instance in the cloud's own console; it is asked for again and again");
        }
    }
}
