//! The six verbs on the simulated cloud.

use async_trait::async_trait;
use weir_core::ids::{NodeId, RegionName};

use super::SimulatedCloud;
use super::boot_time::randomness;
use super::record::{Asked, Record};
use super::tally::count;
use crate::{CloudController, CloudError, Instance, LaunchRequest, Location};

#[async_trait]
impl CloudController for SimulatedCloud {
    fn name(&self) -> &'static str {
        "Simulated Cloud Services"
    }

    async fn launch(&self, request: &LaunchRequest) -> Result<Instance, CloudError> {
        self.check_location(request)?;
        let world = &self.world;
        let now = world.clock.now();
        let record = world.find_or_launch(Asked::from(request), |asked, number| {
            let mut random = randomness(world.settings.seed, "boot", asked.id.as_str());
            let boot = world.settings.boot.draw(&mut random);
            count(&world.tally.launched);
            Record::launched(asked, number, now, boot)
        })?;
        self.remember().await?;
        Ok(record.instance(now))
    }

    async fn terminate(&self, region: &RegionName, id: &NodeId) -> Result<(), CloudError> {
        let world = &self.world;
        let Some(record) = world.record(id) else {
            return Ok(());
        };
        if record.asked.region != *region || record.ending.is_some() {
            return Ok(());
        }
        if world.terminate(id, world.settings.ending) {
            count(&world.tally.terminated);
        }
        self.remember().await
    }

    async fn describe(
        &self,
        region: &RegionName,
        id: &NodeId,
    ) -> Result<Option<Instance>, CloudError> {
        let record = self.world.record(id);
        let here = record.filter(|record| record.asked.region == *region);
        Ok(here.map(|record| record.instance(self.world.clock.now())))
    }

    async fn list_owned(&self) -> Result<Vec<Instance>, CloudError> {
        let now = self.world.clock.now();
        let records = self.world.alive();
        Ok(records.iter().map(|record| record.instance(now)).collect())
    }

    async fn locations(&self) -> Result<Vec<Location>, CloudError> {
        Ok(self.world.settings.locations.clone())
    }

    async fn account(&self) -> Result<String, CloudError> {
        Ok(self.world.settings.account.clone())
    }
}

impl SimulatedCloud {
    fn check_location(&self, request: &LaunchRequest) -> Result<(), CloudError> {
        let mut locations = self.world.settings.locations.iter();
        if locations.any(|here| here.zone == request.zone && here.region == request.region) {
            return Ok(());
        }
        let reason = format!(
            "there is no zone {} in region {}",
            request.zone, request.region
        );
        Err(CloudError::Refused { reason })
    }

    /// Nothing is answered before it is on disk; a failed write leaves the caller to ask again.
    async fn remember(&self) -> Result<(), CloudError> {
        let saved = self.memory.save(&self.world).await;
        saved.map_err(|error| CloudError::Unknown {
            reason: format!("cannot save the simulated instances: {error}"),
        })
    }
}
