//! What can go wrong with a call, and the kinds by which it is counted.

use weir_core::units::DurationMs;

/// Where a connection is cut.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cut {
    /// Not a byte of the answer arrives.
    BeforeHeaders,
    /// The headers arrive, the body does not.
    AfterHeaders,
}

/// What goes wrong with a call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fault {
    /// The call never reaches the cloud; the connection is closed.
    LostRequest,
    /// The cloud does it; the connection is cut.
    LostReply(Cut),
    /// The connection is reset; the call never reaches the cloud.
    Reset,
    /// `RequestLimitExceeded`, status 503.
    Throttled,
    /// `InsufficientInstanceCapacity`, status 500.
    NoCapacity,
    /// `InstanceLimitExceeded`, status 400.
    InstanceQuota,
    /// `VcpuLimitExceeded`, status 400.
    VcpuQuota,
    /// `UnauthorizedOperation`, status 403.
    Unauthorized,
    /// `InternalError`, status 500.
    Internal,
    /// `Unavailable`, status 503.
    Unavailable,
    /// The body ends after so much of it, percent, at a well-formed end of the HTTP answer.
    CutBody(u8),
    /// The connection breaks after so much of the body, percent.
    TornBody(u8),
    /// The listing has nothing in it.
    EmptyListing,
    /// The listing as it was so long ago.
    StaleListing(DurationMs),
    /// The answer takes so much longer.
    Slow(DurationMs),
    /// The instance stays pending for ever.
    StaysPending,
    /// The instance goes from pending to terminated, for want of capacity.
    NeverRuns,
}

/// What is counted: faults, and what the proxy does by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[expect(missing_docs, reason = "named as the faults they count")]
pub enum Kind {
    LostRequest,
    LostReplyBeforeHeaders,
    LostReplyAfterHeaders,
    Reset,
    Throttled,
    NoCapacity,
    InstanceQuota,
    VcpuQuota,
    Unauthorized,
    Internal,
    Unavailable,
    CutBody,
    TornBody,
    EmptyListing,
    StaleListing,
    Slow,
    StaysPending,
    NeverRuns,
    /// A client token came again and was answered with its instance.
    TokenReplayed,
    /// A client token came again with other parameters and was refused.
    TokenMismatch,
    /// An instance was asked for by its id and is not known yet.
    NotFoundYet,
    /// A listing lacks an instance that is not known yet.
    OmittedYet,
    /// A search by tag lacks an instance whose tags are not known yet.
    TagsNotYet,
    /// An instance was shown as pending, without addresses.
    PendingWithoutAddress,
    /// An instance was shown as shutting down.
    ShuttingDown,
}

impl Fault {
    /// How it is counted.
    pub fn kind(&self) -> Kind {
        match self {
            Fault::LostRequest => Kind::LostRequest,
            Fault::LostReply(Cut::BeforeHeaders) => Kind::LostReplyBeforeHeaders,
            Fault::LostReply(Cut::AfterHeaders) => Kind::LostReplyAfterHeaders,
            Fault::Reset => Kind::Reset,
            Fault::Throttled => Kind::Throttled,
            Fault::NoCapacity => Kind::NoCapacity,
            Fault::InstanceQuota => Kind::InstanceQuota,
            Fault::VcpuQuota => Kind::VcpuQuota,
            Fault::Unauthorized => Kind::Unauthorized,
            Fault::Internal => Kind::Internal,
            Fault::Unavailable => Kind::Unavailable,
            Fault::CutBody(_) => Kind::CutBody,
            Fault::TornBody(_) => Kind::TornBody,
            Fault::EmptyListing => Kind::EmptyListing,
            Fault::StaleListing(_) => Kind::StaleListing,
            Fault::Slow(_) => Kind::Slow,
            Fault::StaysPending => Kind::StaysPending,
            Fault::NeverRuns => Kind::NeverRuns,
        }
    }

    /// Whether the action can fail like this.
    pub(crate) fn fits(&self, action: &str) -> bool {
        match self {
            Fault::NoCapacity
            | Fault::InstanceQuota
            | Fault::VcpuQuota
            | Fault::StaysPending
            | Fault::NeverRuns => action == "RunInstances",
            Fault::EmptyListing | Fault::StaleListing(_) => action == "DescribeInstances",
            Fault::CutBody(_) | Fault::TornBody(_) => action.starts_with("Describe"),
            Fault::LostRequest
            | Fault::LostReply(_)
            | Fault::Reset
            | Fault::Throttled
            | Fault::Unauthorized
            | Fault::Internal
            | Fault::Unavailable
            | Fault::Slow(_) => true,
        }
    }
}
