//! What nodes said since the reconciler last looked: the newest report of each, and a bounded queue of events.
//!
//! A report replaces the one before it (a delta is merged into it), so a burst takes no more room than one report a
//! node. Publish, unpublish and goodbye are never overwritten; when their queue is full the message is not taken and
//! the node is asked to come again. A message with which the node would hold too many streams is refused whole. An older
//! message never overwrites a newer one: boots have an order, and within a boot the sequence rises.

use std::collections::{BTreeMap, BTreeSet, HashMap, VecDeque};

use parking_lot::Mutex;
use tokio::sync::Notify;
use weir_core::group_state::{MOST_HELD, StreamIndex};
use weir_core::ids::NodeNo;
use weir_core::report::{Boot, MOST_ACKS, Report, StreamReport};
use weir_core::stream::StreamName;
use weir_core::units::UtcMs;

/// Events a group may have waiting. At one pass each few milliseconds this is never reached but by a flood.
const EVENT_CAPACITY: usize = 16_384;
/// Of these one node's: a node that floods leaves room for the others.
const EVENTS_OF_NODE: usize = EVENT_CAPACITY / 4;

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
    /// The node would hold more streams than one may.
    TooManyStreams,
}

/// What one node said since the last pass.
#[derive(Debug)]
pub struct Heard {
    /// The boot that spoke last.
    pub boot: Boot,
    /// Orders carried out. Of too many the surplus is left out: orders are repeated until acknowledged.
    pub acknowledged: BTreeSet<String>,
    /// Newest report, with its sequence number and its own arrival.
    pub report: Option<(u64, Report, UtcMs)>,
    /// Arrival of the newest message.
    pub at: UtcMs,
    /// How many of the waiting events are its own.
    events: usize,
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
    last: HashMap<NodeNo, Place>,
    batch: Batch,
}

/// How far a node has got.
struct Place {
    boot: Boot,
    /// Number of its newest message; 0: not known, this process or that boot is new.
    seq: u64,
}

impl Place {
    fn at_start(boot: &Boot) -> Self {
        Self {
            boot: boot.clone(),
            seq: 0,
        }
    }
}

/// The mailbox of one group.
#[derive(Default)]
pub struct Mailbox {
    inner: Mutex<Inner>,
    wake: Notify,
}

impl Mailbox {
    /// Takes a letter. Never waits. `streams`: what nodes hold, all that was taken out of here included.
    pub fn put(&self, letter: Letter, streams: &StreamIndex, now: UtcMs) -> Verdict {
        let mut inner = self.inner.lock();
        let verdict = inner.judge(&letter, streams);
        let Verdict::Taken { .. } = verdict else {
            return verdict;
        };
        inner.follow(&letter);
        inner.keep(letter, now);
        verdict
    }

    /// The node spoke, but nothing of what it said is taken: only that it lives. Its sequence stays where it was.
    pub fn sign_of_life(&self, no: NodeNo, boot: Boot, now: UtcMs) {
        let mut inner = self.inner.lock();
        let start = Place::at_start(&boot);
        let place = inner
            .last
            .entry(no)
            .or_insert_with(|| Place::at_start(&boot));
        if place.boot < boot {
            *place = start;
        }
        if place.boot == boot {
            let letter = Letter {
                no,
                boot,
                seq: 0,
                acknowledged: Vec::new(),
                content: None,
            };
            inner.keep(letter, now);
        }
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
            .or_insert_with(|| Place::at_start(boot));
    }
}

impl Inner {
    fn judge(&self, letter: &Letter, streams: &StreamIndex) -> Verdict {
        let is_event = matches!(letter.content, Some(Content::Notice(_)));
        let heard = self.batch.heard.get(&letter.no);
        let own = heard.map_or(0, |heard| heard.events);
        if is_event && (self.batch.events.len() >= EVENT_CAPACITY || own >= EVENTS_OF_NODE) {
            return Verdict::Full;
        }
        let place = self.last.get(&letter.no);
        if place.is_some_and(|place| letter.boot < place.boot) {
            return Verdict::OldBoot;
        }
        let place = place.filter(|place| letter.boot == place.boot);
        if place.is_some_and(|place| letter.seq <= place.seq) {
            return Verdict::Duplicate;
        }
        // Of messages before the first that this process takes of a boot nothing is known, and nothing can be missed.
        let gap = place.is_some_and(|place| place.seq > 0 && letter.seq > place.seq + 1);
        if self.has_room(letter, streams) {
            Verdict::Taken { gap }
        } else {
            Verdict::TooManyStreams
        }
    }

    fn follow(&mut self, letter: &Letter) {
        let (no, boot) = (letter.no, &letter.boot);
        let place = self.last.entry(no).or_insert_with(|| Place::at_start(boot));
        if place.boot != *boot {
            *place = Place::at_start(boot);
        }
        place.seq = letter.seq;
    }

    /// Whether the node may hold what it holds, what waits here, and what the letter adds. A full list replaces all
    /// that, and its length was looked at before.
    fn has_room(&self, letter: &Letter, streams: &StreamIndex) -> bool {
        let no = letter.no;
        let added = letter.added();
        if added == 0 {
            return true;
        }
        let waiting = self
            .batch
            .heard
            .get(&no)
            .and_then(|heard| heard.report.as_ref());
        let waiting = waiting.map_or(&[][..], |(_, report, _)| &report.streams);
        // Nearly always: no name need be looked at.
        let most = streams.count_on(no) as usize + waiting.len() + self.batch.events.len();
        if most + added <= MOST_HELD {
            return true;
        }
        let events = self.batch.events.iter().filter(|event| event.no == no);
        let announced = events.filter_map(|event| event.notice.published());
        let named = names(waiting).chain(names(letter.listed()));
        let all: Vec<StreamName> = named
            .chain(announced.chain(letter.announced()).cloned())
            .collect();
        streams.has_room(no, all.iter())
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
            acknowledged: BTreeSet::new(),
            report: None,
            at: now,
            events: 0,
        });
        if heard.boot != boot {
            heard.boot = boot;
            heard.report = None;
            heard.events = 0;
            self.batch.events.retain(|event| event.no != no);
        }
        heard.at = now;
        let room = MOST_ACKS.saturating_sub(heard.acknowledged.len());
        heard
            .acknowledged
            .extend(acknowledged.into_iter().take(room));
        match content {
            Some(Content::Report(report)) => {
                heard.report = Some((seq, merged(heard.report.take(), report), now))
            }
            Some(Content::Notice(notice)) => {
                heard.events += 1;
                self.batch.events.push_back(Event { no, seq, notice });
            }
            None => {}
        }
    }
}

impl Letter {
    /// Streams that it adds to a list the node sent before.
    fn listed(&self) -> &[StreamReport] {
        match &self.content {
            Some(Content::Report(report)) if report.delta => &report.streams,
            Some(Content::Report(_) | Content::Notice(_)) | None => &[],
        }
    }

    fn announced(&self) -> Option<&StreamName> {
        match &self.content {
            Some(Content::Notice(notice)) => notice.published(),
            Some(Content::Report(_)) | None => None,
        }
    }

    /// So many streams the node may hold because of it, beside those it holds.
    fn added(&self) -> usize {
        self.listed().len() + usize::from(self.announced().is_some())
    }
}

impl NodeNotice {
    fn published(&self) -> Option<&StreamName> {
        match self {
            NodeNotice::Published(stream, _) => Some(stream),
            NodeNotice::Unpublished(..) | NodeNotice::Bye => None,
        }
    }
}

fn names(streams: &[StreamReport]) -> impl Iterator<Item = StreamName> {
    let held = streams.iter().filter(|stream| !stream.ended);
    held.map(|stream| StreamName::new(&stream.scope, &stream.name))
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
