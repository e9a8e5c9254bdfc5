//! What is to become of instances without a record. Decides only.

use std::collections::{BTreeMap, BTreeSet};

use weir_cloud::{Instance, InstanceState};
use weir_core::ids::{NodeId, PlatformId};
use weir_core::units::UtcMs;

use super::Unrecorded;

/// Instances of a listing that live and have no record.
pub(super) fn unrecorded(
    listed: Vec<Instance>,
    on_record: impl Fn(&Instance) -> bool,
) -> Vec<Instance> {
    let lives = |instance: &Instance| match instance.state {
        InstanceState::Pending | InstanceState::Running | InstanceState::Unknown => true,
        InstanceState::Ending | InstanceState::Ended => false,
    };
    let mut orphans = listed;
    orphans.retain(|instance| lives(instance) && !on_record(instance));
    orphans
}

/// When each instance without a record was found first.
#[derive(Debug, Default)]
pub(super) struct Suspects(BTreeMap<PlatformId, UtcMs>);

/// What a pass makes of them.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Verdict {
    /// Ours, found by the pass before too.
    pub(super) to_end: Vec<Unrecorded>,
    /// Ours, but found for the first time, or nothing may be ended now.
    pub(super) suspects: Vec<Unrecorded>,
    /// Never ours.
    pub(super) strangers: Vec<Unrecorded>,
}

impl Suspects {
    /// Judges the instances without a record; `once_ours` are identifiers that were on record, `held`: nothing may be
    /// ended. Who is not among them any more is forgotten.
    pub(super) fn judge(
        &mut self,
        orphans: Vec<Instance>,
        once_ours: &BTreeSet<NodeId>,
        held: bool,
        now: UtcMs,
    ) -> Verdict {
        let before = std::mem::take(&mut self.0);
        let mut verdict = Verdict::default();
        for orphan in orphans {
            let found_before = before.get(&orphan.platform_id).copied();
            let found_at = found_before.unwrap_or(now);
            self.0.insert(orphan.platform_id.clone(), found_at);
            let ours = orphan.id.as_ref().is_some_and(|id| once_ours.contains(id));
            let list = match (ours, found_before, held) {
                (false, _, _) => &mut verdict.strangers,
                (true, Some(_), false) => &mut verdict.to_end,
                (true, Some(_), true) | (true, None, _) => &mut verdict.suspects,
            };
            list.push(Unrecorded {
                identifier: orphan.id,
                instance: orphan.platform_id,
                region: orphan.region,
                zone: orphan.zone,
                found_at,
            });
        }
        verdict
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FIRST: UtcMs = UtcMs(1_000);
    const SECOND: UtcMs = UtcMs(2_000);

    fn instance(id: Option<&str>, state: InstanceState) -> Instance {
        Instance {
            id: id.map(NodeId::from),
            platform_id: format!("i-{}", id.unwrap_or("none")).into(),
            region: "r".into(),
            zone: "z".into(),
            state,
            address: None,
            private_address: None,
            hostname: None,
        }
    }

    fn running(ids: &[&str]) -> Vec<Instance> {
        let running = |id: &&str| instance(Some(id), InstanceState::Running);
        ids.iter().map(running).collect()
    }

    fn names(list: &[Unrecorded]) -> Vec<&str> {
        list.iter()
            .map(|one| one.identifier.as_ref().map_or("none", NodeId::as_str))
            .collect()
    }

    fn ours(ids: &[&str]) -> BTreeSet<NodeId> {
        ids.iter().map(|id| NodeId::from(*id)).collect()
    }

    #[test]
    fn recorded_and_ending_instances_are_no_orphans() {
        let mut listed = running(&["node-a-1", "node-a-2"]);
        listed.push(instance(Some("node-a-3"), InstanceState::Ending));
        listed.push(instance(Some("node-a-4"), InstanceState::Ended));
        listed.push(instance(Some("node-a-5"), InstanceState::Unknown));
        listed.push(instance(None, InstanceState::Running));
        let recorded = |one: &Instance| one.platform_id.as_str() == "i-node-a-1";
        let orphans = unrecorded(listed, recorded);
        let ids: Vec<_> = orphans.iter().map(|one| one.platform_id.as_str()).collect();
        assert_eq!(ids, ["i-node-a-2", "i-node-a-5", "i-none"]);
    }

    #[test]
    fn ours_is_ended_by_the_second_pass_in_a_row_only() {
        let mut suspects = Suspects::default();
        let once = ours(&["a"]);
        let first = suspects.judge(running(&["a"]), &once, false, FIRST);
        assert_eq!(
            (names(&first.suspects), names(&first.to_end)),
            (vec!["a"], vec![])
        );
        assert_eq!(
            suspects.judge(Vec::new(), &once, false, SECOND),
            Verdict::default()
        );
        let again = suspects.judge(running(&["a"]), &once, false, SECOND);
        assert_eq!(
            (names(&again.suspects), names(&again.to_end)),
            (vec!["a"], vec![])
        );
        let third = suspects.judge(running(&["a"]), &once, false, UtcMs(3_000));
        assert_eq!(
            (names(&third.suspects), names(&third.to_end)),
            (vec![], vec!["a"])
        );
        assert_eq!(third.to_end[0].found_at, SECOND);
    }

    #[test]
    fn what_was_never_on_record_is_a_stranger_however_often_it_is_seen() {
        let mut suspects = Suspects::default();
        let once = ours(&["node-a-1"]);
        for now in [FIRST, SECOND, UtcMs(3_000)] {
            let mut orphans = running(&["node-a-11", "node-a-", "node-b-1"]);
            orphans.push(instance(None, InstanceState::Running));
            let verdict = suspects.judge(orphans, &once, false, now);
            assert_eq!(names(&verdict.strangers).len(), 4);
            assert!(verdict.to_end.is_empty() && verdict.suspects.is_empty());
        }
    }

    #[test]
    fn nothing_is_ended_while_it_is_held() {
        let mut suspects = Suspects::default();
        let once = ours(&["a"]);
        for now in [FIRST, SECOND] {
            let verdict = suspects.judge(running(&["a"]), &once, true, now);
            assert_eq!(
                (names(&verdict.suspects), names(&verdict.to_end)),
                (vec!["a"], vec![])
            );
        }
        let freed = suspects.judge(running(&["a"]), &once, false, UtcMs(3_000));
        assert_eq!(names(&freed.to_end), ["a"]);
    }
}
