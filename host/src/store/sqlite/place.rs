//! Where a database file lies.

use std::fs::Metadata;
use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::time::UNIX_EPOCH;

use crate::store::StoreError;

/// A file is known by its inode and its time of birth: both stay when it is renamed or its machine starts again, and a
/// copy has others. Devices are left out, since their numbers change from one start of a machine to the next.
pub(super) async fn of(path: &Path) -> Result<String, StoreError> {
    let doing = "looking where the database file lies";
    let meta = tokio::fs::metadata(path).await;
    let meta = meta.map_err(|error| StoreError::Unavailable {
        doing,
        source: Box::new(error),
    })?;
    Ok(format!("sqlite {} {}", meta.ino(), born(&meta)))
}

/// Nanoseconds since 1970, zero where the file system does not know.
fn born(meta: &Metadata) -> u128 {
    let since = meta
        .created()
        .ok()
        .and_then(|at| at.duration_since(UNIX_EPOCH).ok());
    since.map_or(0, |since| since.as_nanos())
}
