//! What `/metrics` says beside the counters: the groups as they stand, taken when somebody asks.

use std::collections::{BTreeMap, BTreeSet};

use parking_lot::Mutex;
use weir_core::node::Role;

use super::v3_1::wire::state_word;
use crate::fleet::Fleet;

const NODES: &str = "weir_nodes";
const GROUPS: &str = "weir_groups";
const CONNECTIONS: &str = "weir_connections";
const FROZEN: &str = "weir_groups_frozen";
const OVERLOADED: &str = "weir_nodes_over_capacity";

/// Says what each figure is.
pub(super) fn describe() {
    metrics::describe_counter!(
        "weir_http_requests_total",
        "Requests answered, by method, route and status."
    );
    metrics::describe_histogram!(
        "weir_http_request_seconds",
        "Time from request to answer in seconds, by route."
    );
    metrics::describe_counter!("weir_reports_total", "Messages of nodes accepted.");
    metrics::describe_counter!(
        "weir_sweep_ended_total",
        "Instances without a record that the sweep ended."
    );
    metrics::describe_counter!(
        "weir_reports_unknown_total",
        "Messages of servers that are no node of this fleet."
    );
    metrics::describe_counter!(
        "weir_reports_refused_total",
        "Messages of nodes refused because they say more than they may."
    );
    metrics::describe_gauge!("weir_http_connections", "Connections open.");
    metrics::describe_counter!(
        "weir_http_connections_refused_total",
        "Connections closed because their client had too many."
    );
    metrics::describe_gauge!(NODES, "Nodes, by role and state.");
    metrics::describe_gauge!(GROUPS, "Node groups, by state.");
    metrics::describe_gauge!(CONNECTIONS, "Direct clients last reported, by role.");
    metrics::describe_gauge!(
        FROZEN,
        "Groups whose removals are frozen because most of their nodes are silent."
    );
    metrics::describe_gauge!(
        OVERLOADED,
        "Origins and relays whose children may pull more streams than they carry, by role."
    );
}

/// A gauge's name with its labels.
type Series = (&'static str, Vec<(&'static str, &'static str)>);

/// Series set so far: one that nothing counts for any more must fall to 0, not stay.
#[derive(Debug, Default)]
pub(super) struct Standing(Mutex<BTreeSet<Series>>);

impl Standing {
    /// Sets the gauges to what the groups are now.
    pub(super) fn take(&self, fleet: &Fleet) {
        let now = count(fleet);
        let mut known = self.0.lock();
        known.extend(now.keys().cloned());
        for series in known.iter() {
            let value = now.get(series).copied().unwrap_or_default();
            let (name, labels) = series;
            metrics::gauge!(*name, labels).set(f64::from(value));
        }
    }
}

fn count(fleet: &Fleet) -> BTreeMap<Series, u32> {
    let mut counts = BTreeMap::from([((FROZEN, Vec::new()), 0)]);
    let mut add = |series: Series, more: u32| {
        let count = counts.entry(series).or_default();
        *count = u32::saturating_add(*count, more);
    };
    for group in fleet.groups() {
        let status = group.status();
        add((GROUPS, vec![("state", state_word(status.group.state))]), 1);
        add((FROZEN, Vec::new()), u32::from(status.frozen));
        for entry in &status.nodes {
            let role = ("role", entry.node.role.as_str());
            add((NODES, vec![role, ("state", entry.node.state.as_str())]), 1);
            add((CONNECTIONS, vec![role]), entry.connections);
            if matches!(entry.node.role, Role::Origin | Role::Relay) {
                add((OVERLOADED, vec![role]), u32::from(entry.overloaded));
            }
        }
    }
    counts
}
