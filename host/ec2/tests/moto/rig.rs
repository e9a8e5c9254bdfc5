//! moto, the proxy before it, the tutorial's network in it, and the adapter as a server would open it.

use std::sync::Arc;

use weir_cloud::clock::ManualClock;
use weir_cloud::{CloudController, CloudError, LaunchRequest};
use weir_core::node::Role;
use weir_core::units::{DurationMs, UtcMs};
use weir_ec2::{Credentials, Ec2Cloud, Ec2Settings};
use weir_tests::ec2_api::REGION;
use weir_tests::ec2_proxy::Ec2Proxy;
use weir_tests::loopback::Block;
use weir_tests::moto::Moto;
use weir_tests::tutorial_network::{IMAGE, KEY_PAIR, SECURITY_GROUP, TutorialNetwork, VPC, ZONES};

/// The environment of the tests.
pub const ENVIRONMENT: &str = "environment-1";
/// Nodes' keys are derived from it.
pub const PASSWORD: &str = "cluster-secret";

pub struct Rig {
    pub moto: Moto,
    pub proxy: Ec2Proxy,
    pub network: TutorialNetwork,
    pub clock: ManualClock,
    pub block: Block,
}

impl Rig {
    pub async fn start() -> Self {
        let moto = Moto::start().await;
        let block = Block::take();
        let network = TutorialNetwork::make(&moto.api(), &block).await;
        let clock = ManualClock::at(UtcMs(1_700_000_000_000));
        let proxy = Ec2Proxy::start(moto.url(), Arc::new(clock.clone())).await;
        Self {
            moto,
            proxy,
            network,
            clock,
            block,
        }
    }

    pub fn settings(&self) -> Ec2Settings {
        Ec2Settings {
            region: REGION.to_owned(),
            key_pair: KEY_PAIR.to_owned(),
            security_group: SECURITY_GROUP.to_owned(),
            vpc_name: Some(VPC.to_owned()),
            use_private_addresses: false,
            operation_timeout: DurationMs::secs(60),
            user_data_dir: None,
            credentials: Some(Credentials {
                access_key_id: "test".to_owned(),
                secret_access_key: "test".to_owned(),
            }),
            endpoint: Some(self.proxy.url().to_owned()),
            environment: ENVIRONMENT.to_owned(),
            manager_url: "http://127.0.0.1:5080".to_owned(),
            cluster_password: Some(PASSWORD.to_owned()),
        }
    }

    pub async fn cloud(&self) -> Ec2Cloud {
        self.cloud_with(|_| {}).await
    }

    pub async fn cloud_with(&self, change: impl FnOnce(&mut Ec2Settings)) -> Ec2Cloud {
        let mut settings = self.settings();
        change(&mut settings);
        Ec2Cloud::open(settings, Arc::new(self.clock.clone()))
            .await
            .unwrap()
    }

    /// How many instances there really are in the tutorial's region, ended ones not counted.
    pub async fn really(&self) -> usize {
        let all = self.moto.api().instances().await;
        let alive = all
            .iter()
            .filter(|instance| instance.text_at("instanceState/name") != "terminated");
        alive.count()
    }

    pub fn pass(&self, ms: u64) {
        self.clock.advance(DurationMs(ms));
    }
}

/// A launch in the tutorial's first zone.
pub fn request(id: &str) -> LaunchRequest {
    LaunchRequest {
        id: id.into(),
        role: Role::Edge,
        region: REGION.into(),
        zone: ZONES[0].into(),
        instance_type: "t2.medium".into(),
        image: IMAGE.to_owned(),
        capacity: 100,
        tags: vec![("environment".to_owned(), "tutorial".to_owned())],
        properties: Vec::new(),
    }
}

/// The words of a refusal.
pub fn refusal<T: std::fmt::Debug>(answer: Result<T, CloudError>) -> String {
    match answer {
        Err(CloudError::Refused { reason }) => reason,
        other => panic!("not refused: {other:?}"),
    }
}

/// Whether an answer settles nothing.
pub fn is_unknown<T>(answer: &Result<T, CloudError>) -> bool {
    matches!(answer, Err(CloudError::Unknown { .. }))
}

/// Launches `count` edges.
pub async fn launch(cloud: &dyn CloudController, count: usize) {
    for number in 0..count {
        cloud
            .launch(&request(&format!("node-a-{number}")))
            .await
            .unwrap();
    }
}
