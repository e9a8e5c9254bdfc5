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
pub mod cloud_story;
pub mod cloudlet;
pub mod ec2_api;
pub mod ec2_proxy;
pub mod far_cloud;
pub mod logs;
pub mod loopback;
pub mod mariadb;
pub mod matrix;
pub mod mortal;
pub mod moto;
pub mod options;
pub mod parts;
pub mod policies;
pub mod process;
mod report;
pub mod server;
mod server_stage;
pub mod stage;
pub mod story;
pub mod tutorial;
pub mod tutorial_network;
pub mod voice;
mod waiting;
pub mod xml;

use weir_core::units::DurationMs;

pub use clients::Client;
pub use options::Options;
pub use server::TestServer;

/// Simulated seconds.
pub fn secs(seconds: u64) -> DurationMs {
    DurationMs::secs(seconds)
}
