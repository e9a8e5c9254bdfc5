//! The whole server for tests: every part real but the cloud and the clock, nothing left behind.
//!
//! A [`TestServer`] is a server process in miniature: its own runtime, its own log, its store in a temporary folder.
//! The cloud, its nodes and their clients live outside it and survive when it is stopped or crashed.

#![expect(
    clippy::unwrap_used,
    reason = "a test that cannot set itself up should stop there"
)]

pub mod api;
pub mod clients;
pub mod far_cloud;
pub mod logs;
pub mod options;
pub mod policies;
mod report;
pub mod server;
pub mod story;
pub mod tutorial;
mod waiting;

use weir_core::units::DurationMs;

pub use clients::Client;
pub use options::Options;
pub use server::TestServer;

/// Simulated seconds.
pub fn secs(seconds: u64) -> DurationMs {
    DurationMs::secs(seconds)
}
