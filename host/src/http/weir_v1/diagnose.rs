//! How far a node came on its way into service, and what usually stops one there.

use axum::Json;
use axum::extract::{Path, State};
use serde::Serialize;
use utoipa::ToSchema;
use weir_core::node::{Node, NodeState, Role};

use crate::fleet::status::NodeStatus;
use crate::http::AppState;
use crate::http::error::ApiError;
use crate::http::v3_1::nodes::node;

/// What keeps a running server from being heard, most frequent first.
const NEVER_HEARD: [&str; 6] = [
    "cloudWatchHost in the image's conf/autoscale.xml does not point at this manager (shipped with 0.0.0.0): set it to http://{manager}:5080/streammanager/cloudwatch and make the image anew",
    "the agent is off: set active=true in the image's conf/autoscale.xml",
    "the node cannot reach the manager's port: check security group, firewall and route",
    "the cluster password of the image differs from the manager's auth.cluster_password: the log shows refused signatures",
    "the server on the node has no licence and does not start",
    "the node boots for longer than the manager waits: raise instancecontroller.newNodePingTimeThreshold",
];

/// What keeps the cloud from running an instance.
const NOT_RUNNING: [&str; 3] = [
    "the image does not exist in this region under the launch configuration's name",
    "the cloud has no room for this machine type in this zone, or the account's quota is used up",
    "the cloud's credentials may not launch instances: run weir doctor",
];

/// What keeps a node from its parents.
const NOT_LINKED: [&str; 2] = [
    "the node cannot reach its parent on the cluster port (1935): check security groups",
    "the cluster passwords of node and parent differ",
];

/// The way of a node into service.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct Diagnosis {
    node: String,
    group: String,
    state: &'static str,
    /// The environment's id: the tag its instance must carry.
    environment: String,
    /// The last step that succeeded.
    last_step: &'static str,
    steps: Vec<Step>,
    /// What to look at, most likely first; empty when nothing is wrong.
    check: Vec<&'static str>,
    /// Why it was launched, or why it ends.
    why: &'static str,
    /// What the cloud last said against a call for it.
    #[serde(skip_serializing_if = "Option::is_none")]
    problem: Option<String>,
}

/// A step, in the order nodes take them.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(super) struct Step {
    step: &'static str,
    done: bool,
}

/// How far a node came, and what to check.
#[utoipa::path(get, path = "/weir/v1/nodes/{node}/diagnose", tag = "nodes", params(("node" = String, Path)),
    responses((status = 200, body = Diagnosis)))]
pub(super) async fn diagnose(
    State(app): State<AppState>,
    Path(key): Path<String>,
) -> Result<Json<Diagnosis>, ApiError> {
    let (group, status) = node(&app, &key)?;
    let steps = steps(&status);
    Ok(Json(Diagnosis {
        node: status.node.id.to_string(),
        group: group.group().name.to_string(),
        state: status.node.state.as_str(),
        environment: app.settings.load().environment.clone(),
        last_step: last_step(&steps),
        check: check(&status).to_vec(),
        why: status.node.reason.text(),
        problem: status.problem.clone(),
        steps,
    }))
}

fn steps(status: &NodeStatus) -> Vec<Step> {
    let node: &Node = &status.node;
    let reported = status.last_report.is_some() || node.in_service_at.is_some();
    let runs = reported || (node.state != NodeState::Pending && node.platform_id.is_some());
    let accepted = runs || node.platform_id.is_some();
    let in_service = node.state == NodeState::InService;
    let mut steps = vec![
        Step {
            step: "recorded",
            done: true,
        },
        Step {
            step: "accepted by the cloud",
            done: accepted,
        },
        Step {
            step: "running",
            done: runs,
        },
        Step {
            step: "reported",
            done: reported,
        },
        Step {
            step: "in service",
            done: in_service,
        },
    ];
    if wants_parents(node.role) {
        steps.push(Step {
            step: "linked to a parent",
            done: in_service && !status.parents.is_empty(),
        });
    }
    steps
}

fn last_step(steps: &[Step]) -> &'static str {
    let done = steps.iter().take_while(|step| step.done);
    done.last().map_or("", |step| step.step)
}

fn check(status: &NodeStatus) -> &'static [&'static str] {
    let heard = status.last_report.is_some() || status.node.in_service_at.is_some();
    match status.node.state {
        NodeState::Pending if !heard => &NOT_RUNNING,
        NodeState::Pending | NodeState::Running | NodeState::Terminating if !heard => &NEVER_HEARD,
        NodeState::InService if wants_parents(status.node.role) && status.parents.is_empty() => {
            &NOT_LINKED
        }
        // It was heard once: what stopped it since is not its set-up but the network, the load or the process.
        NodeState::Unresponsive => {
            &["the service on the node stopped, or the network between it and the manager did"]
        }
        NodeState::Pending | NodeState::Running | NodeState::InService | NodeState::Terminating => {
            &[]
        }
    }
}

fn wants_parents(role: Role) -> bool {
    match role {
        Role::Edge | Role::Relay => true,
        Role::Origin | Role::Transcoder => false,
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use weir_core::ids::{InstanceType, NodeId, NodeNo, PlatformId, RegionName, ZoneName};
    use weir_core::reason::Reason;
    use weir_core::units::UtcMs;

    use super::*;

    fn status(state: NodeState, platform_id: Option<&str>, last_report: Option<u64>) -> NodeStatus {
        let node = Node {
            no: NodeNo(1),
            id: NodeId::new("node-a-1"),
            role: Role::Edge,
            region: RegionName::new("r"),
            zone: ZoneName::new("ra"),
            instance_type: InstanceType::new("t2.medium"),
            image: "image".to_owned(),
            capacity: 1,
            launch_config: "l".to_owned(),
            tags: Vec::new(),
            properties: Vec::new(),
            state,
            state_since: UtcMs(1),
            launched_at: UtcMs(1),
            in_service_at: None,
            drain: None,
            sunset: false,
            reason: Reason::Operator,
            platform_id: platform_id.map(PlatformId::from),
            address: None,
            private_address: None,
            hostname: None,
            boot: None,
            version: 1,
        };
        NodeStatus {
            node: Arc::new(node),
            connections: 0,
            publishers: 0,
            assigned: 0,
            last_report: last_report.map(UtcMs),
            last_traffic_ms: 0,
            parents: Vec::new(),
            parents_on_demand: Vec::new(),
            overloaded: false,
            problem: None,
        }
    }

    #[test]
    fn a_node_that_runs_and_never_reports_is_told_of_cloudwatchhost_first() {
        let silent = status(NodeState::Running, Some("i-1"), None);
        assert_eq!(last_step(&steps(&silent)), "running");
        assert!(check(&silent)[0].starts_with("cloudWatchHost"));
    }

    #[test]
    fn the_last_step_is_the_last_one_in_a_row() {
        let cases = [
            (status(NodeState::Pending, None, None), "recorded"),
            (
                status(NodeState::Pending, Some("i-1"), None),
                "accepted by the cloud",
            ),
            (
                status(NodeState::InService, Some("i-1"), Some(9)),
                "in service",
            ),
            (
                status(NodeState::Unresponsive, Some("i-1"), Some(9)),
                "reported",
            ),
        ];
        for (status, wanted) in cases {
            assert_eq!(last_step(&steps(&status)), wanted);
        }
    }
}
