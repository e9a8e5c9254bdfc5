//! One clock for two processes: the one that has it writes the time into a file, the other follows.

use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use tokio::task::AbortHandle;
use weir_cloud::clock::{Clock, ManualClock, SharedClock};
use weir_core::units::{DurationMs, UtcMs};

/// Between two looks of who follows: less than a tick of the clock in fast motion.
const FOLLOW_EVERY: Duration = Duration::from_millis(1);

/// Shows a clock's time in a file as long as it lives.
pub struct ClockFile {
    path: PathBuf,
    writing: AbortHandle,
}

impl ClockFile {
    /// Writes the time of `clock` to `path`, at each of its ticks.
    pub fn write(path: &Path, clock: SharedClock) -> Self {
        let file = std::fs::File::create(path).unwrap();
        let show = move |now: UtcMs| file.write_all_at(&now.0.to_le_bytes(), 0).unwrap();
        show(clock.now());
        let writing = tokio::spawn(async move {
            loop {
                clock.sleep(DurationMs(1)).await;
                show(clock.now());
            }
        });
        Self {
            path: path.to_owned(),
            writing: writing.abort_handle(),
        }
    }

    /// Where the time stands.
    pub fn path(&self) -> &Path {
        &self.path
    }
}

impl Drop for ClockFile {
    fn drop(&mut self) {
        self.writing.abort();
    }
}

/// A clock that follows the one in the file.
///
/// # Panics
/// The file cannot be read.
pub fn follow(path: &Path) -> ManualClock {
    let file = std::fs::File::open(path).unwrap();
    let look = move || {
        let mut bytes = [0; 8];
        file.read_exact_at(&mut bytes, 0).unwrap();
        UtcMs(u64::from_le_bytes(bytes))
    };
    let clock = ManualClock::at(look());
    let follower = clock.clone();
    tokio::spawn(async move {
        loop {
            #[expect(
                clippy::disallowed_methods,
                reason = "this is a clock: it has to get its time somewhere"
            )]
            tokio::time::sleep(FOLLOW_EVERY).await;
            follower.advance(look().since(follower.now()));
        }
    });
    clock
}
