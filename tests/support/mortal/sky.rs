//! The clouds a mortal server may stand under. They live in the test and outlive it.

use std::sync::Arc;

use async_trait::async_trait;
use weir_cloud::scripted::ScriptedCloud;
use weir_cloud::simulated::{SimulatedCloud, SimulatedSettings};
use weir_cloud::{CloudController, Instance, InstanceState};

use super::Ground;
use crate::process::remote_cloud::CloudServer;

/// A cloud with its nodes.
#[async_trait]
pub trait Sky: Send + Sync {
    /// The nodes, and the way of clients to them.
    fn nodes(&self) -> &SimulatedCloud;

    /// Instances that are not on their way out, as the cloud's owner sees them.
    async fn living(&self) -> Vec<Instance>;

    /// Every instance that was ever launched, by its identifier.
    async fn launched(&self) -> Vec<String>;

    /// Address of the simulated cloud; none when the settings name the cloud.
    fn remote(&self) -> Option<String>;

    /// What the server's settings file says of it.
    fn settings(&self) -> String;

    /// What the server's environment says of it.
    fn environment(&self) -> Vec<(&'static str, String)>;
}

/// The simulated cloud, called over loopback.
pub struct SimulatedSky {
    /// The cloud as its owner sees it.
    pub cloud: Arc<SimulatedCloud>,
    /// Its calls can be made to fail here.
    pub script: Arc<ScriptedCloud>,
    remote: CloudServer,
}

impl SimulatedSky {
    /// An empty cloud.
    pub async fn over(ground: &Ground, settings: SimulatedSettings) -> Self {
        let cloud = SimulatedCloud::new(settings, ground.clock.clone()).unwrap();
        cloud.set_manager(&ground.manager());
        let script = ScriptedCloud::around(cloud.clone(), ground.clock.clone());
        Self {
            remote: CloudServer::start(script.clone(), cloud.clone()).await,
            cloud,
            script,
        }
    }
}

#[async_trait]
impl Sky for SimulatedSky {
    fn nodes(&self) -> &SimulatedCloud {
        &self.cloud
    }

    async fn living(&self) -> Vec<Instance> {
        let mut listed = self.cloud.list_owned().await.unwrap();
        listed.retain(|instance| {
            !matches!(instance.state, InstanceState::Ending | InstanceState::Ended)
        });
        listed
    }

    async fn launched(&self) -> Vec<String> {
        let launched = usize::try_from(self.cloud.counts().launched).unwrap();
        let calls = self.script.launch_calls().into_iter();
        let mut identifiers: Vec<String> = calls.map(|(id, _)| id.to_string()).collect();
        // An identifier that has two instances is one too many.
        let doubled = launched.saturating_sub(identifiers.len());
        identifiers.extend(vec!["another one".to_owned(); doubled]);
        identifiers
    }

    fn remote(&self) -> Option<String> {
        Some(self.remote.url().to_owned())
    }

    fn settings(&self) -> String {
        String::new()
    }

    fn environment(&self) -> Vec<(&'static str, String)> {
        Vec::new()
    }
}
