//! The cloud as Weir sees it: six verbs, typed errors, and the simulated cloud that is the embedded default.

pub mod audience;
pub mod clock;
pub mod node;
pub mod node_auth;
pub mod scripted;
pub mod simulated;

use async_trait::async_trait;
use weir_core::ids::{InstanceType, NodeId, PlatformId, RegionName, ZoneName};
use weir_core::node::Role;

/// What an instance is launched with: frozen in the node's record before the cloud is asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LaunchRequest {
    /// Client token and tag `identifier`: the same id never makes a second instance.
    pub id: NodeId,
    /// Tag `role`.
    pub role: Role,
    /// Region of `zone`.
    pub region: RegionName,
    /// Zone wanted.
    pub zone: ZoneName,
    /// Machine type.
    pub instance_type: InstanceType,
    /// Image, by name.
    pub image: String,
    /// Tag `connectionCapacity`.
    pub capacity: u32,
    /// Further tags.
    pub tags: Vec<(String, String)>,
    /// Properties of the launch configuration (`UserData` ...).
    pub properties: Vec<(String, String)>,
}

/// What the cloud says of one instance.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Instance {
    /// Tag `identifier`; `None` when the tag is missing.
    pub id: Option<NodeId>,
    /// The cloud's id.
    pub platform_id: PlatformId,
    /// Region of `zone`.
    pub region: RegionName,
    /// Zone it is in.
    pub zone: ZoneName,
    /// Where it stands.
    pub state: InstanceState,
    /// Address clients use, once known.
    pub address: Option<String>,
    /// Address inside the cloud's network, once known.
    pub private_address: Option<String>,
    /// Public DNS name, once known.
    pub hostname: Option<String>,
}

/// Where an instance stands, by the cloud's word.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum InstanceState {
    /// Being created.
    Pending,
    /// Up.
    Running,
    /// On its way out (shutting down, stopping).
    Ending,
    /// Gone for good (terminated, stopped).
    Ended,
    /// The answer did not say, or said something new: proves nothing.
    Unknown,
}

/// A region's zone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Location {
    /// Region code.
    pub region: RegionName,
    /// Zone code.
    pub zone: ZoneName,
}

/// Why the cloud did not do it. The caller branches on the kind, never on the text.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CloudError {
    /// No room for this type in this zone now. Definitive for this request: nothing was launched. Try another zone.
    #[error("no capacity for {instance_type} in {zone}")]
    NoCapacity {
        /// Zone asked.
        zone: ZoneName,
        /// Type asked.
        instance_type: InstanceType,
    },
    /// The cloud refused the request for good (unknown image, quota, permission): an operator must act. This call launched
    /// nothing; an earlier one of the same id, whose answer was lost, may have.
    #[error("the cloud refused: {reason}")]
    Refused {
        /// The cloud's words.
        reason: String,
    },
    /// Too many calls. Nothing happened; ask again later.
    #[error("the cloud throttles our calls")]
    Throttled,
    /// No answer, or none that can be read: the call may or may not have happened. Repeat it with the same id, or
    /// look at the instance.
    #[error("no usable answer from the cloud: {reason}")]
    Unknown {
        /// What went wrong on the way.
        reason: String,
    },
}

/// One thing that was looked at, of all that has to be there before instances can be launched.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// What: `VPC`, `key pair` ...
    pub what: String,
    /// What was found, or what is wrong and the mend.
    pub result: Result<String, String>,
}

/// The cloud. Adapters do not retry: every call is one attempt, and the reconciler's next pass is the retry.
#[async_trait]
pub trait CloudController: Send + Sync + 'static {
    /// Display name (`Simulated Cloud Services`).
    fn name(&self) -> &'static str;

    /// Makes one instance. Idempotent by `request.id`: a repeated call answers the instance that exists.
    ///
    /// # Errors
    /// [`CloudError::NoCapacity`]: nothing was launched, by this call or an earlier one of the same id.
    /// [`CloudError::Refused`]: this call launched nothing. [`CloudError::Throttled`]: nothing happened.
    /// [`CloudError::Unknown`]: repeat with the same id; also when an instance of this id exists that is not what is
    /// asked for.
    async fn launch(&self, request: &LaunchRequest) -> Result<Instance, CloudError>;

    /// Ends the instance of this node; `Ok` when it is ending, has ended or never was. Call again until
    /// [`CloudController::describe`] answers `None` or `Ended`.
    ///
    /// # Errors
    /// [`CloudError::Throttled`], [`CloudError::Unknown`]: call again. [`CloudError::Refused`]: an operator must act.
    async fn terminate(&self, region: &RegionName, id: &NodeId) -> Result<(), CloudError>;

    /// Looks for this node's instance by its tag. `None` means the cloud does not list it, which for a fresh launch
    /// proves nothing: confirm by repeating.
    ///
    /// # Errors
    /// [`CloudError::Throttled`], [`CloudError::Unknown`]: ask again.
    async fn describe(
        &self,
        region: &RegionName,
        id: &NodeId,
    ) -> Result<Option<Instance>, CloudError>;

    /// Every instance that carries this environment's exact tag, over all regions, ended ones left out.
    ///
    /// # Errors
    /// [`CloudError::Throttled`], [`CloudError::Unknown`]: ask again; a partial answer is an error, never a short list.
    async fn list_owned(&self) -> Result<Vec<Instance>, CloudError>;

    /// Regions and their zones, in a stable order.
    ///
    /// # Errors
    /// [`CloudError::Throttled`], [`CloudError::Unknown`]: ask again.
    async fn locations(&self) -> Result<Vec<Location>, CloudError>;

    /// Whose cloud this is (`aws 123456789012`): the same as long as instances belong to the same owner, another for
    /// another owner. Compared whole, never parsed. What this environment launched is ended only in the account it was
    /// launched in.
    ///
    /// # Errors
    /// [`CloudError::Throttled`], [`CloudError::Unknown`]: ask again. [`CloudError::Refused`]: an operator must act.
    async fn account(&self) -> Result<String, CloudError>;
}
