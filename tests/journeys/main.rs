//! The whole server on the simulated cloud, in fast motion: what operators, clients and nodes go through, and what the
//! server may never do to them, whatever is done to it.

#![expect(
    clippy::unwrap_used,
    reason = "a test that cannot set itself up should stop there"
)]

mod access;
mod bounds;
mod crash;
mod database;
mod decisions;
mod flood;
#[path = "../sandbox/guests.rs"]
mod guests;
mod hostile;
mod never_reports;
mod nodes_die;
mod paths;
mod policies;
mod reading_again;
mod reload;
mod restart;
mod retire;
mod silent_cloud;
mod slow_clients;
mod sweep;
mod tutorial;
