//! Open files: each connection is one, and the system bounds them.

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

/// Files kept for everything but clients' connections: the store, the cloud, ports that are tried, policies.
const KEPT: u64 = 256;
/// Connections that are served in any case.
const FEWEST: u32 = 64;

/// Lets this process open as many files as it may. The first limit is low for programs of old that cannot count so far.
pub(super) fn raise() {
    let limit = getrlimit(Resource::Nofile);
    let raised = Rlimit {
        current: limit.maximum,
        maximum: limit.maximum,
    };
    if let Err(error) = setrlimit(Resource::Nofile, raised) {
        tracing::debug!(%error, "the limit of open files stays as it was");
    }
}

/// As many connections as are wanted, or as open files leave room for.
pub(super) fn connections(wanted: u32) -> u32 {
    room(getrlimit(Resource::Nofile).current, wanted)
}

/// `limit`: `None` is no limit.
fn room(limit: Option<u64>, wanted: u32) -> u32 {
    let Some(limit) = limit else { return wanted };
    let left = u32::try_from(limit.saturating_sub(KEPT)).unwrap_or(u32::MAX);
    wanted.min(left.max(FEWEST))
}

#[cfg(test)]
mod tests {
    use super::room;

    #[test]
    fn open_files_leave_room_for_the_rest() {
        assert_eq!(room(None, 16_384), 16_384);
        assert_eq!(room(Some(65_536), 16_384), 16_384);
        assert_eq!(room(Some(1_024), 16_384), 768);
        assert_eq!(room(Some(100), 16_384), 64);
    }
}
