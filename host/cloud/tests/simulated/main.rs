//! Simulated nodes and their audience against a scripted manager, over real HTTP.
#![expect(clippy::unwrap_used, reason = "a test may panic")]

mod audience;
mod manager;
mod media;
mod memory;
mod nodes;
