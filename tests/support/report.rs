//! How things stand, for the message of a test that fails.

use std::fmt::Write;

use weir::fleet::GroupHandle;
use weir_cloud::clock::Clock;

use crate::TestServer;

const DECISIONS: u32 = 8;

impl TestServer {
    /// Groups, nodes, decisions, instances and the newest log lines.
    pub async fn describe(&self) -> String {
        let mut text = format!("at {}\n", self.clock.now());
        if self.process_runs() {
            for group in self.fleet().groups() {
                text.push_str(&of_group(&group).await);
            }
        } else {
            text.push_str("the server does not run\n");
        }
        for instance in self.instances().await {
            let _ = writeln!(text, "instance {:?} {:?}", instance.id, instance.state);
        }
        text + "log:\n" + &self.logs.tail()
    }
}

async fn of_group(group: &GroupHandle) -> String {
    let status = group.status();
    let mut text = format!("group {} {:?}\n", group.name, status.group.state);
    for status in &status.nodes {
        let node = &status.node;
        let (state, drain) = (node.state.as_str(), node.drain.as_ref());
        let _ = writeln!(
            text,
            "  {} {} {state} since {} drain {drain:?} connections {} assigned {} reported {:?} problem {:?}",
            node.id,
            node.role,
            node.state_since,
            status.connections,
            status.assigned,
            status.last_report,
            status.problem
        );
    }
    for binding in &status.bindings {
        let (bound, answers) = (&binding.policy, &binding.answering);
        let _ = writeln!(text, "  {} by {bound}, now {answers:?}", binding.decides);
    }
    for selection in group.selections(DECISIONS as usize) {
        let (at, action, chosen) = (selection.at, selection.action, &selection.chosen);
        let (who, why) = (&selection.policy, &selection.reason);
        let _ = writeln!(text, "  {action:?} at {at}: {chosen:?} by {who:?}, {why}");
    }
    for decision in group.decisions(DECISIONS).await.unwrap_or_default() {
        let (at, summary, reasons) = (decision.at, decision.summary, decision.reasons);
        let _ = writeln!(text, "  decided at {at}: {summary} {reasons:?}");
    }
    text
}
