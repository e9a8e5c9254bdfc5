use std::future::pending;
use std::sync::Arc;

use async_trait::async_trait;
use tokio::sync::mpsc;
use weir_cloud::{CloudController, CloudError, Instance, LaunchRequest, Location};
use weir_core::group_state::{CallAnswer, CallKind, CloudCall};
use weir_core::ids::{NodeId, NodeNo, RegionName};
use weir_core::node::{Node, NodeState, Role};
use weir_core::reason::Reason;
use weir_core::units::UtcMs;

use super::{CALLS_AT_ONCE, Executor, Fact};
use crate::nodes::TcpLink;

/// Never answers a launch, and everything else at once.
struct HangingCloud;

#[async_trait]
impl CloudController for HangingCloud {
    fn name(&self) -> &'static str {
        "hanging"
    }

    async fn launch(&self, _: &LaunchRequest) -> Result<Instance, CloudError> {
        pending().await
    }

    async fn terminate(&self, _: &RegionName, _: &NodeId) -> Result<(), CloudError> {
        Err(CloudError::Throttled)
    }

    async fn describe(&self, _: &RegionName, _: &NodeId) -> Result<Option<Instance>, CloudError> {
        Ok(None)
    }

    async fn list_owned(&self) -> Result<Vec<Instance>, CloudError> {
        Ok(Vec::new())
    }

    async fn locations(&self) -> Result<Vec<Location>, CloudError> {
        Ok(Vec::new())
    }

    async fn account(&self) -> Result<String, CloudError> {
        Ok("hanging".to_owned())
    }
}

fn call(no: usize, kind: CallKind) -> CloudCall {
    let no = NodeNo(u32::try_from(no).unwrap_or(u32::MAX));
    let node = Node {
        no,
        id: format!("node-{no}").into(),
        role: Role::Edge,
        region: "r".into(),
        zone: "r-a".into(),
        instance_type: "t".into(),
        image: "image".to_owned(),
        capacity: 1,
        launch_config: "l".to_owned(),
        tags: Vec::new(),
        properties: Vec::new(),
        state: NodeState::Pending,
        state_since: UtcMs(0),
        launched_at: UtcMs(0),
        in_service_at: None,
        drain: None,
        sunset: false,
        reason: Reason::BelowMinimum,
        platform_id: None,
        address: None,
        private_address: None,
        hostname: None,
        boot: None,
        version: 1,
    };
    CloudCall {
        kind,
        node: Arc::new(node),
    }
}

#[tokio::test]
async fn launches_that_hang_leave_room_for_looks_and_ends() {
    let executor = Executor::new(Arc::new(HangingCloud), Arc::new(TcpLink { port: 9 }));
    let (sender, mut facts) = mpsc::unbounded_channel();
    for no in 0..CALLS_AT_ONCE * 3 {
        executor.call(call(no, CallKind::Launch), sender.clone());
    }
    executor.call(call(1_000, CallKind::Describe), sender.clone());
    executor.call(call(1_001, CallKind::Terminate), sender);
    let mut answers = Vec::new();
    for _ in 0..2 {
        let fact = tokio::time::timeout(std::time::Duration::from_secs(10), facts.recv()).await;
        match fact {
            Ok(Some(Fact::Called(no, kind, answer))) => answers.push((no.0, kind, answer)),
            other => panic!("{other:?}"),
        }
    }
    answers.sort_by_key(|(no, ..)| *no);
    let wanted = [
        (1_000, CallKind::Describe, CallAnswer::Absent),
        (1_001, CallKind::Terminate, CallAnswer::Throttled),
    ];
    assert_eq!(answers, wanted);
}
