//! Clouds that a program was built with beside the simulated one. The library knows none of them: `main.rs` hands them
//! in, so that nothing else is compiled or linked with a cloud's SDK.

use std::sync::Arc;

use anyhow::Context;
use async_trait::async_trait;
use weir_cloud::clock::SharedClock;
use weir_cloud::{CloudController, Finding};
use weir_core::ids::InstanceType;

use crate::config::cloud::Ec2Config;
use crate::config::{Config, Secret};

/// Clouds of this program.
#[derive(Clone, Default)]
pub struct Clouds {
    /// Amazon EC2.
    pub ec2: Option<Arc<dyn Ec2Provider>>,
}

/// What EC2 is opened with.
pub struct Ec2Wanted {
    /// The settings.
    pub settings: Ec2Config,
    /// Id of the store's environment.
    pub environment: String,
    /// Where nodes report to, no slash at the end.
    pub manager_url: String,
    /// Nodes sign with keys derived from it; `None`: they do not sign.
    pub cluster_password: Option<Secret>,
    /// Time.
    pub clock: SharedClock,
}

/// Opens EC2; implemented beside `main.rs`.
#[async_trait]
pub trait Ec2Provider: Send + Sync + 'static {
    /// The cloud.
    ///
    /// # Errors
    /// It cannot be used as the settings are; the text names the setting and the mend.
    async fn open(&self, wanted: Ec2Wanted) -> anyhow::Result<Arc<dyn CloudController>>;

    /// Looks whether all that launches need is there, for images with the type they are launched on. Changes nothing.
    ///
    /// # Errors
    /// As [`Ec2Provider::open`].
    async fn examine(
        &self,
        wanted: Ec2Wanted,
        images: &[(String, InstanceType)],
    ) -> anyhow::Result<Vec<Finding>>;
}

impl Clouds {
    /// EC2 as it was built in.
    ///
    /// # Errors
    /// It was not; the text says how to get it.
    pub(crate) fn ec2(&self) -> anyhow::Result<&dyn Ec2Provider> {
        self.ec2.as_deref().context(
            "cloud.provider = ec2, but this program was built without EC2: build it with cargo build --release (without \
             --no-default-features), or choose another cloud with --provider simulated",
        )
    }
}

/// What the settings say of EC2.
pub(crate) fn ec2_wanted(
    config: &Config,
    environment: String,
    cluster_password: Option<Secret>,
    clock: SharedClock,
) -> Ec2Wanted {
    Ec2Wanted {
        settings: config.cloud.ec2.clone(),
        environment,
        manager_url: config.server.public_url(config.server.listen),
        cluster_password,
        clock,
    }
}

/// What to say where nodes are told the address that is listened on, which is seldom one they reach; `None`: an operator
/// set another.
pub(crate) fn unreachable_manager(config: &Config) -> Option<String> {
    let told = config.server.public_url(config.server.listen);
    config.server.public_url.is_empty().then(|| {
        format!(
            "server.public_url is not set, so nodes are told {told}: set it to an address of this machine that they reach, \
             unless their image names one"
        )
    })
}
