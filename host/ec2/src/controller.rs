//! The six verbs on EC2.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use async_trait::async_trait;
use futures_util::future::join_all;
use parking_lot::Mutex;
use weir_cloud::clock::SharedClock;
use weir_cloud::{CloudController, CloudError, Instance, InstanceState, LaunchRequest, Location};
use weir_core::ids::{NodeId, RegionName};
use weir_core::units::{DurationMs, UtcMs};

use aws_sdk_ec2::types::Instance as Ec2Instance;

use crate::clients::Clients;
use crate::errors::{Failure, error, failure, refused, unknown};
use crate::launch::{self, Outcome};
use crate::listing;
use crate::network::{self, Network, filter};
use crate::settings::Ec2Settings;
use crate::tags;

/// A network is looked up anew after so long: subnets come and fill.
const NETWORK_LASTS: DurationMs = DurationMs::secs(300);

/// What a region's network was when it was looked up; `None`: no such VPC.
struct LookedUp {
    at: UtcMs,
    network: Option<Arc<Network>>,
}

/// Amazon EC2.
pub struct Ec2Cloud {
    pub(crate) settings: Ec2Settings,
    pub(crate) clients: Clients,
    clock: SharedClock,
    networks: Mutex<BTreeMap<RegionName, LookedUp>>,
    /// Regions that did not answer when they were last asked.
    left_out: Mutex<BTreeSet<RegionName>>,
    page: Option<i32>,
}

impl Ec2Cloud {
    /// Ready to be asked; nothing is asked yet.
    ///
    /// # Errors
    /// [`CloudError::Refused`]: no region is known.
    pub async fn open(settings: Ec2Settings, clock: SharedClock) -> Result<Self, CloudError> {
        let clients = Clients::open(&settings).await?;
        Ok(Self {
            settings,
            clients,
            clock,
            networks: Mutex::default(),
            left_out: Mutex::default(),
            page: None,
        })
    }

    /// Lists so many instances in a page (5 to 1,000) instead of 500.
    #[must_use]
    pub fn with_page(mut self, instances: i32) -> Self {
        self.page = Some(instances);
        self
    }

    /// The network of a region, from memory when it is fresh; `None`: no such VPC.
    pub(crate) async fn network(
        &self,
        region: &RegionName,
    ) -> Result<Option<Arc<Network>>, CloudError> {
        let now = self.clock.now();
        if let Some(known) = self.networks.lock().get(region)
            && now.since(known.at) < NETWORK_LASTS
        {
            return Ok(known.network.clone());
        }
        let found = network::find(&self.clients.of(region), &self.settings).await?;
        let found = found.map(Arc::new);
        let known = LookedUp {
            at: now,
            network: found.clone(),
        };
        self.networks.lock().insert(region.clone(), known);
        Ok(found)
    }

    /// The network, or an error with the mend; what is missing may be mended at any moment, so it is not remembered.
    async fn network_needed(&self, region: &RegionName) -> Result<Arc<Network>, CloudError> {
        match self.network(region).await? {
            Some(network) => Ok(network),
            None => {
                self.networks.lock().remove(region);
                Err(refused(network::no_vpc(&self.settings, region)))
            }
        }
    }

    /// Names of the regions that are open to the account, in order.
    pub(crate) async fn regions(&self) -> Result<Vec<RegionName>, CloudError> {
        let home = self.clients.of(self.clients.home());
        let answer = home.describe_regions().send().await.map_err(error)?;
        let named: Option<Vec<RegionName>> = answer
            .regions()
            .iter()
            .map(|region| region.region_name().map(Into::into))
            .collect();
        let mut regions = named.ok_or_else(|| unknown("a region without a name"))?;
        if regions.is_empty() {
            return Err(unknown("a listing without regions"));
        }
        regions.sort();
        Ok(regions)
    }

    /// The node's instance, by its tags; the living one first should there be several.
    async fn find(
        &self,
        region: &RegionName,
        id: &NodeId,
    ) -> Result<Option<Ec2Instance>, CloudError> {
        let filters = [
            filter(&format!("tag:{}", tags::IDENTIFIER), id.as_str()),
            filter(
                &format!("tag:{}", tags::ENVIRONMENT),
                &self.settings.environment,
            ),
        ];
        let mut found = listing::all(&self.clients.of(region), &filters, self.page).await?;
        // A filter reads * and ? as wildcards; the tags themselves are compared here.
        found.retain(|instance| {
            listing::is_ours(instance, &self.settings.environment)
                && listing::tag(instance, tags::IDENTIFIER) == Some(id.as_str())
        });
        found.sort_by_key(|instance| listing::state(instance) == InstanceState::Ended);
        Ok(found.into_iter().next())
    }

    async fn owned_in(&self, region: &RegionName) -> Result<Vec<Instance>, CloudError> {
        let filters = [filter(
            &format!("tag:{}", tags::ENVIRONMENT),
            &self.settings.environment,
        )];
        let mut found = listing::all(&self.clients.of(region), &filters, self.page).await?;
        found.retain(|instance| listing::is_ours(instance, &self.settings.environment));
        let mut owned = Vec::new();
        for instance in &found {
            match listing::state(instance) {
                InstanceState::Ended => {}
                InstanceState::Unknown => {
                    return Err(unknown("a listed instance has no state that we know"));
                }
                InstanceState::Pending | InstanceState::Running | InstanceState::Ending => {
                    owned.push(self.told(instance, region)?);
                }
            }
        }
        Ok(owned)
    }

    fn told(&self, instance: &Ec2Instance, region: &RegionName) -> Result<Instance, CloudError> {
        listing::told(instance, region, self.settings.use_private_addresses)
    }

    /// An instance of this request, found instead of launched.
    fn again(&self, found: &Ec2Instance, request: &LaunchRequest) -> Result<Instance, CloudError> {
        launch::check_same(found, request)?;
        self.told(found, &request.region)
    }

    /// The network of a region; as it was known last when it cannot be looked up now.
    async fn network_or_last(
        &self,
        region: &RegionName,
    ) -> Result<Option<Arc<Network>>, CloudError> {
        let looked_up = self.network(region).await;
        looked_up.or_else(|problem| {
            let networks = self.networks.lock();
            let known = networks.get(region).map(|known| known.network.clone());
            known.ok_or(problem)
        })
    }

    /// What the regions answered. The home region has to; any other may be closed to this account or out of order, and is
    /// left out then, which the log says once.
    fn that_answered<T>(
        &self,
        answers: Vec<(&RegionName, Result<T, CloudError>)>,
    ) -> Result<Vec<(RegionName, T)>, CloudError> {
        let mut answered = Vec::new();
        for (region, answer) in answers {
            match answer {
                Ok(answer) => {
                    if self.left_out.lock().remove(region) {
                        tracing::info!(%region, "the region answers again");
                    }
                    answered.push((region.clone(), answer));
                }
                Err(problem) if region == self.clients.home() => return Err(problem),
                Err(problem) => {
                    if self.left_out.lock().insert(region.clone()) {
                        tracing::warn!(%region, %problem, "a region is left out until it answers: nothing is launched or looked for there");
                    }
                }
            }
        }
        Ok(answered)
    }
}

#[async_trait]
impl CloudController for Ec2Cloud {
    fn name(&self) -> &'static str {
        "Amazon Web Services"
    }

    async fn launch(&self, request: &LaunchRequest) -> Result<Instance, CloudError> {
        // First, because client tokens are forgotten after a while and an answer may have been lost long ago.
        if let Some(found) = self.find(&request.region, &request.id).await? {
            return self.again(&found, request);
        }
        let client = self.clients.of(&request.region);
        let network = self.network_needed(&request.region).await?;
        let call = launch::call(&client, &self.settings, &network, request).await?;
        match launch::send(call, request).await {
            Ok(Outcome::Launched(launched)) => {
                let mut told = self.told(&launched, &request.region)?;
                told.id.get_or_insert_with(|| request.id.clone());
                Ok(told)
            }
            Ok(Outcome::Mismatch) => match self.find(&request.region, &request.id).await? {
                Some(found) => self.again(&found, request),
                None => Err(unknown(
                    "launched before with other parameters, and not listed yet",
                )),
            },
            Err(problem) => {
                if matches!(problem, CloudError::Refused { .. }) {
                    self.networks.lock().remove(&request.region);
                }
                Err(problem)
            }
        }
    }

    async fn terminate(&self, region: &RegionName, id: &NodeId) -> Result<(), CloudError> {
        let Some(found) = self.find(region, id).await? else {
            return Ok(());
        };
        if listing::needs_no_end(&found) {
            return Ok(());
        }
        let platform_id = found
            .instance_id()
            .ok_or_else(|| unknown("an instance without an id"))?;
        let call = self
            .clients
            .of(region)
            .terminate_instances()
            .instance_ids(platform_id);
        match call.send().await {
            Ok(_) => Ok(()),
            Err(told) => Err(match failure(&told) {
                Failure::NoSuchInstance => unknown("listed, but not known when it was to end"),
                other => other.into_error(),
            }),
        }
    }

    async fn describe(
        &self,
        region: &RegionName,
        id: &NodeId,
    ) -> Result<Option<Instance>, CloudError> {
        let found = self.find(region, id).await?;
        found
            .as_ref()
            .map(|instance| self.told(instance, region))
            .transpose()
    }

    async fn list_owned(&self) -> Result<Vec<Instance>, CloudError> {
        let regions = self.regions().await?;
        let listings = regions
            .iter()
            .map(async |region| (region, self.owned_in(region).await));
        let listed = self.that_answered(join_all(listings).await)?;
        Ok(listed.into_iter().flat_map(|(_, owned)| owned).collect())
    }

    async fn locations(&self) -> Result<Vec<Location>, CloudError> {
        self.network_needed(self.clients.home()).await?;
        let regions = self.regions().await?;
        let networks = regions
            .iter()
            .map(async |region| (region, self.network_or_last(region).await));
        let mut locations = Vec::new();
        for (region, network) in self.that_answered(join_all(networks).await)? {
            let zones = network.iter().flat_map(|network| network.subnets.keys());
            locations.extend(zones.map(|zone| Location {
                region: region.clone(),
                zone: zone.clone(),
            }));
        }
        Ok(locations)
    }

    async fn account(&self) -> Result<String, CloudError> {
        let network = self.network_needed(self.clients.home()).await?;
        // The VPC may be shared by another account; its groups belong to who made them.
        let client = self.clients.of(self.clients.home());
        let name = &self.settings.security_group;
        let group = network::security_group(&client, name, &network.vpc).await?;
        let owner = group.owner_id().or(network.owner.as_deref());
        let owner = owner.ok_or_else(|| unknown("neither group nor VPC names its owner"))?;
        Ok(format!("aws {owner}"))
    }
}
