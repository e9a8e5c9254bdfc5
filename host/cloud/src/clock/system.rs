//! The machine's clock.

#![expect(
    clippy::disallowed_methods,
    reason = "this is the Clock: it asks the machine"
)]

use std::time::{SystemTime, UNIX_EPOCH};

use weir_core::units::UtcMs;

use super::{Clock, Pause};

/// Longest single wait: the machine's clock may be set while we sleep, so it is looked at again this often.
const LOOK_AGAIN_MS: u64 = 60_000;

/// The machine's clock. Sleeping follows it when it is set, within a minute.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    fn now(&self) -> UtcMs {
        let since = SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .unwrap_or_default();
        UtcMs(u64::try_from(since.as_millis()).unwrap_or(u64::MAX))
    }

    fn sleep_until(&self, at: UtcMs) -> Pause {
        let clock = *self;
        Box::pin(async move {
            loop {
                let left = at.since(clock.now());
                if left.0 == 0 {
                    return;
                }
                let wait = std::time::Duration::from_millis(left.0.min(LOOK_AGAIN_MS));
                tokio::time::sleep(wait).await;
            }
        })
    }
}
