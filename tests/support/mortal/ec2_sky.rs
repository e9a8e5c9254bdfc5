//! EC2 as the cloud of a server in another process: moto, the proxy that adds time and faults, the tutorial's network,
//! and a cloudlet that runs nodes on its instances.

use std::sync::Arc;

use async_trait::async_trait;
use weir_cloud::simulated::{SimulatedCloud, SimulatedSettings};
use weir_cloud::{Instance, InstanceState};
use weir_core::units::DurationMs;

use super::{Ground, Sky};
use crate::cloudlet::Cloudlet;
use crate::ec2_api::{REGION, tag};
use crate::ec2_proxy::{Ec2Proxy, Lags};
use crate::moto::Moto;
use crate::tutorial_network::{KEY_PAIR, SECURITY_GROUP, TutorialNetwork, VPC};
use crate::xml::Element;

/// Between two looks of the cloudlet: moto takes some ten milliseconds for a listing.
const LOOK_EVERY: DurationMs = DurationMs(1_000);

/// EC2 on loopback.
pub struct Ec2Sky {
    // In this order they end: whoever asks before whoever answers.
    /// Nodes on its instances.
    pub cloudlet: Cloudlet,
    /// Calls can be made to fail here, and are on record.
    pub proxy: Arc<Ec2Proxy>,
    /// What the tutorial's operator made.
    pub network: TutorialNetwork,
    /// The cloud itself, without anything between.
    pub moto: Moto,
}

impl Ec2Sky {
    /// The tutorial's network and no instance; time between states as on a real cloud.
    pub async fn over(ground: &Ground, settings: SimulatedSettings) -> Self {
        let moto = Moto::start().await;
        let network = TutorialNetwork::make(&moto.api(), &ground.block).await;
        let proxy = Arc::new(Ec2Proxy::start(moto.url(), ground.clock.clone()).await);
        proxy.set_lags(Lags::REAL);
        let clock = ground.clock.clone();
        let cloudlet = Cloudlet::start(proxy.clone(), REGION, settings, clock, LOOK_EVERY);
        cloudlet.nodes.set_manager(&ground.manager());
        Self {
            moto,
            proxy,
            network,
            cloudlet,
        }
    }
}

#[async_trait]
impl Sky for Ec2Sky {
    fn nodes(&self) -> &SimulatedCloud {
        &self.cloudlet.nodes
    }

    async fn living(&self) -> Vec<Instance> {
        let all = self.proxy.truth(REGION).await;
        all.iter().filter_map(living).collect()
    }

    async fn launched(&self) -> Vec<String> {
        // moto lists what has ended for ever.
        let all = self.moto.api().instances().await;
        let named = all
            .iter()
            .map(|instance| tag(instance, "identifier").unwrap_or_default());
        named.collect()
    }

    fn remote(&self) -> Option<String> {
        None
    }

    fn settings(&self) -> String {
        format!(
            "[cloud]\nprovider = \"ec2\"\n\
             [cloud.ec2]\nregion = {REGION:?}\nkey_pair = {KEY_PAIR:?}\nsecurity_group = {SECURITY_GROUP:?}\n\
             vpc_name = {VPC:?}\nuse_private_addresses = true\n"
        )
    }

    fn environment(&self) -> Vec<(&'static str, String)> {
        vec![
            ("AWS_ENDPOINT_URL", self.proxy.url().to_owned()),
            ("AWS_ACCESS_KEY_ID", "test".to_owned()),
            ("AWS_SECRET_ACCESS_KEY", "test".to_owned()),
            ("AWS_EC2_METADATA_DISABLED", "true".to_owned()),
        ]
    }
}

/// An instance that is not on its way out.
fn living(instance: &Element) -> Option<Instance> {
    let state = match instance.text_at("instanceState/name").as_str() {
        "pending" => InstanceState::Pending,
        "running" => InstanceState::Running,
        _ => return None,
    };
    let text = |path: &str| Some(instance.text_at(path)).filter(|text| !text.is_empty());
    Some(Instance {
        id: tag(instance, "identifier").map(|id| id.as_str().into()),
        platform_id: instance.text_at("instanceId").as_str().into(),
        region: REGION.into(),
        zone: instance
            .text_at("placement/availabilityZone")
            .as_str()
            .into(),
        state,
        address: text("privateIpAddress"),
        private_address: text("privateIpAddress"),
        hostname: text("privateDnsName"),
    })
}
