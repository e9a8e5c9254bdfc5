//! The cloud at a distance: its work goes on in the world when the server that asked is gone. And a wire over which
//! the server can be made to stumble in the middle of a call.

use std::future::pending;
use std::sync::Arc;

use async_trait::async_trait;
use parking_lot::Mutex;
use tokio::runtime::Handle;
use tokio::sync::Notify;
use weir_cloud::simulated::SimulatedCloud;
use weir_cloud::{CloudController, CloudError, Instance, LaunchRequest, Location};
use weir_core::ids::{NodeId, RegionName};

/// The verbs that change something.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verb {
    /// A launch.
    Launch,
    /// A termination.
    Terminate,
}

/// Where in a call the server stumbles.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum When {
    /// The call never reaches the cloud.
    Before,
    /// The cloud does it, the answer never arrives.
    After,
}

struct Wire {
    verb: Verb,
    left: u32,
    when: When,
}

/// The simulated cloud, its work done on the world's runtime.
pub struct FarCloud {
    inner: Arc<SimulatedCloud>,
    world: Handle,
    wire: Mutex<Option<Wire>>,
    stumbled: Notify,
}

impl FarCloud {
    /// Works on the runtime of the caller.
    pub fn new(inner: Arc<SimulatedCloud>) -> Arc<Self> {
        Arc::new(Self {
            inner,
            world: Handle::current(),
            wire: Mutex::new(None),
            stumbled: Notify::new(),
        })
    }

    /// The call of `verb` with this number from now on (1 is the next) never comes back.
    pub fn trip(&self, verb: Verb, number: u32, when: When) {
        *self.wire.lock() = Some(Wire {
            verb,
            left: number,
            when,
        });
    }

    /// Ends when a call stumbled.
    pub async fn stumbled(&self) {
        self.stumbled.notified().await;
    }

    fn touches_wire(&self, verb: Verb) -> Option<When> {
        let mut wire = self.wire.lock();
        let set = wire.as_mut().filter(|wire| wire.verb == verb)?;
        set.left -= 1;
        (set.left == 0).then(|| wire.take().map(|wire| wire.when))?
    }

    async fn stumble(&self) -> ! {
        self.stumbled.notify_one();
        pending().await
    }

    async fn there<T: Send + 'static>(&self, call: impl Future<Output = T> + Send + 'static) -> T {
        match self.world.spawn(call).await {
            Ok(answer) => answer,
            // The world ended under a server that a failing test left behind.
            Err(_) => pending().await,
        }
    }

    async fn change<T: Send + 'static>(
        &self,
        verb: Verb,
        call: impl Future<Output = T> + Send + 'static,
    ) -> T {
        let wire = self.touches_wire(verb);
        if wire == Some(When::Before) {
            self.stumble().await;
        }
        let answer = self.there(call).await;
        if wire == Some(When::After) {
            self.stumble().await;
        }
        answer
    }
}

#[async_trait]
impl CloudController for FarCloud {
    fn name(&self) -> &'static str {
        self.inner.name()
    }

    async fn launch(&self, request: &LaunchRequest) -> Result<Instance, CloudError> {
        let (inner, request) = (self.inner.clone(), request.clone());
        self.change(Verb::Launch, async move { inner.launch(&request).await })
            .await
    }

    async fn terminate(&self, region: &RegionName, id: &NodeId) -> Result<(), CloudError> {
        let (inner, region, id) = (self.inner.clone(), region.clone(), id.clone());
        let call = async move { inner.terminate(&region, &id).await };
        self.change(Verb::Terminate, call).await
    }

    async fn describe(
        &self,
        region: &RegionName,
        id: &NodeId,
    ) -> Result<Option<Instance>, CloudError> {
        self.inner.describe(region, id).await
    }

    async fn list_owned(&self) -> Result<Vec<Instance>, CloudError> {
        self.inner.list_owned().await
    }

    async fn locations(&self) -> Result<Vec<Location>, CloudError> {
        self.inner.locations().await
    }

    async fn account(&self) -> Result<String, CloudError> {
        self.inner.account().await
    }
}
