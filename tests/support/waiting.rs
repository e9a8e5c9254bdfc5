//! Waiting for a condition, never for a time: with a deadline, and a picture of the server when it is over.

use std::time::Duration;

use tokio::time::Instant;
use weir_cloud::Instance;
use weir_cloud::clock::Clock;
use weir_core::units::{DurationMs, UtcMs};

use crate::TestServer;

/// Simulated time between two looks at a condition.
pub(crate) const LOOK_EVERY: DurationMs = DurationMs(100);
/// Real time that a condition has in any case: on a machine that stalls, simulated time proves nothing.
const PATIENCE: Duration = Duration::from_secs(15);

/// The end of patience, in simulated and in real time: both must be over.
pub(crate) struct Deadline {
    simulated: UtcMs,
    real: Instant,
}

impl Deadline {
    pub(crate) fn from(clock: &dyn Clock, within: DurationMs) -> Self {
        Self {
            simulated: clock.now() + within,
            real: Instant::now() + PATIENCE,
        }
    }

    pub(crate) fn is_over(&self, clock: &dyn Clock) -> bool {
        clock.now() > self.simulated && Instant::now() > self.real
    }
}

impl TestServer {
    /// Waits for a condition; after `within` of simulated time the test fails and tells how things stand.
    pub async fn until(&self, what: &str, within: DurationMs, mut holds: impl FnMut() -> bool) {
        self.until_some(what, within, || holds().then_some(()))
            .await;
    }

    /// Waits until there is an answer.
    pub async fn until_some<T>(
        &self,
        what: &str,
        within: DurationMs,
        mut look: impl FnMut() -> Option<T>,
    ) -> T {
        let deadline = Deadline::from(self.clock.as_ref(), within);
        loop {
            if let Some(found) = look() {
                return found;
            }
            if deadline.is_over(self.clock.as_ref()) {
                self.fail(&format!("not within {within}: {what}")).await;
            }
            self.clock.sleep(LOOK_EVERY).await;
        }
    }

    /// Waits until the instances that are not on their way out are as wanted.
    pub async fn until_settled(
        &self,
        what: &str,
        within: DurationMs,
        mut holds: impl FnMut(&[Instance]) -> bool,
    ) {
        let deadline = Deadline::from(self.clock.as_ref(), within);
        while !holds(&self.instances().await) {
            if deadline.is_over(self.clock.as_ref()) {
                self.fail(&format!("not within {within}: {what}")).await;
            }
            self.clock.sleep(LOOK_EVERY).await;
        }
    }

    /// Sees that something stays so for a while.
    pub async fn always(&self, what: &str, long: DurationMs, mut holds: impl FnMut() -> bool) {
        let end = self.clock.now() + long;
        while self.clock.now() < end {
            if !holds() {
                self.fail(&format!("no longer: {what}")).await;
            }
            self.clock.sleep(LOOK_EVERY).await;
        }
    }

    /// Ends the test with a picture of the server.
    pub async fn fail(&self, what: &str) -> ! {
        panic!("{what}\n{}", self.describe().await)
    }
}
