//! Which node holds which stream.

use std::collections::{BTreeMap, HashMap};

use crate::ids::NodeNo;
use crate::report::StreamReport;
use crate::stream::{StreamKind, StreamName, StreamOnNode};
use crate::units::UtcMs;

/// Full reports in a row without a stream after which it is closed.
const MISSED_UNTIL_CLOSED: u8 = 2;

/// Streams by name and by node. A stream that an operator cleared stays hidden until it is announced again.
#[derive(Debug, Clone, Default)]
pub struct StreamIndex {
    by_name: HashMap<StreamName, BTreeMap<NodeNo, StreamOnNode>>,
    by_node: BTreeMap<NodeNo, BTreeMap<StreamName, bool>>,
}

impl StreamIndex {
    /// Nodes that hold the stream and are not hidden, by number.
    pub fn holders<'a>(
        &'a self,
        stream: &'a StreamName,
    ) -> impl Iterator<Item = (NodeNo, &'a StreamOnNode)> + 'a {
        let held = self.by_name.get(stream).into_iter().flatten();
        held.filter(|(no, _)| !self.is_hidden(**no, stream))
            .map(|(no, on_node)| (*no, on_node))
    }

    /// How many nodes hold the stream, hidden or not.
    pub fn holder_count(&self, stream: &StreamName) -> usize {
        self.by_name.get(stream).map_or(0, BTreeMap::len)
    }

    /// The nodes to which a publisher of the stream is connected.
    pub fn publishers<'a>(&'a self, stream: &'a StreamName) -> impl Iterator<Item = NodeNo> + 'a {
        // Few of the many that hold it: whether one is hidden is the dearer question.
        let held = self.by_name.get(stream).into_iter().flatten();
        held.filter(|(_, on_node)| on_node.kind == StreamKind::Publish)
            .map(|(no, _)| *no)
            .filter(|no| !self.is_hidden(*no, stream))
    }

    /// Every visible entry: stream, node, and how it is held. In no particular order of streams.
    pub fn entries(&self) -> impl Iterator<Item = (&StreamName, NodeNo, &StreamOnNode)> {
        self.by_name
            .iter()
            .flat_map(|(stream, nodes)| {
                nodes
                    .iter()
                    .map(move |(no, on_node)| (stream, *no, on_node))
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
        let nodes = self.by_name.entry(stream.clone()).or_default();
        let known = nodes
            .get(&no)
            .is_some_and(|held| held.started_at == started_at);
        if !known {
            nodes.insert(no, on_node);
        }
        self.by_node
            .entry(no)
            .or_default()
            .insert(stream.clone(), false);
    }

    /// A publisher ended. A notice of an earlier publish than the running one changes nothing.
    pub(crate) fn unpublished(&mut self, no: NodeNo, stream: &StreamName, started_at: UtcMs) {
        let held = self.by_name.get(stream).and_then(|nodes| nodes.get(&no));
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
            self.by_name.entry(stream).or_default().insert(no, on_node);
        }
    }

    fn count_missing(&mut self, no: NodeNo, streams: &[StreamReport]) {
        let Some(held) = self.by_node.get(&no) else {
            return;
        };
        let listed: std::collections::HashSet<(&str, &str)> = streams
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
                .and_then(|nodes| nodes.get_mut(&no));
            let closed = on_node.is_none_or(|on_node| {
                on_node.missed_reports = on_node.missed_reports.saturating_add(1);
                on_node.kind == StreamKind::Restream
                    || on_node.missed_reports >= MISSED_UNTIL_CLOSED
            });
            if closed {
                self.close(no, &stream);
            }
        }
    }

    fn close(&mut self, no: NodeNo, stream: &StreamName) {
        if let Some(nodes) = self.by_name.get_mut(stream) {
            nodes.remove(&no);
            if nodes.is_empty() {
                self.by_name.remove(stream);
            }
        }
        if let Some(streams) = self.by_node.get_mut(&no) {
            streams.remove(stream);
        }
    }

    /// The node is gone or restarted: it holds nothing.
    pub(crate) fn forget(&mut self, no: NodeNo) {
        for stream in self.by_node.remove(&no).unwrap_or_default().into_keys() {
            if let Some(nodes) = self.by_name.get_mut(&stream) {
                nodes.remove(&no);
                if nodes.is_empty() {
                    self.by_name.remove(&stream);
                }
            }
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
