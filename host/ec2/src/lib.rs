//! Amazon EC2 behind [`weir_cloud::CloudController`]; the only package that knows the AWS SDK.
//!
//! Every call is one attempt within the time the settings give: the SDK's own retries are off, the reconciler's next
//! pass is the retry. An instance is found by its tags `identifier` and [`tags::ENVIRONMENT`], both compared exactly;
//! its client token, the identifier again, only spares a second instance while a fresh one is not yet listed.
//!
//! ```text
//! launch ─▶ search by tag ─▶ there: that one
//!               └─▶ not there ─▶ network (VPC, subnet, group) ─▶ image ─▶ RunInstances (client token)
//! ```
//!
//! What is not known is never reported as absent: an answer that breaks off, a page that leads nowhere, a listed
//! instance without a state are [`weir_cloud::CloudError::Unknown`].

mod answers;
mod clients;
mod controller;
mod doctor;
mod errors;
mod launch;
mod listing;
mod network;
mod settings;
pub mod tags;
pub mod user_data;

pub use controller::Ec2Cloud;
pub use doctor::examine;
pub use settings::{Credentials, Ec2Settings};
