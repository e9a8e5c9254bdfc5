//! One client of the SDK for each region, all with the same credentials; no retries, a bound on each call.

use std::collections::BTreeMap;
use std::time::Duration;

use aws_config::timeout::TimeoutConfig;
use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_sdk_ec2::Client;
use aws_sdk_ec2::config::{Credentials as SdkCredentials, retry::RetryConfig};
use parking_lot::Mutex;
use weir_cloud::CloudError;
use weir_core::ids::RegionName;

use crate::answers::WholeAnswers;
use crate::errors::refused;
use crate::settings::Ec2Settings;

/// Longest wait for a connection.
const CONNECT_WITHIN: Duration = Duration::from_secs(5);

/// Clients by region, made when first needed.
pub(crate) struct Clients {
    shared: SdkConfig,
    home: RegionName,
    made: Mutex<BTreeMap<RegionName, Client>>,
}

impl Clients {
    /// Finds credentials' source and the home region; calls nobody unless the SDK's chain has to.
    pub(crate) async fn open(settings: &Ec2Settings) -> Result<Self, CloudError> {
        let timeouts = TimeoutConfig::builder()
            .operation_timeout(settings.operation_timeout.to_std())
            .connect_timeout(CONNECT_WITHIN.min(settings.operation_timeout.to_std()))
            .build();
        let mut loader = aws_config::defaults(BehaviorVersion::latest())
            .retry_config(RetryConfig::disabled())
            .timeout_config(timeouts);
        if !settings.region.is_empty() {
            loader = loader.region(Region::new(settings.region.clone()));
        }
        if let Some(endpoint) = &settings.endpoint {
            loader = loader.endpoint_url(endpoint);
        }
        if let Some(keys) = &settings.credentials {
            let (id, secret) = (&keys.access_key_id, &keys.secret_access_key);
            let keys = SdkCredentials::new(id, secret, None, None, "weir settings");
            loader = loader.credentials_provider(keys);
        }
        let shared = loader.load().await;
        let Some(home) = shared.region().map(|region| region.as_ref().into()) else {
            return Err(refused(
                "no region: set cloud.ec2.region, or AWS_REGION in the environment",
            ));
        };
        Ok(Self {
            shared,
            home,
            made: Mutex::default(),
        })
    }

    /// The region groups are in unless they say otherwise.
    pub(crate) fn home(&self) -> &RegionName {
        &self.home
    }

    /// The client of a region.
    pub(crate) fn of(&self, region: &RegionName) -> Client {
        let mut made = self.made.lock();
        let client = made.entry(region.clone()).or_insert_with(|| {
            let config = aws_sdk_ec2::config::Builder::from(&self.shared)
                .region(Region::new(region.as_str().to_owned()))
                .interceptor(WholeAnswers)
                .build();
            Client::from_conf(config)
        });
        client.clone()
    }
}
