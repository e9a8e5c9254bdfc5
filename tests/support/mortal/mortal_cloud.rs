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
    numbers: parking_lot::Mutex<Vec<NodeId>>,
}

impl MortalCloud {
    /// Round another cloud.
    pub fn new(inner: Arc<dyn CloudController>, deaths: Arc<Deaths>) -> Self {
        Self {
            inner,
            deaths,
            numbers: parking_lot::Mutex::default(),
        }
    }

    /// Nodes in the order in which the cloud hears of them: identifiers are different in every run.
    fn number(&self, id: &NodeId) -> usize {
        let mut numbers = self.numbers.lock();
        let known = numbers.iter().position(|known| known == id);
        known.unwrap_or_else(|| {
            numbers.push(id.clone());
            numbers.len() - 1
        }) + 1
    }
}

#[async_trait]
impl CloudController for MortalCloud {
    fn name(&self) -> &'static str {
        self.inner.name()
    }

    async fn launch(&self, request: &LaunchRequest) -> Result<Instance, CloudError> {
        let what = format!("launch {} ({})", self.number(&request.id), request.role);
        let step = self.inner.launch(request);
        self.deaths.around(&what, step).await
    }

    async fn terminate(&self, region: &RegionName, id: &NodeId) -> Result<(), CloudError> {
        let what = format!("terminate {}", self.number(id));
        let step = self.inner.terminate(region, id);
        self.deaths.around(&what, step).await
    }

    async fn describe(
        &self,
        region: &RegionName,
        id: &NodeId,
    ) -> Result<Option<Instance>, CloudError> {
        let what = format!("describe {}", self.number(id));
        let step = self.inner.describe(region, id);
        self.deaths.around(&what, step).await
    }

    async fn list_owned(&self) -> Result<Vec<Instance>, CloudError> {
        let step = self.inner.list_owned();
        self.deaths.around("list_owned", step).await
    }

    async fn locations(&self) -> Result<Vec<Location>, CloudError> {
        self.inner.locations().await
    }

    async fn account(&self) -> Result<String, CloudError> {
        let step = self.inner.account();
        self.deaths.around("account", step).await
    }
}
