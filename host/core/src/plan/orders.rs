//! Operators' orders: what they may ask of a group, and what a plan makes of it.

use super::{Gone, Planner};
use crate::group::{Binding, Decides, GroupState as Phase};
use crate::guardrails::GrantedLaunch;
use crate::ids::{NodeNo, RegionName};
use crate::lifecycle::{self, NodeEvent};
use crate::node::{Node, NodeState, Role};
use crate::reason::Reason;

/// What an operator asks of a group.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum OperatorOrder {
    /// One more node of the role.
    Launch(Role),
    /// End the node; with force whatever its state, forgetting its record.
    Terminate {
        /// Which.
        no: NodeNo,
        /// Forget the record at once; the sweep ends the instance.
        force: bool,
    },
    /// Let the edge empty, then end it.
    Sunset(NodeNo),
    /// End all nodes, then the group.
    DeleteGroup,
    /// Let this policy decide in this group; none: what the documents or the settings say.
    Bind(Decides, Option<Binding>),
    /// Let what decided before the last binding decide again.
    RollBack(Decides),
}

/// Why an operator's order cannot be carried out. The text names the mend.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct OrderRefused(pub String);

impl Planner<'_> {
    /// Carries out several orders, all or none. Answers the nodes they launched.
    ///
    /// # Errors
    /// The first [`OrderRefused`]; the plan stays as it was.
    pub fn orders(&mut self, orders: &[OperatorOrder]) -> Result<Vec<NodeNo>, OrderRefused> {
        let before = (
            self.group.clone(),
            self.changed.clone(),
            self.gone.clone(),
            self.launched.clone(),
        );
        let launched = self.launched.len();
        let done = orders.iter().try_for_each(|order| self.order(order));
        if done.is_err() {
            (self.group, self.changed, self.gone, self.launched) = before;
        }
        done.map(|()| self.launched.get(launched..).unwrap_or_default().to_vec())
    }

    /// Carries out an operator's order.
    ///
    /// # Errors
    /// [`OrderRefused`]; the plan stays as it was.
    pub fn order(&mut self, order: &OperatorOrder) -> Result<(), OrderRefused> {
        match order {
            OperatorOrder::Launch(role) => self.launch_by_hand(*role),
            OperatorOrder::Terminate { no, force } => self.terminate(*no, *force),
            OperatorOrder::Sunset(no) => self.sunset(*no),
            OperatorOrder::Bind(decides, binding) => {
                self.group.bindings.bind(*decides, binding.clone());
                Ok(())
            }
            OperatorOrder::RollBack(decides) => match self.group.bindings.roll_back(*decides) {
                true => Ok(()),
                false => Err(OrderRefused(format!(
                    "nothing was bound to {decides} of group {} before: there is nothing to go back to",
                    self.group.name
                ))),
            },
            OperatorOrder::DeleteGroup => {
                self.group.state = Phase::Terminating;
                // What this very plan would launch was never asked for.
                for no in std::mem::take(&mut self.launched) {
                    self.changed.remove(&no);
                }
                for member in self.state.members() {
                    self.step(
                        &member.node,
                        &NodeEvent::EndDecided {
                            reason: Reason::GroupDeleted,
                        },
                    );
                }
                Ok(())
            }
        }
    }

    fn terminate(&mut self, no: NodeNo, force: bool) -> Result<(), OrderRefused> {
        let Some(member) = self.state.member(no) else {
            return Err(OrderRefused("the node is gone already".to_owned()));
        };
        let node = member.node.clone();
        if force {
            self.gone.insert(
                no,
                Gone {
                    no,
                    id: node.id.clone(),
                },
            );
            self.changed.remove(&no);
            return Ok(());
        }
        if node.state != NodeState::InService {
            return Err(OrderRefused(format!(
                "node {} is {}: only nodes in service can be terminated; add force=true for one that is stuck",
                node.id,
                node.state.as_str()
            )));
        }
        self.step(
            &node,
            &NodeEvent::EndDecided {
                reason: Reason::Operator,
            },
        );
        Ok(())
    }

    fn sunset(&mut self, no: NodeNo) -> Result<(), OrderRefused> {
        let Some(member) = self.state.member(no) else {
            return Err(OrderRefused("the node is gone already".to_owned()));
        };
        let node = member.node.clone();
        lifecycle::next(&node, &NodeEvent::SunsetMarked, self.now)
            .map_err(|refusal| OrderRefused(format!("node {}: {refusal}", node.id)))?;
        self.step(&node, &NodeEvent::SunsetMarked);
        self.step(
            &node,
            &NodeEvent::DrainMarked {
                deadline: None,
                reason: Reason::Sunset,
            },
        );
        Ok(())
    }

    fn launch_by_hand(&mut self, role: Role) -> Result<(), OrderRefused> {
        if self.group.state == Phase::Terminating {
            return Err(OrderRefused(format!(
                "group {} is being deleted",
                self.group.name
            )));
        }
        let spec = self.state.spec();
        if !spec.launch.contains_key(&role) {
            let config = &self.group.launch_config;
            return Err(OrderRefused(format!(
                "launch configuration {config:?} has no target of role {role}: add one"
            )));
        }
        let counted = |region: &RegionName| {
            let counts = |node: &Node| {
                node.role == role && node.region == *region && node.counts_against_max()
            };
            self.state
                .members()
                .filter(|member| counts(&member.node))
                .count()
        };
        let room = self.group.regions.iter().filter_map(|region| {
            let max = spec.limits.get(&(role, region.clone()))?.max as usize;
            (counted(region) < max).then(|| (counted(region), region.clone()))
        });
        // The emptiest region first, then the group's order.
        let Some((_, region)) = room.min_by_key(|(count, _)| *count) else {
            let limits = &self.group.limits;
            return Err(OrderRefused(format!(
                "every region has its maximum of role {role} already: raise maxLimit in scale policy {limits:?}"
            )));
        };
        let index = self
            .group
            .regions
            .iter()
            .position(|name| *name == region)
            .unwrap_or(0);
        let wish = GrantedLaunch {
            role,
            region: index as u32,
            zone: None,
            instance_type: None,
            reason: Reason::Operator,
        };
        if !self.launch(&wish) {
            return Err(OrderRefused(format!(
                "the cloud has no zone in region {region}"
            )));
        }
        Ok(())
    }
}
