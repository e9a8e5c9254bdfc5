//! Time as a dependency. Nothing in Weir reads the machine's clock but [`SystemClock`].
//!
//! Three clocks: the machine's, one that tests move by hand, and one that runs in fast motion.

mod manual;
mod paced;
mod system;
mod timeline;

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use weir_core::units::{DurationMs, UtcMs};

pub use manual::ManualClock;
pub use paced::{PacedClock, SpeedError};
pub use system::SystemClock;

/// A pause on some clock.
pub type Pause = Pin<Box<dyn Future<Output = ()> + Send>>;

/// Where time comes from. Cheap to call; shared by everything in the process.
pub trait Clock: Send + Sync + 'static {
    /// Now, UTC. Never goes back by more than the machine's clock does.
    fn now(&self) -> UtcMs;

    /// Ends when this clock has reached `at`; at once when it already has.
    fn sleep_until(&self, at: UtcMs) -> Pause;

    /// Ends when so much of this clock's time went by.
    fn sleep(&self, length: DurationMs) -> Pause {
        self.sleep_until(self.now() + length)
    }
}

/// The clock everybody holds.
pub type SharedClock = Arc<dyn Clock>;
