//! Names under which log files can be fetched for a minute: 128 random bits each, known to whoever asked.

use std::collections::HashMap;
use std::path::PathBuf;

use parking_lot::Mutex;
use weir_core::units::{DurationMs, UtcMs};

/// Most names alive at once; the one that ends first makes room.
const MOST: usize = 256;

/// Files waiting to be fetched.
#[derive(Debug, Default)]
pub(super) struct Downloads(Mutex<HashMap<String, Download>>);

#[derive(Debug)]
struct Download {
    file: PathBuf,
    ends: UtcMs,
}

impl Downloads {
    /// Makes a name for the file, good for `life`.
    pub(super) fn offer(&self, file: PathBuf, now: UtcMs, life: DurationMs) -> String {
        #[expect(
            clippy::disallowed_methods,
            reason = "a name nobody can foretell, not even from a seed"
        )]
        let name = hex::encode(rand::random::<[u8; 16]>());
        let mut waiting = self.0.lock();
        waiting.retain(|_, download| now < download.ends);
        if waiting.len() >= MOST {
            let oldest = waiting
                .iter()
                .min_by_key(|(_, download)| download.ends)
                .map(|(name, _)| name.clone());
            oldest.and_then(|oldest| waiting.remove(&oldest));
        }
        waiting.insert(
            name.clone(),
            Download {
                file,
                ends: now + life,
            },
        );
        name
    }

    /// The file of a name that is still alive.
    pub(super) fn file(&self, name: &str, now: UtcMs) -> Option<PathBuf> {
        let waiting = self.0.lock();
        let download = waiting.get(name)?;
        (now < download.ends).then(|| download.file.clone())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_download_ends_in_time_and_room_is_bounded() {
        let downloads = Downloads::default();
        let name = downloads.offer("weir.log".into(), UtcMs(1_000), DurationMs(60_000));
        assert_eq!(name.len(), 32);
        assert!(downloads.file(&name, UtcMs(60_999)).is_some());
        assert!(downloads.file(&name, UtcMs(61_000)).is_none());
        for now in 2_000..2_000 + 2 * MOST as u64 {
            downloads.offer("weir.log".into(), UtcMs(now), DurationMs(60_000));
        }
        assert_eq!(downloads.0.lock().len(), MOST);
        assert!(downloads.file(&name, UtcMs(3_000)).is_none());
    }
}
