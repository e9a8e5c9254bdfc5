//! The clients of the simulation: publishers and viewers who ask the manager for a server as real ones do, and then
//! connect to the simulated node of that address.

mod connection;
mod crowd;
mod curve;
mod publisher;
mod reception;

pub use connection::{ClientKind, ConnectError, Connection, Ended};
pub use crowd::{Crowd, CrowdCounts, CrowdSettings};
pub use curve::{CurveError, DemandCurve};
pub use publisher::{Publisher, PublisherCounts};
pub use reception::ReceptionError;
