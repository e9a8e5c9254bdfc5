//! The EC2 that the other tests run against: moto behind the proxy. What they rely on, seen by plain HTTP.

#![expect(
    clippy::unwrap_used,
    reason = "a test that cannot set itself up should stop there"
)]

mod answers;
mod faults;
mod launches;
mod lives;
mod nodes;
mod random;
mod rig;
