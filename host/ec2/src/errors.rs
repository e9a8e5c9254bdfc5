//! EC2's refusals and the ways a call can fail, as the kinds the reconciler branches on. The only place that knows
//! EC2's codes.

use std::error::Error;

use aws_sdk_ec2::config::http::HttpResponse;
use aws_sdk_ec2::error::{ProvideErrorMetadata, SdkError};
use weir_cloud::CloudError;
use weir_core::ids::{InstanceType, ZoneName};

/// Why a call failed, before it is known what was asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Failure {
    /// No room in the zone, for a type or for addresses.
    NoCapacity,
    /// The client token was used with other parameters: something was launched with it.
    TokenMismatch,
    /// The instance is not known, yet or any more.
    NoSuchInstance,
    /// The dry run would have succeeded.
    WouldSucceed,
    /// Refused for good: code and words.
    Refused(String),
    /// Too many calls.
    Throttled,
    /// No answer, or one that settles nothing.
    Unknown(String),
}

/// A call's error as its kind.
pub(crate) fn failure<E>(error: &SdkError<E, HttpResponse>) -> Failure
where
    E: ProvideErrorMetadata + std::error::Error + Send + Sync + 'static,
{
    let SdkError::ServiceError(refusal) = error else {
        return Failure::Unknown(in_words(error));
    };
    let status = refusal.raw().status().as_u16();
    let Some(code) = refusal.err().code() else {
        return Failure::Unknown(format!("status {status} without a code"));
    };
    of_code(status, code, refusal.err().message().unwrap_or_default())
}

/// An error with its causes, for people: each once, in one line.
fn in_words(error: &dyn Error) -> String {
    let mut said: Vec<String> = Vec::new();
    let mut next = Some(error);
    while let Some(error) = next {
        let lines = error.to_string();
        let lines: Vec<&str> = lines.lines().map(str::trim).collect();
        let text = lines.join("; ");
        // The SDK's errors often tell of their cause in their own words.
        if !said.iter().any(|before| before.ends_with(&text)) {
            said.push(text);
        }
        next = error.source();
    }
    said.join(": ")
}

/// What a code means. An unknown one is a refusal when the request was at fault (status 4xx), else settles nothing.
fn of_code(status: u16, code: &str, message: &str) -> Failure {
    match code {
        // "Unsupported" is a type that the zone does not have: another may.
        "InsufficientInstanceCapacity"
        | "InsufficientHostCapacity"
        | "InsufficientReservedInstanceCapacity"
        | "InsufficientFreeAddressesInSubnet"
        | "Unsupported" => Failure::NoCapacity,
        "IdempotentParameterMismatch" => Failure::TokenMismatch,
        "InvalidInstanceID.NotFound" => Failure::NoSuchInstance,
        "DryRunOperation" => Failure::WouldSucceed,
        "RequestLimitExceeded"
        | "Throttling"
        | "ThrottlingException"
        | "RequestThrottled"
        | "RequestThrottledException"
        | "TooManyRequestsException"
        | "EC2ThrottledException"
        | "BandwidthLimitExceeded" => Failure::Throttled,
        "InternalError"
        | "InternalFailure"
        | "Unavailable"
        | "ServiceUnavailable"
        | "RequestTimeout"
        | "RequestTimeoutException" => Failure::Unknown(said(code, message)),
        _ if (400..500).contains(&status) => Failure::Refused(said(code, message)),
        _ => Failure::Unknown(said(code, message)),
    }
}

fn said(code: &str, message: &str) -> String {
    format!("{code}: {message}")
}

impl Failure {
    /// As the seam tells it, of a call that is no launch.
    pub(crate) fn into_error(self) -> CloudError {
        match self {
            Failure::Refused(reason) => CloudError::Refused { reason },
            Failure::Throttled => CloudError::Throttled,
            Failure::Unknown(reason) => CloudError::Unknown { reason },
            Failure::NoCapacity => unknown("no capacity, for a call that needs none"),
            Failure::TokenMismatch => unknown("a client token of other parameters"),
            Failure::NoSuchInstance => unknown("the instance is not known (yet)"),
            Failure::WouldSucceed => unknown("a dry run, which nobody asked for"),
        }
    }

    /// As the seam tells it, of a launch.
    pub(crate) fn into_launch_error(self, zone: &ZoneName, kind: &InstanceType) -> CloudError {
        if self != Failure::NoCapacity {
            return self.into_error();
        }
        CloudError::NoCapacity {
            zone: zone.clone(),
            instance_type: kind.clone(),
        }
    }
}

/// An answer that settles nothing.
pub(crate) fn unknown(reason: impl Into<String>) -> CloudError {
    CloudError::Unknown {
        reason: reason.into(),
    }
}

/// Something that an operator must mend.
pub(crate) fn refused(reason: impl Into<String>) -> CloudError {
    CloudError::Refused {
        reason: reason.into(),
    }
}

/// Any call's error as the seam tells it.
pub(crate) fn error<E>(error: SdkError<E, HttpResponse>) -> CloudError
where
    E: ProvideErrorMetadata + std::error::Error + Send + Sync + 'static,
{
    failure(&error).into_error()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_mean_what_the_reconciler_branches_on() {
        let is = |status, code: &str| of_code(status, code, "words");
        assert_eq!(is(500, "InsufficientInstanceCapacity"), Failure::NoCapacity);
        assert_eq!(
            is(400, "InsufficientFreeAddressesInSubnet"),
            Failure::NoCapacity
        );
        assert_eq!(is(503, "RequestLimitExceeded"), Failure::Throttled);
        assert_eq!(
            is(400, "IdempotentParameterMismatch"),
            Failure::TokenMismatch
        );
        for code in [
            "UnauthorizedOperation",
            "InvalidAMIID.NotFound",
            "InstanceLimitExceeded",
            "VcpuLimitExceeded",
            "NeverHeardOf",
        ] {
            let told = Failure::Refused(format!("{code}: words"));
            assert_eq!(is(403, code), told, "{code}");
        }
        for (status, code) in [
            (500, "InternalError"),
            (503, "Unavailable"),
            (500, "NeverHeardOf"),
        ] {
            let told = Failure::Unknown(format!("{code}: words"));
            assert_eq!(is(status, code), told, "{code}");
        }
    }

    #[test]
    fn causes_are_told_once_and_in_one_line() {
        let cause = std::io::Error::other("no credentials. Attempted:\n  Environment: not set");
        let error = SdkError::<std::io::Error, HttpResponse>::construction_failure(cause);
        assert_eq!(
            in_words(&error),
            "failed to construct request: no credentials. Attempted:; Environment: not set"
        );
    }

    #[test]
    fn no_capacity_names_zone_and_type() {
        let (zone, kind) = ("x-1a".into(), "t2.medium".into());
        let told = Failure::NoCapacity.into_launch_error(&zone, &kind);
        assert_eq!(told.to_string(), "no capacity for t2.medium in x-1a");
    }
}
