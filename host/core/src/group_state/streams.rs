//! Which node holds which stream.

use std::collections::{BTreeMap, HashMap, HashSet};

use crate::ids::NodeNo;
use crate::report::{MOST_STREAMS, StreamReport};
use crate::stream::{StreamKind, StreamName, StreamOnNode};
use crate::units::UtcMs;

/// Full reports in a row without a stream after which it is closed.
const MISSED_UNTIL_CLOSED: u8 = 2;

/// Streams that are remembered of one node at most: a whole list, and as many that its last list lacked or that came
/// since. Whoever takes messages sees to it with [`StreamIndex::has_room`]; a full list always fits.
pub const MOST_HELD: usize = 2 * MOST_STREAMS;

/// Streams by name and by node. A stream that an operator cleared stays hidden until it is announced again.
#[derive(Debug, Clone, Default)]
pub struct StreamIndex {
    by_name: HashMap<StreamName, Holders>,
    by_node: BTreeMap<NodeNo, BTreeMap<StreamName, bool>>,
}

/// The nodes that hold one stream.
#[derive(Debug, Clone, Default)]
struct Holders {
    on: BTreeMap<NodeNo, StreamOnNode>,
    /// Those to which it is published: few of the many that hold it. Ascending.
    publishers: Vec<NodeNo>,
}

impl Holders {
    fn put(&mut self, no: NodeNo, on_node: StreamOnNode) {
        match (on_node.kind, self.publishers.binary_search(&no)) {
            (StreamKind::Publish, Err(at)) => self.publishers.insert(at, no),
            (StreamKind::Restream, Ok(at)) => {
                self.publishers.remove(at);
            }
            (StreamKind::Publish, Ok(_)) | (StreamKind::Restream, Err(_)) => {}
        }
        self.on.insert(no, on_node);
    }

    fn remove(&mut self, no: NodeNo) {
        self.publishers.retain(|publisher| *publisher != no);
        self.on.remove(&no);
    }
}

impl StreamIndex {
    /// Nodes that hold the stream and are not hidden, by number.
    pub fn holders<'a>(
        &'a self,
        stream: &'a StreamName,
    ) -> impl Iterator<Item = (NodeNo, &'a StreamOnNode)> + 'a {
        let held = self.by_name.get(stream).map(|holders| &holders.on);
        held.into_iter()
            .flatten()
            .filter(|(no, _)| !self.is_hidden(**no, stream))
            .map(|(no, on_node)| (*no, on_node))
    }

    /// How many nodes hold the stream, hidden or not.
    pub fn holder_count(&self, stream: &StreamName) -> usize {
        let holders = self.by_name.get(stream);
        holders.map_or(0, |holders| holders.on.len())
    }

    /// The nodes to which a publisher of the stream is connected.
    pub fn publishers<'a>(&'a self, stream: &'a StreamName) -> impl Iterator<Item = NodeNo> + 'a {
        let holders = self.by_name.get(stream);
        let publishers = holders.map_or(&[][..], |holders| &holders.publishers);
        let visible = publishers.iter().copied();
        visible.filter(|no| !self.is_hidden(*no, stream))
    }

    /// What a node holds, hidden or not, in order of names.
    pub fn held_by(&self, no: NodeNo) -> impl Iterator<Item = (&StreamName, &StreamOnNode)> {
        let streams = self.by_node.get(&no).into_iter().flatten();
        streams
            .filter_map(move |(stream, _)| Some((stream, self.by_name.get(stream)?.on.get(&no)?)))
    }

    /// Whether the node may hold these as well, those it holds already not counted: [`MOST_HELD`] in all.
    pub fn has_room<'a>(&self, no: NodeNo, more: impl Iterator<Item = &'a StreamName>) -> bool {
        let held = self.by_node.get(&no);
        let is_held = |stream: &StreamName| held.is_some_and(|held| held.contains_key(stream));
        let unknown: HashSet<&StreamName> = more.filter(|stream| !is_held(stream)).collect();
        held.map_or(0, BTreeMap::len) + unknown.len() <= MOST_HELD
    }

    /// Every visible entry: stream, node, and how it is held. In no particular order of streams.
    pub fn entries(&self) -> impl Iterator<Item = (&StreamName, NodeNo, &StreamOnNode)> {
        self.by_name
            .iter()
            .flat_map(|(stream, holders)| {
                let on = holders.on.iter();
                on.map(move |(no, on_node)| (stream, *no, on_node))
            })
            .filter(|(stream, no, _)| !self.is_hidden(*no, stream))
    }

    /// How many streams a node holds.
    pub fn count_on(&self, no: NodeNo) -> u32 {
        self.by_node.get(&no).map_or(0, |streams| {
            u32::try_from(streams.len()).unwrap_or(u32::MAX)
        })
    }

    fn is_hidden(&self, no: NodeNo, stream: &StreamName) -> bool {
        self.by_node
            .get(&no)
            .and_then(|streams| streams.get(stream))
            .copied()
            .unwrap_or(false)
    }

    /// A publisher started: the stream is visible at once. Announcing a cleared stream shows it again.
    pub(crate) fn published(&mut self, no: NodeNo, stream: &StreamName, started_at: UtcMs) {
        let on_node = StreamOnNode {
            kind: StreamKind::Publish,
            started_at,
            subscribers: 0,
            missed_reports: 0,
        };
        let holders = self.by_name.entry(stream.clone()).or_default();
        let known = holders
            .on
            .get(&no)
            .is_some_and(|held| held.started_at == started_at);
        if !known {
            holders.put(no, on_node);
        }
        self.by_node
            .entry(no)
            .or_default()
            .insert(stream.clone(), false);
    }

    /// A publisher ended. A notice of an earlier publish than the running one changes nothing.
    pub(crate) fn unpublished(&mut self, no: NodeNo, stream: &StreamName, started_at: UtcMs) {
        let holders = self.by_name.get(stream);
        let held = holders.and_then(|holders| holders.on.get(&no));
        if held.is_some_and(|on_node| started_at.0 == 0 || on_node.started_at <= started_at) {
            self.close(no, stream);
        }
    }

    /// Takes the streams of a report. A full one is authoritative: what it lacks twice is closed.
    pub(crate) fn reported(&mut self, no: NodeNo, streams: &[StreamReport], delta: bool) {
        if !delta {
            self.count_missing(no, streams);
        }
        for report in streams {
            let stream = StreamName::new(&report.scope, &report.name);
            if report.ended {
                self.close(no, &stream);
                continue;
            }
            let on_node = StreamOnNode {
                kind: report.kind,
                started_at: UtcMs(report.start_time),
                subscribers: report.subscribers,
                missed_reports: 0,
            };
            self.by_node
                .entry(no)
                .or_default()
                .entry(stream.clone())
                .or_insert(false);
            self.by_name.entry(stream).or_default().put(no, on_node);
        }
    }

    fn count_missing(&mut self, no: NodeNo, streams: &[StreamReport]) {
        let Some(held) = self.by_node.get(&no) else {
            return;
        };
        // Two whole lists must not add up.
        let full = held.len() + streams.len() > MOST_HELD;
        let listed: HashSet<(&str, &str)> = streams
            .iter()
            .map(|report| (report.scope.trim().trim_matches('/'), report.name.trim()))
            .collect();
        let missing: Vec<StreamName> = held
            .keys()
            .filter(|stream| !listed.contains(&(stream.scope.as_str(), stream.name.as_str())))
            .cloned()
            .collect();
        for stream in missing {
            let on_node = self
                .by_name
                .get_mut(&stream)
                .and_then(|holders| holders.on.get_mut(&no));
            let closed = on_node.is_none_or(|on_node| {
                on_node.missed_reports = on_node.missed_reports.saturating_add(1);
                full || on_node.kind == StreamKind::Restream
                    || on_node.missed_reports >= MISSED_UNTIL_CLOSED
            });
            if closed {
                self.close(no, &stream);
            }
        }
    }

    fn close(&mut self, no: NodeNo, stream: &StreamName) {
        self.leave(no, stream);
        if let Some(streams) = self.by_node.get_mut(&no) {
            streams.remove(stream);
        }
    }

    fn leave(&mut self, no: NodeNo, stream: &StreamName) {
        if let Some(holders) = self.by_name.get_mut(stream) {
            holders.remove(no);
            if holders.on.is_empty() {
                self.by_name.remove(stream);
            }
        }
    }

    /// The node is gone or restarted: it holds nothing.
    pub(crate) fn forget(&mut self, no: NodeNo) {
        for stream in self.by_node.remove(&no).unwrap_or_default().into_keys() {
            self.leave(no, &stream);
        }
    }

    /// Hides entries until they are announced again: with `active` every one, else those `stuck` says are dead.
    /// Answers how many were hidden.
    pub(crate) fn clear(&mut self, active: bool, stuck: impl Fn(NodeNo) -> bool) -> u32 {
        let mut hidden = 0;
        for (no, streams) in &mut self.by_node {
            if !active && !stuck(*no) {
                continue;
            }
            for is_hidden in streams.values_mut().filter(|is_hidden| !**is_hidden) {
                *is_hidden = true;
                hidden += 1;
            }
        }
        hidden
    }
}

#[cfg(test)]
mod tests;
