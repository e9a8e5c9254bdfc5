//! A decision in words: what is launched, retired and taken back, and why.

use weir_core::group_state::GroupState;
use weir_core::guardrails::Granted;
use weir_core::ids::NodeNo;
use weir_core::node::{Node, Role};
use weir_core::plan::Plan;
use weir_core::reason::{Clamp, ClampReason, Reason};
use weir_core::units::UtcMs;

use super::Answer;
use crate::fleet::status::{NodeAction, ScalingDecision};

/// What was decided and why, as operators read it.
pub(super) fn record(
    state: &GroupState,
    plan: &Plan,
    granted: &Granted,
    answer: &Answer,
    now: UtcMs,
) -> ScalingDecision {
    let action = |node: &Node, why: &str| NodeAction {
        node: node.id.to_string(),
        role: node.role,
        zone: node.zone.to_string(),
        why: why.to_owned(),
    };
    let of = |nos: &[NodeNo], why: &str| -> Vec<NodeAction> {
        nos.iter()
            .filter_map(|no| Some(action(&state.member(*no)?.node, why)))
            .collect()
    };
    let launched: Vec<NodeAction> = plan
        .nodes
        .iter()
        .filter(|node| plan.launched.contains(&node.no))
        .map(|node| action(node, node.reason.text()))
        .collect();
    let surplus = of(&granted.surplus, Reason::AboveMaximum.text());
    let reasons = reasons(&launched, &surplus, &granted.clamps, answer);
    let mut retired = of(&granted.retirements, "the scaling policy retires it");
    retired.extend(surplus);
    let mut reverted = of(&granted.reinstatements, "taken back from draining");
    reverted.extend(of(&granted.cancellations, "the launch is given up"));
    ScalingDecision {
        at: now,
        policy: answer
            .policy
            .as_ref()
            .map(|policy| policy.name().to_owned()),
        version: answer
            .policy
            .as_ref()
            .map(|policy| policy.version().to_owned()),
        digest: answer
            .policy
            .as_ref()
            .map(|policy| policy.digest().to_owned()),
        summary: summary(&launched, &retired, &reverted),
        reasons,
        signals: answer
            .proposal
            .as_ref()
            .map(|proposal| proposal.signals.clone())
            .unwrap_or_default(),
        launched,
        retired,
        reverted,
        clamps: granted.clamps.clone(),
        fault: answer.fault.clone(),
        fuel: answer.fuel,
        micros: answer.micros,
    }
}

/// The host's own words first, where it kept a minimum or a maximum or could not, then the policy's.
fn reasons(
    launched: &[NodeAction],
    surplus: &[NodeAction],
    clamps: &[Clamp],
    answer: &Answer,
) -> Vec<String> {
    let say = |verb: &str, action: &NodeAction| {
        let NodeAction {
            role, zone, why, ..
        } = action;
        format!("the host {verb} 1 {role} in {zone}: {why}")
    };
    let launched = launched
        .iter()
        .filter(|action| action.why != Reason::Policy.text());
    let mut reasons: Vec<String> = launched.map(|action| say("launches", action)).collect();
    reasons.extend(surplus.iter().map(|action| say("retires", action)));
    // Only an operator can mend it, and nothing else says so.
    let mut unlaunchable = clamps.to_vec();
    unlaunchable.retain(|clamp| clamp.reason == ClampReason::RoleNotLaunchable);
    reasons.extend(unlaunchable.into_iter().map(|clamp| {
        let wish = clamp.wish;
        format!(
            "the host cannot {wish}: the launch configuration has no target of that role, add one"
        )
    }));
    let said = answer
        .proposal
        .as_ref()
        .map(|proposal| proposal.reasons.clone());
    reasons.extend(said.unwrap_or_default());
    reasons
}

fn summary(launched: &[NodeAction], retired: &[NodeAction], reverted: &[NodeAction]) -> String {
    let count = |actions: &[NodeAction]| -> String {
        let roles = Role::ALL.into_iter().filter_map(|role| {
            let count = actions.iter().filter(|action| action.role == role).count();
            (count > 0).then(|| format!("{count} {role}"))
        });
        roles.collect::<Vec<_>>().join(", ")
    };
    let parts = [
        ("launch", launched),
        ("retire", retired),
        ("take back", reverted),
    ];
    let said: Vec<String> = parts
        .iter()
        .filter(|(_, actions)| !actions.is_empty())
        .map(|(verb, actions)| format!("{verb} {}", count(actions)))
        .collect();
    if said.is_empty() {
        "hold".to_owned()
    } else {
        said.join("; ")
    }
}
