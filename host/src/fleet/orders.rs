//! What operators ask of a group, and what they are told when its task does not answer.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use tokio::sync::oneshot;
use weir_core::ids::NodeNo;
use weir_core::node::{Node, Role};
use weir_core::plan::OperatorOrder;

use super::configuration::Configuration;
use super::group::GroupHandle;
use super::status::NodeStatus;
use super::{FleetError, Launched, picture};

/// Operators' orders that may wait for one group.
pub(super) const ORDER_CAPACITY: usize = 256;

/// What others ask of the reconciler.
pub(super) enum Request {
    /// An operator's order; answered when it is stored.
    Order(
        OperatorOrder,
        oneshot::Sender<Result<Vec<NodeNo>, FleetError>>,
    ),
    /// Several sunsets, all or none.
    Sunset(
        Vec<NodeNo>,
        oneshot::Sender<Result<Vec<NodeNo>, FleetError>>,
    ),
    /// Drop stream entries; answers how many.
    ClearStreams(bool, oneshot::Sender<u32>),
    /// Documents, thresholds or settings changed.
    Configure(Configuration),
}

impl GroupHandle {
    /// Records a launch of one node; answers once it is stored, before the cloud is done.
    ///
    /// # Errors
    /// [`FleetError::Refused`] over the maximum, without a launch target, or while the group is being deleted;
    /// [`FleetError::NotFound`] when the node was given up again before anybody could look at it.
    pub async fn launch(&self, role: Role) -> Result<Launched, FleetError> {
        let launched = self.order(OperatorOrder::Launch(role)).await?;
        let gone = || FleetError::NotFound {
            what: "node",
            name: launched.first().map(NodeNo::to_string).unwrap_or_default(),
        };
        let node = launched.first().and_then(|no| self.record(*no));
        Ok(Launched {
            node: node.ok_or_else(gone)?,
            group: self.group(),
        })
    }

    fn record(&self, no: NodeNo) -> Option<Arc<Node>> {
        self.state
            .read()
            .member(no)
            .map(|member| member.node.clone())
    }

    /// Ends a node. Without `force` only one in service. Answers it as it was before.
    ///
    /// # Errors
    /// [`FleetError::NotFound`], [`FleetError::Refused`] in a wrong state.
    pub async fn terminate(&self, no: NodeNo, force: bool) -> Result<NodeStatus, FleetError> {
        let before = {
            let state = self.state.read();
            let member = state.member(no).ok_or_else(|| FleetError::NotFound {
                what: "node",
                name: no.to_string(),
            })?;
            picture::of_member(&state, member)
        };
        self.order(OperatorOrder::Terminate { no, force }).await?;
        Ok(before)
    }

    /// Marks edges as sunset: no new viewers, gone when empty. All of them or none.
    ///
    /// # Errors
    /// [`FleetError::Refused`] when one is no edge or is on its way out.
    pub async fn sunset(&self, nodes: Vec<NodeNo>) -> Result<(), FleetError> {
        self.ask(|reply| Request::Sunset(nodes, reply)).await??;
        Ok(())
    }

    /// Drops stream entries from the lists; with `active` also those that flow. Answers how many.
    ///
    /// # Errors
    /// Only those of a group whose task does not run: [`FleetError::ReadingAgain`], [`FleetError::NotFound`],
    /// [`FleetError::Stopping`].
    pub async fn clear_streams(&self, active: bool) -> Result<u32, FleetError> {
        self.ask(|reply| Request::ClearStreams(active, reply)).await
    }

    pub(super) async fn delete(&self) -> Result<(), FleetError> {
        self.order(OperatorOrder::DeleteGroup).await.map(|_| ())
    }

    /// From now on the group runs with this. Nobody takes it when its task has ended: whoever starts another one reads
    /// what is stored and set by then.
    pub(super) async fn configure(&self, configuration: Configuration) {
        let _ = self.requests.send(Request::Configure(configuration)).await;
    }

    pub(super) async fn order(&self, order: OperatorOrder) -> Result<Vec<NodeNo>, FleetError> {
        self.ask(|reply| Request::Order(order, reply)).await?
    }

    async fn ask<T>(
        &self,
        request: impl FnOnce(oneshot::Sender<T>) -> Request,
    ) -> Result<T, FleetError> {
        let (reply, answer) = oneshot::channel();
        let sent = self.requests.send(request(reply)).await;
        sent.map_err(|_| self.unanswered())?;
        answer.await.map_err(|_| self.unanswered())
    }

    /// Why the group's task, which has ended, does not answer.
    fn unanswered(&self) -> FleetError {
        if *self.stopping.borrow() {
            return FleetError::Stopping;
        }
        if self.deleted.load(Ordering::Acquire) {
            return FleetError::NotFound {
                what: "node group",
                name: self.name.to_string(),
            };
        }
        self.reading_again()
    }

    /// What is told to those whose orders the store did not take because the group's records were others.
    pub(super) fn reading_again(&self) -> FleetError {
        FleetError::ReadingAgain {
            group: self.name.clone(),
        }
    }
}
