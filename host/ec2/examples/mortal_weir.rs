//! The server of the matrix in `tests/moto/`: on EC2, and dying on cue.

use std::process::ExitCode;
use std::sync::Arc;

use weir::app::{Outside, open_policies, open_store};
use weir::config::Config;
use weir::nodes::TcpLink;
use weir_cloud::clock::SharedClock;
use weir_core::units::DurationMs;
use weir_ec2::{Ec2Cloud, Ec2Settings};
use weir_tests::mortal::{Orders, program};

fn main() -> anyhow::Result<ExitCode> {
    program(outside)
}

async fn outside(config: Config, clock: SharedClock, _: Orders) -> anyhow::Result<Outside> {
    let store = open_store(&config).await?;
    let ec2 = &config.cloud.ec2;
    let settings = Ec2Settings {
        region: ec2.region.clone(),
        key_pair: ec2.key_pair.clone(),
        security_group: ec2.security_group.clone(),
        vpc_name: Some(ec2.vpc_name.clone()),
        use_private_addresses: ec2.use_private_addresses,
        operation_timeout: DurationMs(ec2.operation_timeout_ms),
        user_data_dir: None,
        credentials: None,
        endpoint: None,
        environment: store.environment().await?,
        manager_url: config.server.public_url.clone(),
        cluster_password: Some(config.auth.cluster_password.reveal().to_owned()),
    };
    Ok(Outside {
        cloud: Arc::new(Ec2Cloud::open(settings, clock.clone()).await?),
        link: Arc::new(TcpLink {
            port: config.fleet.node_http_port,
        }),
        simulated: None,
        policies: open_policies(&config).await?,
        store,
        clock,
    })
}
