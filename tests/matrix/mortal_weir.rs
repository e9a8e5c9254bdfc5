//! The server as a program of the tests, under a simulated cloud that lives in the test.

use std::process::ExitCode;

use anyhow::Context;
use weir::app::{Outside, open_policies, open_store};
use weir::config::Config;
use weir_cloud::clock::SharedClock;
use weir_tests::mortal::{Orders, program};
use weir_tests::process::remote_cloud::RemoteCloud;

fn main() -> anyhow::Result<ExitCode> {
    program(outside)
}

async fn outside(config: Config, clock: SharedClock, orders: Orders) -> anyhow::Result<Outside> {
    let cloud = RemoteCloud::at(&orders.cloud.context("no address of a cloud")?);
    Ok(Outside {
        clock,
        store: open_store(&config).await?,
        cloud: cloud.clone(),
        link: cloud,
        simulated: None,
        policies: open_policies(&config).await?,
    })
}
