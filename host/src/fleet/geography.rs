//! The cloud's regions and zones, as it last told them.
//!
//! They come and go: a subnet is made, a region does not answer for a while. So they are asked for again and again, and
//! a cloud that does not tell them at the start keeps nobody from being served.

use std::collections::BTreeSet;
use std::sync::Arc;

use parking_lot::RwLock;
use weir_cloud::{CloudController, CloudError, Location};
use weir_core::group_state::Place;
use weir_core::ids::RegionName;
use weir_core::units::DurationMs;

use super::{Fleet, FleetError};
use crate::store::StoredGroup;
use crate::telemetry::chain;

/// Between two looks.
const LOOK_EVERY: DurationMs = DurationMs::secs(300);
/// Between two looks while the cloud does not tell.
const RETRY: DurationMs = DurationMs::secs(5);
/// The start waits so long, by the machine's clock.
const START_WITHIN: DurationMs = DurationMs::secs(15);

/// What is known of them.
pub(super) struct Geography(RwLock<Known>);

#[derive(Clone)]
struct Known {
    places: Arc<[Place]>,
    /// The cloud told them itself.
    told: bool,
}

fn place(location: Location) -> Place {
    Place {
        region: location.region,
        zone: location.zone,
    }
}

impl Geography {
    /// As the cloud tells it; when it does not answer, the places where nodes are.
    ///
    /// # Errors
    /// [`FleetError::Refused`]: the cloud refuses to tell; an operator has to act.
    pub(super) async fn at_start(
        cloud: &dyn CloudController,
        stored: &[StoredGroup],
    ) -> Result<Self, FleetError> {
        let asked = tokio::time::timeout(START_WITHIN.to_std(), cloud.locations()).await;
        let told = asked.unwrap_or_else(|_| {
            Err(CloudError::Unknown {
                reason: format!("no answer within {START_WITHIN}"),
            })
        });
        let known = match told {
            Ok(locations) => Known {
                places: locations.into_iter().map(place).collect(),
                told: true,
            },
            Err(CloudError::Refused { reason }) => return Err(FleetError::Refused(reason)),
            Err(error) => {
                tracing::error!(%error, "the cloud does not tell its regions: going on with those where nodes are, and asking again");
                Known {
                    places: of_nodes(stored),
                    told: false,
                }
            }
        };
        Ok(Self(RwLock::new(known)))
    }

    /// Regions and zones.
    pub(super) fn places(&self) -> Arc<[Place]> {
        self.0.read().places.clone()
    }

    /// The region that a region's or a zone's code stands for.
    ///
    /// # Errors
    /// [`FleetError::Refused`] with the codes there are; [`FleetError::NotTold`] while the cloud did not say.
    pub(super) fn region(&self, code: &RegionName) -> Result<RegionName, FleetError> {
        let Known { places, told } = self.0.read().clone();
        let fits = |place: &&Place| place.region == *code || place.zone.as_str() == code.as_str();
        if let Some(place) = places.iter().find(fits) {
            return Ok(place.region.clone());
        }
        let regions: BTreeSet<&str> = places.iter().map(|place| place.region.as_str()).collect();
        let regions: Vec<&str> = regions.into_iter().collect();
        let regions = regions.join(", ");
        let code = code.as_str();
        Err(match told {
            true => FleetError::Refused(format!(
                "regions: {code:?} is not a region of this cloud; it has {regions}"
            )),
            false => FleetError::NotTold(format!(
                "regions: the cloud did not tell its regions yet, so {code:?} cannot be checked; ask again in some \
                 seconds (known so far: {regions})"
            )),
        })
    }

    /// Takes what the cloud tells now; answers whether it is news.
    fn take(&self, locations: Vec<Location>) -> bool {
        let places: Arc<[Place]> = locations.into_iter().map(place).collect();
        let mut known = self.0.write();
        let news = known.places != places || !known.told;
        *known = Known { places, told: true };
        news
    }

    fn is_told(&self) -> bool {
        self.0.read().told
    }
}

fn of_nodes(stored: &[StoredGroup]) -> Arc<[Place]> {
    let nodes = stored.iter().flat_map(|stored| &stored.nodes);
    let places: BTreeSet<_> = nodes.map(|node| (&node.region, &node.zone)).collect();
    let place = |(region, zone): (&RegionName, &_)| Place {
        region: region.clone(),
        zone: Clone::clone(zone),
    };
    places.into_iter().map(place).collect()
}

impl Fleet {
    /// Asks the cloud for its regions now and then, until the server stops.
    pub(super) fn start_looking_around(self: &Arc<Self>) {
        let fleet = Arc::downgrade(self);
        let (clock, mut stopping) = (self.shared.clock.clone(), self.shared.stopping.clone());
        let mut well = self.shared.geography.is_told();
        self.tasks.lock().spawn(async move {
            loop {
                let pause = if well { LOOK_EVERY } else { RETRY };
                tokio::select! {
                    _ = stopping.wait_for(|stopping| *stopping) => return,
                    () = clock.sleep(pause) => {}
                }
                let Some(fleet) = fleet.upgrade() else { return };
                let looked = tokio::select! {
                    _ = stopping.wait_for(|stopping| *stopping) => return,
                    looked = fleet.look_around() => looked,
                };
                if let (Err(problem), true) = (&looked, well) {
                    tracing::warn!(
                        problem,
                        "the cloud's regions stay as they were told last; asking again"
                    );
                }
                well = looked.is_ok();
            }
        });
    }

    async fn look_around(&self) -> Result<(), String> {
        let told = self.shared.cloud.locations().await;
        let locations = told.map_err(|error| error.to_string())?;
        if self.shared.geography.take(locations) {
            let places = self.shared.geography.places().len();
            tracing::info!(places, "the cloud told its regions and zones anew");
            let taken = self.documents_changed().await;
            taken.map_err(|error| chain(&error).to_string())?;
        }
        Ok(())
    }
}
