//! Scaling decisions as they are kept: what is shown of them, and packed frames of what they followed from.
//!
//! Frames are packed one after the other: the first of a chain stands for itself, each further one needs those before
//! it. What a frame holds is told in [`crate::decisions`]; the store keeps bytes.

use async_trait::async_trait;
use weir_core::ids::GroupId;
use weir_core::units::UtcMs;

use super::StoreError;

/// A packed frame and its place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Frame {
    /// Chain, by the time of its first frame, ms. Rises within a group.
    pub chain: u64,
    /// Place in the chain, from 0.
    pub link: u32,
    /// Packed bytes.
    pub bytes: Vec<u8>,
}

/// A decision to be kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewDecision {
    /// When it was made.
    pub at: UtcMs,
    /// As it is shown, JSON; `None` when it changed nothing and says nothing new.
    pub document: Option<String>,
    /// What it followed from; `None` where no policy was asked.
    pub frame: Option<Frame>,
    /// Chains that ended before this may go.
    pub keep_since: UtcMs,
}

/// A decision that is kept, without its frame.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredDecision {
    /// Number, rising over all groups.
    pub id: u64,
    /// Group.
    pub group: GroupId,
    /// When it was made.
    pub at: UtcMs,
    /// As it is shown, JSON; `None` when it changed nothing and says nothing new.
    pub document: Option<String>,
    /// Place of its frame: chain and link; `None` when it has none.
    pub place: Option<(u64, u32)>,
}

/// Which decisions are wanted.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct DecisionFilter {
    /// Of this group only.
    pub group: Option<GroupId>,
    /// Also those that changed nothing and say nothing new.
    pub all: bool,
    /// With smaller numbers than this.
    pub before: Option<u64>,
    /// Made at this time or later.
    pub since: Option<UtcMs>,
    /// Made before this time.
    pub until: Option<UtcMs>,
    /// At most so many.
    pub limit: u32,
}

/// The part of the store that keeps decisions. They are written with the plan they are part of
/// ([`super::GroupWrite::decision`]).
#[async_trait]
pub trait DecisionLog: Send + Sync + 'static {
    /// Newest first.
    async fn decisions(&self, filter: &DecisionFilter) -> Result<Vec<StoredDecision>, StoreError>;

    /// One of them.
    async fn decision(&self, id: u64) -> Result<Option<StoredDecision>, StoreError>;

    /// The frames of a chain, from its first to this link.
    async fn frames(
        &self,
        group: GroupId,
        chain: u64,
        link: u32,
    ) -> Result<Vec<Vec<u8>>, StoreError>;
}
