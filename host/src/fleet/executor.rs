//! Carries out what the records ask of the cloud, and tries the ports of silent nodes. Decides nothing: every answer
//! goes back to the reconciler as a fact.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;

use futures_util::FutureExt;
use tokio::sync::{Semaphore, mpsc};
use weir_cloud::{CloudController, CloudError, Instance, InstanceState, LaunchRequest};
use weir_core::group_state::{CallAnswer, CallKind, CloudCall, LaunchFailure};
use weir_core::ids::NodeNo;
use weir_core::lifecycle::Addresses;
use weir_core::liveness::Port;
use weir_core::node::Node;
use weir_core::units::DurationMs;

use crate::nodes::NodeLink;

/// A call that has no answer by then is given up, by the machine's clock; the next pass asks again.
const ANSWER_WITHIN: DurationMs = DurationMs::secs(60);
/// Calls of each verb to the cloud under way at once, over all groups. Apart, so that launches which hang leave room to
/// look at what is there, and to end it.
const CALLS_AT_ONCE: usize = 16;

/// What came back from outside.
#[derive(Debug)]
pub(super) enum Fact {
    /// A call was answered.
    Called(NodeNo, CallKind, CallAnswer),
    /// A node's port was tried.
    Probed(NodeNo, Port),
}

/// The hands of the reconcilers.
#[derive(Clone)]
pub(super) struct Executor {
    cloud: Arc<dyn CloudController>,
    link: Arc<dyn NodeLink>,
    launches: Arc<Semaphore>,
    looks: Arc<Semaphore>,
    ends: Arc<Semaphore>,
}

impl Executor {
    pub(super) fn new(cloud: Arc<dyn CloudController>, link: Arc<dyn NodeLink>) -> Self {
        let slots = || Arc::new(Semaphore::new(CALLS_AT_ONCE));
        Self {
            cloud,
            link,
            launches: slots(),
            looks: slots(),
            ends: slots(),
        }
    }

    fn slots(&self, kind: CallKind) -> &Semaphore {
        match kind {
            CallKind::Launch => &self.launches,
            CallKind::Describe => &self.looks,
            CallKind::Terminate => &self.ends,
        }
    }

    /// Starts a call; its answer arrives on `facts`.
    pub(super) fn call(&self, call: CloudCall, facts: mpsc::UnboundedSender<Fact>) {
        let executor = self.clone();
        tokio::spawn(async move {
            let Ok(_slot) = executor.slots(call.kind).acquire().await else {
                return;
            };
            let asked = AssertUnwindSafe(executor.carry_out(&call)).catch_unwind();
            let answer = match tokio::time::timeout(ANSWER_WITHIN.to_std(), asked).await {
                Ok(Ok(answer)) => answer,
                Ok(Err(_)) => CallAnswer::Unclear("the call broke off".to_owned()),
                Err(_) => CallAnswer::Unclear(format!("no answer within {ANSWER_WITHIN}")),
            };
            if let Some(problem) = problem(&answer) {
                tracing::warn!(node.id = %call.node.id, call = ?call.kind, problem, "the cloud gave no clear answer; asking again");
            }
            // The receiver is gone only when the group's task has ended: then the next one asks again.
            let _ = facts.send(Fact::Called(call.node.no, call.kind, answer));
        });
    }

    /// Tries a node's port.
    pub(super) fn probe(&self, node: Arc<Node>, facts: mpsc::UnboundedSender<Fact>) {
        let link = self.link.clone();
        tokio::spawn(async move {
            let port = link.port(&node).await;
            let _ = facts.send(Fact::Probed(node.no, port));
        });
    }

    async fn carry_out(&self, call: &CloudCall) -> CallAnswer {
        let node = &call.node;
        match call.kind {
            CallKind::Launch => self
                .cloud
                .launch(&request(node))
                .await
                .map_or_else(refused, seen),
            CallKind::Describe => match self.cloud.describe(&node.region, &node.id).await {
                Ok(found) => found.map_or(CallAnswer::Absent, seen),
                Err(error) => unclear(&error),
            },
            CallKind::Terminate => match self.cloud.terminate(&node.region, &node.id).await {
                Ok(()) => CallAnswer::Accepted,
                Err(error) => unclear(&error),
            },
        }
    }
}

/// What the log says of an answer that settles nothing.
fn problem(answer: &CallAnswer) -> Option<&str> {
    match answer {
        CallAnswer::Throttled => Some("the cloud throttles our calls"),
        CallAnswer::Unclear(problem) => Some(problem),
        CallAnswer::Instance(_)
        | CallAnswer::Ending
        | CallAnswer::Ended
        | CallAnswer::Absent
        | CallAnswer::Accepted
        | CallAnswer::Failed(_) => None,
    }
}

fn request(node: &Node) -> LaunchRequest {
    LaunchRequest {
        id: node.id.clone(),
        role: node.role,
        region: node.region.clone(),
        zone: node.zone.clone(),
        instance_type: node.instance_type.clone(),
        image: node.image.clone(),
        capacity: node.capacity,
        tags: node.tags.clone(),
        properties: node.properties.clone(),
    }
}

fn seen(instance: Instance) -> CallAnswer {
    let addresses = Addresses {
        platform_id: instance.platform_id,
        running: instance.state == InstanceState::Running,
        address: instance.address,
        private_address: instance.private_address,
        hostname: instance.hostname,
    };
    match instance.state {
        InstanceState::Pending | InstanceState::Running => CallAnswer::Instance(addresses),
        InstanceState::Ending => CallAnswer::Ending,
        InstanceState::Ended => CallAnswer::Ended,
        InstanceState::Unknown => {
            CallAnswer::Unclear("the instance's state is not known".to_owned())
        }
    }
}

fn refused(error: CloudError) -> CallAnswer {
    match error {
        CloudError::NoCapacity { .. } => CallAnswer::Failed(LaunchFailure::NoCapacity),
        CloudError::Refused { reason } => CallAnswer::Failed(LaunchFailure::Refused(reason)),
        CloudError::Throttled | CloudError::Unknown { .. } => unclear(&error),
    }
}

/// Of a call that is to be made again.
fn unclear(error: &CloudError) -> CallAnswer {
    match error {
        CloudError::Throttled => CallAnswer::Throttled,
        CloudError::NoCapacity { .. } | CloudError::Refused { .. } | CloudError::Unknown { .. } => {
            CallAnswer::Unclear(error.to_string())
        }
    }
}

#[cfg(test)]
mod tests;
