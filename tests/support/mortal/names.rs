//! Names of steps: what is written or asked, in words that are the same in every run. Identifiers and numbers of nodes are
//! not, nor is what is stored together: a plan is as many steps as it has parts.

use std::collections::BTreeMap;

use weir::store::GroupWrite;
use weir_core::ids::NodeId;
use weir_core::node::{Node, NodeState, Role};

use super::Deaths;

/// Nodes by the order in which those of their role were heard of: `edge 2`.
#[derive(Default)]
pub(super) struct Names(BTreeMap<NodeId, (Role, usize)>);

impl Names {
    pub(super) fn of(&mut self, id: &NodeId, role: Role) -> String {
        let number = self.0.values().filter(|(known, _)| *known == role).count() + 1;
        self.0.entry(id.clone()).or_insert((role, number));
        self.known(id)
    }

    /// Nodes of an earlier life have no number.
    pub(super) fn known(&self, id: &NodeId) -> String {
        match self.0.get(id) {
            Some((role, number)) => format!("{role} {number}"),
            None => "an older node".to_owned(),
        }
    }
}

/// The steps of a plan.
pub(super) fn plan(write: &GroupWrite<'_>, deaths: &Deaths) -> Vec<String> {
    let group = write.group.map(|group| format!("group {:?}", group.state));
    let changed = write.nodes.iter().map(|node| changed(node, deaths));
    let gone = write
        .gone
        .iter()
        .map(|id| format!("{} gone", deaths.known_name(id)));
    let mut steps: Vec<String> = group.into_iter().chain(changed).chain(gone).collect();
    if steps.is_empty() {
        steps.push("only a decision".to_owned());
    }
    steps
        .into_iter()
        .map(|step| format!("save_plan {step}"))
        .collect()
}

fn changed(node: &Node, deaths: &Deaths) -> String {
    let name = deaths.name(&node.id, node.role);
    let accepted = node.state == NodeState::Pending && node.platform_id.is_some();
    let state = if accepted {
        "accepted"
    } else {
        node.state.as_str()
    };
    let leaves = if node.drain.is_some() {
        " draining"
    } else {
        ""
    };
    format!("{name} {state}{leaves}")
}
