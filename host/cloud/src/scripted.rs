//! A cloud that fails on cue: wraps any [`CloudController`] and misbehaves as told, call by call.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;

use async_trait::async_trait;
use parking_lot::Mutex;
use weir_core::ids::{NodeId, RegionName, ZoneName};
use weir_core::units::DurationMs;

use crate::clock::SharedClock;
use crate::{CloudController, CloudError, Instance, LaunchRequest, Location};

/// How a call goes wrong on its way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CallFault {
    /// Refused for too many calls; nothing happens.
    Throttled,
    /// Lost on the way there: nothing happens, and nobody knows.
    LostRequest,
    /// Lost on the way back: it happens, and nobody knows.
    LostReply,
}

/// How a launch goes wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LaunchFault {
    /// No room in the zone.
    NoCapacity,
    /// Refused for good, with these words.
    Refused(String),
    /// Lost or throttled.
    Call(CallFault),
}

/// How a listing, or the search for one instance, goes wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ListingFault {
    /// These instances are missing in the answer.
    Omits(BTreeSet<NodeId>),
    /// Nothing is in the answer.
    Empty,
    /// Lost or throttled.
    Call(CallFault),
}

#[derive(Default)]
struct Script {
    launches: Vec<(Option<ZoneName>, LaunchFault)>,
    terminations: VecDeque<CallFault>,
    describes: VecDeque<ListingFault>,
    listings: VecDeque<ListingFault>,
    locations: VecDeque<CallFault>,
    listing_calls: u32,
    delay: DurationMs,
    launch_calls: BTreeMap<NodeId, u32>,
    terminate_calls: BTreeMap<NodeId, u32>,
}

/// A cloud that fails on cue. What is not scripted goes to the cloud inside.
pub struct ScriptedCloud {
    inner: Arc<dyn CloudController>,
    clock: SharedClock,
    script: Mutex<Script>,
}

impl ScriptedCloud {
    /// Wraps `inner`. Delays go by `clock`.
    pub fn around(inner: Arc<dyn CloudController>, clock: SharedClock) -> Arc<Self> {
        Arc::new(Self {
            inner,
            clock,
            script: Mutex::default(),
        })
    }

    /// The next launch in `zone` (`None`: in any) fails so. Several add up, one per launch.
    pub fn fail_next_launch(&self, zone: Option<ZoneName>, fault: LaunchFault) {
        self.script.lock().launches.push((zone, fault));
    }

    /// The next termination without a fault yet fails so.
    pub fn fail_next_termination(&self, fault: CallFault) {
        self.script.lock().terminations.push_back(fault);
    }

    /// The next search for an instance without a fault yet fails so.
    pub fn fail_next_describe(&self, fault: ListingFault) {
        self.script.lock().describes.push_back(fault);
    }

    /// The next listing without a fault yet fails so.
    pub fn fail_next_listing(&self, fault: ListingFault) {
        self.script.lock().listings.push_back(fault);
    }

    /// The next question for regions and zones without a fault yet fails so.
    pub fn fail_next_locations(&self, fault: CallFault) {
        self.script.lock().locations.push_back(fault);
    }

    /// Every call takes so much longer from now on.
    pub fn delay_calls(&self, delay: DurationMs) {
        self.script.lock().delay = delay;
    }

    /// Launch calls seen per node, failed ones included.
    pub fn launch_calls(&self) -> BTreeMap<NodeId, u32> {
        self.script.lock().launch_calls.clone()
    }

    /// Terminate calls seen per node, failed ones included.
    pub fn terminate_calls(&self) -> BTreeMap<NodeId, u32> {
        self.script.lock().terminate_calls.clone()
    }

    /// Listings asked for, failed ones included.
    pub fn listing_calls(&self) -> u32 {
        self.script.lock().listing_calls
    }

    async fn wait(&self) {
        let delay = self.script.lock().delay;
        if delay.0 > 0 {
            self.clock.sleep(delay).await;
        }
    }

    fn launch_fault(&self, request: &LaunchRequest) -> Option<LaunchFault> {
        let mut script = self.script.lock();
        *script.launch_calls.entry(request.id.clone()).or_default() += 1;
        let here = |zone: &Option<ZoneName>| zone.as_ref().is_none_or(|zone| *zone == request.zone);
        let first = script.launches.iter().position(|(zone, _)| here(zone))?;
        Some(script.launches.remove(first).1)
    }
}

impl CallFault {
    /// The error, and before it the call itself when only the reply is lost.
    async fn after<T>(
        self,
        call: impl Future<Output = Result<T, CloudError>>,
    ) -> Result<T, CloudError> {
        let lost = |what: &str| CloudError::Unknown {
            reason: format!("the {what} was lost"),
        };
        match self {
            CallFault::Throttled => Err(CloudError::Throttled),
            CallFault::LostRequest => Err(lost("request")),
            CallFault::LostReply => {
                call.await?;
                Err(lost("reply"))
            }
        }
    }
}

#[async_trait]
impl CloudController for ScriptedCloud {
    fn name(&self) -> &'static str {
        self.inner.name()
    }

    async fn launch(&self, request: &LaunchRequest) -> Result<Instance, CloudError> {
        let fault = self.launch_fault(request);
        self.wait().await;
        match fault {
            None => self.inner.launch(request).await,
            Some(LaunchFault::NoCapacity) => Err(CloudError::NoCapacity {
                zone: request.zone.clone(),
                instance_type: request.instance_type.clone(),
            }),
            Some(LaunchFault::Refused(reason)) => Err(CloudError::Refused { reason }),
            Some(LaunchFault::Call(fault)) => fault.after(self.inner.launch(request)).await,
        }
    }

    async fn terminate(&self, region: &RegionName, id: &NodeId) -> Result<(), CloudError> {
        let fault = {
            let mut script = self.script.lock();
            *script.terminate_calls.entry(id.clone()).or_default() += 1;
            script.terminations.pop_front()
        };
        self.wait().await;
        match fault {
            None => self.inner.terminate(region, id).await,
            Some(fault) => fault.after(self.inner.terminate(region, id)).await,
        }
    }

    async fn describe(
        &self,
        region: &RegionName,
        id: &NodeId,
    ) -> Result<Option<Instance>, CloudError> {
        let fault = self.script.lock().describes.pop_front();
        self.wait().await;
        match fault {
            None => self.inner.describe(region, id).await,
            Some(ListingFault::Empty) => Ok(None),
            Some(ListingFault::Omits(ids)) if ids.contains(id) => Ok(None),
            Some(ListingFault::Omits(_)) => self.inner.describe(region, id).await,
            Some(ListingFault::Call(fault)) => fault.after(self.inner.describe(region, id)).await,
        }
    }

    async fn list_owned(&self) -> Result<Vec<Instance>, CloudError> {
        let fault = {
            let mut script = self.script.lock();
            script.listing_calls += 1;
            script.listings.pop_front()
        };
        self.wait().await;
        match fault {
            None => self.inner.list_owned().await,
            Some(ListingFault::Empty) => Ok(Vec::new()),
            Some(ListingFault::Omits(ids)) => {
                let mut listed = self.inner.list_owned().await?;
                listed.retain(|instance| !instance.id.as_ref().is_some_and(|id| ids.contains(id)));
                Ok(listed)
            }
            Some(ListingFault::Call(fault)) => fault.after(self.inner.list_owned()).await,
        }
    }

    async fn locations(&self) -> Result<Vec<Location>, CloudError> {
        let fault = self.script.lock().locations.pop_front();
        self.wait().await;
        match fault {
            None => self.inner.locations().await,
            Some(fault) => fault.after(self.inner.locations()).await,
        }
    }

    async fn account(&self) -> Result<String, CloudError> {
        self.wait().await;
        self.inner.account().await
    }
}
