//! Amazon EC2 for this program: the settings as the adapter takes them. Not part of the library, so that only the
//! program is compiled with the AWS SDK.

use std::path::PathBuf;
use std::sync::Arc;

use async_trait::async_trait;
use weir::app::{Ec2Provider, Ec2Wanted};
use weir_cloud::{CloudController, Finding};
use weir_core::ids::InstanceType;
use weir_core::units::DurationMs;
use weir_ec2::{Credentials, Ec2Cloud, Ec2Settings};

struct Provider;

/// EC2.
pub(crate) fn provider() -> Arc<dyn Ec2Provider> {
    Arc::new(Provider)
}

async fn open(wanted: Ec2Wanted) -> anyhow::Result<Ec2Cloud> {
    let ec2 = &wanted.settings;
    let text = |text: &str| Some(text.to_owned()).filter(|text| !text.is_empty());
    let settings = Ec2Settings {
        region: ec2.region.clone(),
        key_pair: ec2.key_pair.clone(),
        security_group: ec2.security_group.clone(),
        vpc_name: text(&ec2.vpc_name).filter(|_| !ec2.default_vpc),
        use_private_addresses: ec2.use_private_addresses,
        operation_timeout: DurationMs(ec2.operation_timeout_ms),
        user_data_dir: text(&ec2.user_data_dir).map(PathBuf::from),
        credentials: ec2.access_key_id.is_set().then(|| Credentials {
            access_key_id: ec2.access_key_id.reveal().to_owned(),
            secret_access_key: ec2.secret_access_key.reveal().to_owned(),
        }),
        endpoint: None,
        environment: wanted.environment,
        manager_url: wanted.manager_url,
        cluster_password: wanted
            .cluster_password
            .map(|password| password.reveal().to_owned()),
    };
    Ok(Ec2Cloud::open(settings, wanted.clock).await?)
}

#[async_trait]
impl Ec2Provider for Provider {
    async fn open(&self, wanted: Ec2Wanted) -> anyhow::Result<Arc<dyn CloudController>> {
        Ok(Arc::new(open(wanted).await?))
    }

    async fn examine(
        &self,
        wanted: Ec2Wanted,
        images: &[(String, InstanceType)],
    ) -> anyhow::Result<Vec<Finding>> {
        Ok(weir_ec2::examine(&open(wanted).await?, images).await)
    }
}
