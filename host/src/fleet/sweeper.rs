//! Instances without a record: found by this environment's exact tag, given one pass's grace, then ended.
//!
//! An instance without the tag is never touched, whatever its name. A sweep that could not read the store or the
//! cloud's whole list proves nothing and changes nothing.

use std::collections::BTreeSet;
use std::sync::Arc;

use weir_cloud::{CloudController, InstanceState};
use weir_core::group_state::Place;
use weir_core::ids::NodeId;

use super::directory::Directory;

/// Remembers what the last sweep could not place.
#[derive(Default)]
pub(super) struct Sweeper {
    suspects: BTreeSet<NodeId>,
}

impl Sweeper {
    /// One pass. Answers the identifiers it ended.
    pub(super) async fn pass(
        &mut self,
        cloud: &Arc<dyn CloudController>,
        directory: &Directory,
        places: &[Place],
    ) -> Vec<NodeId> {
        let listed = match cloud.list_owned().await {
            Ok(listed) => listed,
            Err(error) => {
                tracing::warn!(%error, "the sweep could not list the cloud's instances; it will try again");
                return Vec::new();
            }
        };
        let mut suspects = BTreeSet::new();
        let mut ended = Vec::new();
        for instance in listed {
            let Some(id) = instance.id else { continue };
            let over = matches!(instance.state, InstanceState::Ending | InstanceState::Ended);
            if over || directory.by_id(id.as_str()).is_some() {
                continue;
            }
            if !self.suspects.contains(&id) {
                tracing::warn!(node.id = %id, "an instance of this environment has no record; the next sweep ends it");
                suspects.insert(id);
                continue;
            }
            let place = places.iter().find(|place| place.zone == instance.zone);
            match place {
                Some(place) if cloud.terminate(&place.region, &id).await.is_ok() => {
                    tracing::warn!(node.id = %id, "ended an instance that two sweeps found without a record");
                    ended.push(id);
                }
                Some(_) | None => {
                    suspects.insert(id);
                }
            }
        }
        self.suspects = suspects;
        ended
    }
}
