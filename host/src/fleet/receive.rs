//! A node's message: whose is it, is it new, what is answered. Never waits for the store.

use weir_core::group_state::{GroupState, MOST_HELD};
use weir_core::report::{Answer, Assignment, Body, Command, MOST_STREAMS, Message, Order};
use weir_core::stream::StreamName;
use weir_core::units::UtcMs;

use super::directory::Entry;
use super::mailbox::{Content, Letter, NodeNotice, Verdict};
use super::{Caller, Fleet};

/// An unknown node asks again after so long: it may be a race with the store, or a pool server not in use.
const UNKNOWN_RETRY_MS: u64 = 30_000;
/// A node whose event found no room asks again after so long.
const FULL_RETRY_MS: u64 = 1_000;
/// Until its links stand, a node in service reports so often: only its next report tells of them.
const UNLINKED_SPEED_MS: u64 = 1_000;
/// An order made up for one answer; never acknowledged, never stored.
const RESYNC_LIFE_MS: u64 = 10_000;

impl Fleet {
    /// Takes a node's message and answers it. Never waits for the store.
    pub fn receive(&self, message: Message, caller: &Caller) -> Answer {
        let now = self.shared.clock.now();
        let Some(entry) = self.sender(&message, caller) else {
            return unknown(UNKNOWN_RETRY_MS, now);
        };
        let Message { envelope, body } = message;
        let asks_role = matches!(body, Body::Role(_));
        let content = content_of(body);
        let clients = match &content {
            Some(Content::Report(report)) => Some(report.client_count),
            Some(Content::Notice(_)) | None => None,
        };
        let boot = envelope.boot.clone();
        let letter = Letter {
            no: entry.no,
            boot: envelope.boot,
            seq: envelope.seq,
            acknowledged: envelope.ack,
            content,
        };
        // The state first, then the mailbox: nothing moves from one to the other meanwhile.
        let state = entry.group.state.read();
        let gap = match entry.group.mailbox.put(letter, state.streams(), now) {
            Verdict::Taken { gap } => {
                // Whatever is no report cannot wait.
                if clients.is_none_or(|clients| entry.group.gauge.moves(entry.no, clients)) {
                    entry.group.mailbox.wake();
                }
                gap
            }
            Verdict::Duplicate => false,
            Verdict::OldBoot => return unknown(UNKNOWN_RETRY_MS, now),
            Verdict::Full => return unknown(FULL_RETRY_MS, now),
            Verdict::TooManyStreams => {
                entry.group.mailbox.sign_of_life(entry.no, boot, now);
                return refused(self.reporting_speed(), now);
            }
        };
        self.answer(&state, &entry, asks_role, gap, now)
    }

    /// A message that is not taken, as what it says is over a bound: all it proves is that the node lives, so that
    /// nobody can have a node ended by making it say too much.
    pub fn sign_of_life(&self, message: &Message, caller: &Caller) {
        if let Some(entry) = self.sender(message, caller) {
            let (boot, now) = (message.envelope.boot.clone(), self.shared.clock.now());
            entry.group.mailbox.sign_of_life(entry.no, boot, now);
        }
    }

    /// The node a message comes from; `None` when nobody knows it or the signature is another's.
    fn sender(&self, message: &Message, caller: &Caller) -> Option<Entry> {
        let envelope = &message.envelope;
        let entry = self.shared.directory.identify(envelope, caller.peer)?;
        let allowed = match caller.signed_as.as_deref() {
            // A node that does not know its name yet may only ask for it.
            Some("") => matches!(message.body, Body::Role(_)),
            Some(name) => name == entry.id.as_str(),
            // Unsigned messages count only from the node's own address.
            None => self.shared.directory.is_address_of(&entry.id, caller.peer),
        };
        allowed.then_some(entry)
    }

    fn answer(
        &self,
        state: &GroupState,
        entry: &Entry,
        asks_role: bool,
        gap: bool,
        now: UtcMs,
    ) -> Answer {
        let Some(member) = state.member(entry.no) else {
            return unknown(UNKNOWN_RETRY_MS, now);
        };
        let mut commands: Vec<Command> = member
            .commands
            .iter()
            .filter(|command| now.0 < command.deadline_ms)
            .cloned()
            .collect();
        if gap {
            let deadline_ms = now.0 + RESYNC_LIFE_MS;
            commands.push(Command {
                id: self.shared.next_command(),
                order: Order::Resync {},
                deadline_ms,
            });
        }
        let node = &member.node;
        let assignment = asks_role.then(|| Assignment {
            node_id: node.id.to_string(),
            group: entry.group.name.to_string(),
            role: node.role,
            region: node.region.to_string(),
            availability_zone: node.zone.to_string(),
            capacity: node.capacity,
            cluster: self.cluster(),
        });
        let usual = self.reporting_speed();
        let reporting_speed = if state.topology().settled(entry.no) {
            usual
        } else {
            usual.min(UNLINKED_SPEED_MS)
        };
        Answer {
            accepted: true,
            retry_after_ms: None,
            assignment,
            commands,
            reporting_speed: Some(reporting_speed),
            error_message: None,
            time: now.0,
        }
    }
}

fn content_of(body: Body) -> Option<Content> {
    match body {
        Body::Role(_) => None,
        Body::Report(report) => Some(Content::Report(report)),
        Body::Publish(notice) => {
            let stream = StreamName::new(&notice.scope, &notice.name);
            Some(Content::Notice(NodeNotice::Published(
                stream,
                UtcMs(notice.start_time),
            )))
        }
        Body::Unpublish(notice) => {
            let stream = StreamName::new(&notice.scope, &notice.name);
            Some(Content::Notice(NodeNotice::Unpublished(
                stream,
                UtcMs(notice.start_time),
            )))
        }
        Body::Bye {} => Some(Content::Notice(NodeNotice::Bye)),
    }
}

fn unknown(retry_after_ms: u64, now: UtcMs) -> Answer {
    Answer {
        accepted: false,
        retry_after_ms: Some(retry_after_ms),
        assignment: None,
        commands: Vec::new(),
        reporting_speed: None,
        error_message: None,
        time: now.0,
    }
}

/// The node is known and its message was not taken: it would hold too many streams.
fn refused(retry_after_ms: u64, now: UtcMs) -> Answer {
    let problem = format!(
        "streams: with these the node would hold more than {MOST_HELD} streams, counting those that ended since its \
         last full list: send a full report without \"delta\", of at most {MOST_STREAMS} streams"
    );
    Answer {
        error_message: Some(problem),
        ..unknown(retry_after_ms, now)
    }
}
