//! The pure part of Weir: facts come in, decisions come out.
//!
//! Nothing here reads a clock, a file or a socket: the time is a parameter, randomness is a number in the input.
//! Read the modules in this order: [`report`] → [`group_state`] → [`snapshot`] → [`proposal`] → [`guardrails`] →
//! [`plan`].

#![forbid(unsafe_code)]
#![warn(missing_docs)]

pub mod bindings;
pub mod boot_times;
pub mod group;
pub mod group_state;
pub mod guardrails;
pub mod history;
pub mod ids;
pub mod lifecycle;
pub mod liveness;
pub mod node;
pub mod placement;
pub mod plan;
pub mod proposal;
pub mod reason;
pub mod report;
pub mod reservations;
pub mod snapshot;
pub mod stream;
pub mod timers;
pub mod topology;
pub mod units;
pub mod zones;
