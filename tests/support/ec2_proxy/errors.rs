//! EC2's refusals as they come over the wire.

use super::fault::Fault;
use super::wire::Answer;
use crate::xml::Element;

/// A refusal.
pub(super) fn refusal(status: u16, code: &str, message: &str) -> Answer {
    let error = [
        Element::of_text("Code", code),
        Element::of_text("Message", message),
    ];
    let errors = Element::of("Errors", [Element::of("Error", error)]);
    let id = Element::of_text("RequestID", "00000000-0000-4000-8000-000000000000");
    Answer {
        status,
        body: Element::of("Response", [errors, id]).document(),
    }
}

/// The refusal a fault stands for; `None` when it is no refusal.
pub(super) fn of(fault: &Fault, action: &str) -> Option<Answer> {
    let (status, code, message) = match fault {
        Fault::Throttled => (503, "RequestLimitExceeded", "Request limit exceeded."),
        Fault::NoCapacity => return Some(no_capacity("the requested Availability Zone")),
        Fault::InstanceQuota => (
            400,
            "InstanceLimitExceeded",
            "Your quota allows for 0 more running instance(s).",
        ),
        Fault::VcpuQuota => (
            400,
            "VcpuLimitExceeded",
            "You have requested more vCPU capacity than your current vCPU limit allows.",
        ),
        Fault::Unauthorized => return Some(unauthorized(action)),
        Fault::Internal => (500, "InternalError", "An internal error has occurred"),
        Fault::Unavailable => (
            503,
            "Unavailable",
            "The service is unavailable. Please try again shortly.",
        ),
        Fault::LostRequest
        | Fault::LostReply(_)
        | Fault::Reset
        | Fault::CutBody(_)
        | Fault::TornBody(_)
        | Fault::EmptyListing
        | Fault::StaleListing(_)
        | Fault::Slow(_)
        | Fault::StaysPending
        | Fault::NeverRuns => return None,
    };
    Some(refusal(status, code, message))
}

/// No room for the type in the zone.
pub(super) fn no_capacity(zone: &str) -> Answer {
    let message = format!(
        "We currently do not have sufficient capacity for this instance type in {zone}. Please try another zone."
    );
    refusal(500, "InsufficientInstanceCapacity", &message)
}

/// The caller may not do it.
pub(super) fn unauthorized(action: &str) -> Answer {
    let message = format!("You are not authorized to perform this operation (ec2:{action}).");
    refusal(403, "UnauthorizedOperation", &message)
}

/// An instance is not known (yet, or any more).
pub(super) fn not_found(ids: &[String]) -> Answer {
    let message = match ids {
        [id] => format!("The instance ID '{id}' does not exist"),
        ids => format!("The instance IDs '{}' do not exist", ids.join(", ")),
    };
    refusal(400, "InvalidInstanceID.NotFound", &message)
}

/// A client token came with other parameters.
pub(super) fn token_mismatch() -> Answer {
    refusal(
        400,
        "IdempotentParameterMismatch",
        "The client token was used before with other parameters.",
    )
}
