//! moto, the proxy before it, the tutorial's network in it, and a clock that the test moves.

use std::sync::Arc;

use weir_cloud::clock::ManualClock;
use weir_core::units::{DurationMs, UtcMs};
use weir_tests::ec2_api::{ApiError, Ec2Api, REGION};
use weir_tests::ec2_proxy::Ec2Proxy;
use weir_tests::loopback::Block;
use weir_tests::moto::Moto;
use weir_tests::tutorial_network::TutorialNetwork;
use weir_tests::xml::Element;

pub struct Rig {
    pub moto: Moto,
    pub proxy: Ec2Proxy,
    pub network: TutorialNetwork,
    pub clock: ManualClock,
    /// Through the proxy.
    pub api: Ec2Api,
    /// Addresses of instances.
    pub block: Block,
}

impl Rig {
    pub async fn start() -> Self {
        let moto = Moto::start().await;
        let block = Block::take();
        let network = TutorialNetwork::make(&moto.api(), &block).await;
        let clock = ManualClock::at(UtcMs(1_700_000_000_000));
        let proxy = Ec2Proxy::start(moto.url(), Arc::new(clock.clone())).await;
        let api = Ec2Api::new(proxy.url(), REGION);
        Self {
            moto,
            proxy,
            network,
            clock,
            api,
            block,
        }
    }

    /// Launches one instance into a subnet with this token, which is its tag `identifier` too.
    pub async fn launch(&self, zone: usize, token: &str) -> Result<Element, ApiError> {
        self.launch_as(zone, token, "t2.medium").await
    }

    pub async fn launch_as(
        &self,
        zone: usize,
        token: &str,
        instance_type: &str,
    ) -> Result<Element, ApiError> {
        let mut params = self.network.launch(zone);
        params.retain(|(name, _)| *name != "InstanceType");
        params.extend([
            ("InstanceType", instance_type),
            ("ClientToken", token),
            ("TagSpecification.1.ResourceType", "instance"),
            ("TagSpecification.1.Tag.1.Key", "identifier"),
            ("TagSpecification.1.Tag.1.Value", token),
        ]);
        self.api.call("RunInstances", &params).await
    }

    /// As above; the id of the new instance.
    pub async fn launched(&self, zone: usize, token: &str) -> String {
        id(&self.launch(zone, token).await.unwrap())
    }

    /// The instances that a search by tag shows.
    pub async fn by_tag(&self, token: &str) -> Vec<Element> {
        let filter = [
            ("Filter.1.Name", "tag:identifier"),
            ("Filter.1.Value.1", token),
        ];
        instances(&self.api.must("DescribeInstances", &filter).await)
    }

    /// The instance asked for by its id.
    pub async fn by_id(&self, id: &str) -> Result<Element, ApiError> {
        let answer = self
            .api
            .call("DescribeInstances", &[("InstanceId.1", id)])
            .await?;
        Ok(instances(&answer).remove(0))
    }

    /// Ids of all instances a listing shows.
    pub async fn listed(&self) -> Vec<String> {
        let answer = self.api.must("DescribeInstances", &[]).await;
        let mut ids: Vec<String> = instances(&answer).iter().map(instance_id).collect();
        ids.sort();
        ids
    }

    /// How many instances there really are, ended ones not counted.
    pub async fn really(&self) -> usize {
        let all = self.moto.api().instances().await;
        let alive = all
            .iter()
            .filter(|instance| state(instance) != "terminated");
        alive.count()
    }

    pub fn pass(&self, ms: u64) {
        self.clock.advance(DurationMs(ms));
    }
}

pub fn id(launched: &Element) -> String {
    launched.text_at("instancesSet/item/instanceId")
}

pub fn instance_id(instance: &Element) -> String {
    instance.text_at("instanceId")
}

pub fn state(instance: &Element) -> String {
    instance.text_at("instanceState/name")
}

pub fn instances(listing: &Element) -> Vec<Element> {
    let reservations = listing.items("reservationSet");
    reservations
        .flat_map(|reservation| reservation.items("instancesSet").cloned())
        .collect()
}

/// Status and code of a refusal.
pub fn refusal(answer: Result<Element, ApiError>) -> (u16, String) {
    let error = answer.unwrap_err();
    (error.status, error.code)
}
