//! The alarm for parents that are asked for more than they carry: more origins or relays are needed.
//!
//! Scaling policies see the same as facts (`origins-over-capacity`, `relays-over-capacity`); this is for people.

use std::collections::BTreeMap;

use weir_core::group_state::GroupState;
use weir_core::ids::NodeNo;
use weir_core::units::{DurationMs, UtcMs};

/// One line per node in so long.
const LOG_EVERY: DurationMs = DurationMs::secs(600);

/// Who was told of, and when.
#[derive(Debug, Default)]
pub(super) struct Overload(BTreeMap<NodeNo, UtcMs>);

impl Overload {
    /// Logs each overloaded parent once in a while.
    pub(super) fn tell(&mut self, state: &GroupState, now: UtcMs) {
        self.0.retain(|_, at| now.since(*at) < LOG_EVERY);
        for no in state.topology().overloaded() {
            let Some(member) = state.member(*no).filter(|_| !self.0.contains_key(no)) else {
                continue;
            };
            self.0.insert(*no, now);
            let node = &member.node;
            let children = state.topology().children(*no).len();
            let streams = state.streams().count_on(*no);
            tracing::warn!(group.id = %state.group().id, node.id = %node.id, role = %node.role, children, streams, capacity = node.capacity, "the node's children may pull more streams than it carries: add nodes of its role, or larger ones");
        }
    }
}
