//! Why something was done: a closed list of codes. The text for people is made from the code.

use serde::{Deserialize, Serialize};

/// Why a node was launched, drained or ended, and why a wish was cut.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reason {
    /// An operator asked for it by the API.
    Operator,
    /// The host fills the minimum of a role.
    BelowMinimum,
    /// The role has more nodes than its maximum, which was lowered.
    AboveMaximum,
    /// The group has no origin.
    NoOrigin,
    /// The scaling policy asked for it.
    Policy,
    /// The group is being deleted.
    GroupDeleted,
    /// No report from launch to the first-report limit.
    NeverReported,
    /// Reports stopped for twice the limit and the port does not answer.
    Silent,
    /// Silent for ten minutes although its port answers.
    SilentButReachable,
    /// The node said goodbye.
    Bye,
    /// It stayed in a transitional state for too long.
    Stuck,
    /// The cloud's instance ended although nobody here asked for it.
    InstanceLost,
    /// Its drain is over: no client is left.
    Drained,
    /// Its drain deadline passed.
    DrainDeadline,
    /// The operator sunset it.
    Sunset,
    /// A launch in flight that the policy gave up.
    Cancelled,
}

impl Reason {
    /// One plain sentence for logs and for the API.
    pub fn text(self) -> &'static str {
        match self {
            Reason::Operator => "an operator asked for it",
            Reason::BelowMinimum => "the role was below its minimum",
            Reason::AboveMaximum => "the role was above its maximum",
            Reason::NoOrigin => "the group had no origin",
            Reason::Policy => "the scaling policy asked for it",
            Reason::GroupDeleted => "the group is being deleted",
            Reason::NeverReported => {
                "the node never reported: check cloudWatchHost in its image first, then its agent, then the manager's port"
            }
            Reason::Silent => "its reports stopped and its port does not answer",
            Reason::SilentButReachable => {
                "its reports stopped ten minutes ago although its port answers"
            }
            Reason::Bye => "the node shut down",
            Reason::Stuck => "it stayed in a transitional state for too long",
            Reason::InstanceLost => "its instance ended outside this manager",
            Reason::Drained => "it was drained and is empty",
            Reason::DrainDeadline => "its drain deadline passed",
            Reason::Sunset => "an operator sunset it",
            Reason::Cancelled => "the scaling policy gave the launch up",
        }
    }
}

/// Why guardrails cut or dropped a wish of a policy.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ClampReason {
    /// The id names no node of the group.
    UnknownNode,
    /// The region, zone or type index names nothing.
    UnknownPlace,
    /// The node is not in a state in which this can be done.
    WrongState,
    /// The launch configuration has no target of that role.
    RoleNotLaunchable,
    /// Launches of the role in the region failed in a row: none is tried until a pause is over.
    LaunchesRest,
    /// The maximum of the role in the region.
    Maximum,
    /// The host's cap on launches per minute.
    LaunchRate,
    /// The host's cap on nodes of the group.
    NodeCap,
    /// The minimum of the role in the region.
    Minimum,
    /// It carries publishers and no other origin of its region carries on.
    HasPublishers,
    /// It is the last node that can serve.
    LastNode,
    /// Most nodes are silent at once, or some were not heard yet since this server started: removals are frozen.
    Blindness,
    /// The group is being deleted or has no first origin yet.
    GroupNotActive,
}

/// A wish that was cut, with the raw value beside the result.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Clamp {
    /// Why.
    pub reason: ClampReason,
    /// What the policy wanted, in words (`launch 5 edge in eu-west-1`, `retire 17`).
    pub wish: String,
    /// How many it wanted.
    pub wanted: u32,
    /// How many it got.
    pub granted: u32,
}
