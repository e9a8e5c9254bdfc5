//! What nodes said since the reconciler last looked: the newest report of each, and a bounded queue of events.
//!
//! A report replaces the one before it (a delta is merged into it), so a burst takes no more room than one report a
//! node. Publish, unpublish and goodbye are never overwritten; when their queue is full the message is not taken and
//! the node is asked to come again. An older message never overwrites a newer one: boots have an order, and within a
//! boot the sequence rises.

use std::collections::{BTreeMap, HashMap, VecDeque};

use parking_lot::Mutex;
use tokio::sync::Notify;
use weir_core::ids::NodeNo;
use weir_core::report::{Boot, Report, StreamReport};
use weir_core::stream::StreamName;
use weir_core::units::UtcMs;

/// Events a group may have waiting. At one pass each few milliseconds this is never reached but by a flood.
const EVENT_CAPACITY: usize = 16_384;

/// Something a node said that must not be merged away.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NodeNotice {
    /// A publisher started.
    Published(StreamName, UtcMs),
    /// A publisher ended.
    Unpublished(StreamName, UtcMs),
    /// The service shut down.
    Bye,
}

/// What the mailbox makes of a message's place in its node's sequence.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// New. `gap`: messages before it are missing, so ask for everything again.
    Taken {
        /// A number was skipped.
        gap: bool,
    },
    /// Seen before: answer again, change nothing.
    Duplicate,
    /// From a boot that a later one replaced.
    OldBoot,
    /// No room for events: come again.
    Full,
}

/// What one node said since the last pass.
#[derive(Debug)]
pub struct Heard {
    /// The boot that spoke last.
    pub boot: Boot,
    /// Orders carried out.
    pub acknowledged: Vec<String>,
    /// Newest report, with its sequence number and its own arrival.
    pub report: Option<(u64, Report, UtcMs)>,
    /// Arrival of the newest message.
    pub at: UtcMs,
}

/// A notice, with its place in the node's sequence.
#[derive(Debug)]
pub struct Event {
    /// Who.
    pub no: NodeNo,
    /// Place in the sequence.
    pub seq: u64,
    /// What.
    pub notice: NodeNotice,
}

/// Everything since the last pass.
#[derive(Debug, Default)]
pub struct Batch {
    /// By node.
    pub heard: BTreeMap<NodeNo, Heard>,
    /// In order of arrival.
    pub events: VecDeque<Event>,
}

/// A message as the mailbox takes it.
#[derive(Debug)]
pub struct Letter {
    /// Who.
    pub no: NodeNo,
    /// Which start of its service.
    pub boot: Boot,
    /// Place in the boot's sequence.
    pub seq: u64,
    /// Orders carried out.
    pub acknowledged: Vec<String>,
    /// What is said; `None` for a plain sign of life.
    pub content: Option<Content>,
}

/// What a letter says.
#[derive(Debug)]
pub enum Content {
    /// Load.
    Report(Report),
    /// An event.
    Notice(NodeNotice),
}

#[derive(Default)]
struct Inner {
    last: HashMap<NodeNo, (Boot, u64)>,
    batch: Batch,
}

/// The mailbox of one group.
#[derive(Default)]
pub struct Mailbox {
    inner: Mutex<Inner>,
    wake: Notify,
}

impl Mailbox {
    /// Takes a letter. Never waits.
    pub fn put(&self, letter: Letter, now: UtcMs) -> Verdict {
        let mut inner = self.inner.lock();
        let verdict = inner.judge(&letter);
        let Verdict::Taken { .. } = verdict else {
            return verdict;
        };
        inner
            .last
            .insert(letter.no, (letter.boot.clone(), letter.seq));
        inner.keep(letter, now);
        verdict
    }

    /// Wakes the reconciler now.
    pub fn wake(&self) {
        self.wake.notify_one();
    }

    /// Ends when somebody called [`Mailbox::wake`].
    pub async fn woken(&self) {
        self.wake.notified().await;
    }

    /// Takes everything out.
    pub fn drain(&self) -> Batch {
        std::mem::take(&mut self.inner.lock().batch)
    }

    /// Anything to take out.
    pub fn is_empty(&self) -> bool {
        let inner = self.inner.lock();
        inner.batch.heard.is_empty() && inner.batch.events.is_empty()
    }

    /// The node is gone: its sequence is forgotten.
    pub fn forget(&self, no: NodeNo) {
        let mut inner = self.inner.lock();
        inner.last.remove(&no);
        inner.batch.heard.remove(&no);
        inner.batch.events.retain(|event| event.no != no);
    }

    /// The boot on record: older ones are refused. Called when a group is restored.
    pub fn expect_boot(&self, no: NodeNo, boot: &Boot) {
        self.inner
            .lock()
            .last
            .entry(no)
            .or_insert_with(|| (boot.clone(), 0));
    }
}

impl Inner {
    fn judge(&self, letter: &Letter) -> Verdict {
        let is_event = matches!(letter.content, Some(Content::Notice(_)));
        if is_event && self.batch.events.len() >= EVENT_CAPACITY {
            return Verdict::Full;
        }
        match self.last.get(&letter.no) {
            None => Verdict::Taken { gap: false },
            Some((boot, _)) if letter.boot < *boot => Verdict::OldBoot,
            Some((boot, _)) if letter.boot > *boot => Verdict::Taken { gap: false },
            Some((_, seq)) if letter.seq <= *seq => Verdict::Duplicate,
            // After a restart of this process the number before is not known (0): nothing can be said of a gap.
            Some((_, seq)) => Verdict::Taken {
                gap: *seq > 0 && letter.seq > seq + 1,
            },
        }
    }

    fn keep(&mut self, letter: Letter, now: UtcMs) {
        let Letter {
            no,
            boot,
            seq,
            acknowledged,
            content,
        } = letter;
        let heard = self.batch.heard.entry(no).or_insert_with(|| Heard {
            boot: boot.clone(),
            acknowledged: Vec::new(),
            report: None,
            at: now,
        });
        if heard.boot != boot {
            heard.boot = boot;
            heard.report = None;
            self.batch.events.retain(|event| event.no != no);
        }
        heard.at = now;
        heard.acknowledged.extend(acknowledged);
        match content {
            Some(Content::Report(report)) => {
                heard.report = Some((seq, merged(heard.report.take(), report), now))
            }
            Some(Content::Notice(notice)) => self.batch.events.push_back(Event { no, seq, notice }),
            None => {}
        }
    }
}

/// The newer report; a delta takes along the streams of the one it builds on.
fn merged(earlier: Option<(u64, Report, UtcMs)>, mut newer: Report) -> Report {
    let Some((_, earlier, _)) = earlier.filter(|_| newer.delta) else {
        return newer;
    };
    let key = |stream: &StreamReport| (stream.scope.clone(), stream.name.clone());
    let mut streams: BTreeMap<_, _> = earlier
        .streams
        .into_iter()
        .map(|stream| (key(&stream), stream))
        .collect();
    streams.extend(newer.streams.drain(..).map(|stream| (key(&stream), stream)));
    newer.delta = earlier.delta;
    newer.streams = streams
        .into_values()
        .filter(|stream| newer.delta || !stream.ended)
        .collect();
    newer
}

#[cfg(test)]
mod tests;
