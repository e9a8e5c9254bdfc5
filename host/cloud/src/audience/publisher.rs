//! A publisher who keeps one stream on the air.

use std::sync::Arc;

use parking_lot::Mutex;
use tokio::task::AbortHandle;
use weir_core::stream::StreamName;
use weir_core::units::DurationMs;

use super::reception::Reception;
use super::{ClientKind, Connection, ReceptionError};
use crate::simulated::{SimulatedCloud, World};

/// Pause before asking again.
const RETRY: DurationMs = DurationMs::secs(1);

/// What a publisher went through.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct PublisherCounts {
    /// Whether the stream is on the air now.
    pub on_air: bool,
    /// Times it was published.
    pub published: u64,
    /// Questions without a server for an answer, and servers that did not take it.
    pub refused: u64,
    /// Times its node went away or dropped it.
    pub cut: u64,
}

/// A publisher at work: asks the manager for an origin, publishes, and starts over when it is cut. Dropping it ends the
/// stream.
pub struct Publisher {
    counts: Arc<Mutex<PublisherCounts>>,
    task: AbortHandle,
}

impl Publisher {
    /// Starts publishing `stream`.
    ///
    /// # Errors
    /// [`ReceptionError::NoAnswer`] when the HTTP client cannot be set up on this machine.
    pub fn start(cloud: &SimulatedCloud, stream: StreamName) -> Result<Self, ReceptionError> {
        let world = Arc::clone(&cloud.world);
        let reception = Reception::new(Arc::clone(&world), 0)?;
        let counts = Arc::new(Mutex::new(PublisherCounts::default()));
        let task = tokio::spawn(keep_publishing(
            world,
            reception,
            stream,
            Arc::clone(&counts),
        ));
        Ok(Self {
            counts,
            task: task.abort_handle(),
        })
    }

    /// What it went through so far.
    pub fn counts(&self) -> PublisherCounts {
        *self.counts.lock()
    }
}

impl Drop for Publisher {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn keep_publishing(
    world: Arc<World>,
    reception: Reception,
    stream: StreamName,
    counts: Arc<Mutex<PublisherCounts>>,
) {
    loop {
        if let Some(connection) = publish(&world, &reception, &stream).await {
            {
                let mut counts = counts.lock();
                counts.on_air = true;
                counts.published += 1;
            }
            connection.until_ended().await;
            let mut counts = counts.lock();
            counts.on_air = false;
            counts.cut += 1;
        } else {
            counts.lock().refused += 1;
        }
        world.clock.sleep(RETRY).await;
    }
}

async fn publish(world: &World, reception: &Reception, stream: &StreamName) -> Option<Connection> {
    let asked = reception.ask(0, ClientKind::Publisher, stream).await;
    let address = asked
        .inspect_err(|error| tracing::debug!(%error, "a simulated publisher got no server"))
        .ok()?;
    world
        .connect_publisher(&address, stream)
        .inspect_err(
            |error| tracing::debug!(%address, %error, "a simulated publisher was not taken"),
        )
        .ok()
}
