//! The adapter on moto behind the proxy that adds faults and time: the only test program that links the AWS SDK.

#![expect(clippy::unwrap_used, reason = "a failed step is a failed test")]

mod contract;
mod doctor;
mod faults;
mod launches;
mod matrix;
mod names;
mod rig;
mod troubles;
