//! A cloud whose calls are points at which the server may die: before one, the cloud is not asked; after one, the
//! answer is lost.

use std::sync::Arc;

use async_trait::async_trait;
use weir_cloud::{CloudController, CloudError, Instance, LaunchRequest, Location};
use weir_core::ids::{NodeId, RegionName};

use super::Deaths;

/// The wrapper.
pub struct MortalCloud {
    inner: Arc<dyn CloudController>,
    deaths: Arc<Deaths>,
}

impl MortalCloud {
    /// Round another cloud.
    pub fn new(inner: Arc<dyn CloudController>, deaths: Arc<Deaths>) -> Self {
        Self { inner, deaths }
    }
}

#[async_trait]
impl CloudController for MortalCloud {
    fn name(&self) -> &'static str {
        self.inner.name()
    }

    async fn launch(&self, request: &LaunchRequest) -> Result<Instance, CloudError> {
        let what = format!("launch {}", self.deaths.name(&request.id, request.role));
        let step = self.inner.launch(request);
        self.deaths.around(&[what], step).await
    }

    async fn terminate(&self, region: &RegionName, id: &NodeId) -> Result<(), CloudError> {
        let what = format!("terminate {}", self.deaths.known_name(id));
        let step = self.inner.terminate(region, id);
        self.deaths.around(&[what], step).await
    }

    async fn describe(
        &self,
        region: &RegionName,
        id: &NodeId,
    ) -> Result<Option<Instance>, CloudError> {
        let what = format!("describe {}", self.deaths.known_name(id));
        let step = self.inner.describe(region, id);
        self.deaths.around(&[what], step).await
    }

    async fn list_owned(&self) -> Result<Vec<Instance>, CloudError> {
        let step = self.inner.list_owned();
        self.deaths.around(&["list_owned".to_owned()], step).await
    }

    async fn locations(&self) -> Result<Vec<Location>, CloudError> {
        self.inner.locations().await
    }

    async fn account(&self) -> Result<String, CloudError> {
        let step = self.inner.account();
        self.deaths.around(&["account".to_owned()], step).await
    }
}
