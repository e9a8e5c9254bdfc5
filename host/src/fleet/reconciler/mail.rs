//! From the mailbox into the state: what nodes said since the last pass, in the order in which they said it.

use weir_core::group_state::GroupState;
use weir_core::report::Order;

use super::super::mailbox::{Batch, Event, NodeNotice};
use super::Reconciler;

impl Reconciler {
    pub(super) fn apply_mail(&mut self) {
        if self.handle.gauge.take_crossed() {
            self.scaler.wake();
        }
        if self.handle.mailbox.is_empty() {
            return;
        }
        // Under the lock: whoever looks at both finds each letter in one of them.
        let mut state = self.handle.state.write();
        let Batch { heard, events } = self.handle.mailbox.drain();
        let mut late: Vec<Event> = Vec::new();
        let mut reports = Vec::new();
        for (no, heard) in heard {
            let acknowledged: Vec<String> = heard.acknowledged.into_iter().collect();
            state.heard(no, &heard.boot, &acknowledged, heard.at);
            if let Some((seq, report, at)) = heard.report {
                reports.push((no, seq, report, at));
            }
        }
        for event in events {
            // They come by number, as the batch has them.
            let report = reports.binary_search_by_key(&event.no, |(no, ..)| *no);
            if report.is_ok_and(|at| event.seq > reports[at].1) {
                late.push(event);
            } else {
                notice(&mut state, event);
            }
        }
        for (no, _, report, at) in reports {
            let effect = state.reported(no, &report, at);
            self.handle.book.lock().reported(no, at);
            if effect.list_missing {
                state.order(no, Order::Resync {}, self.shared.next_command(), at);
            }
            if effect.load_changed || effect.enters_service {
                self.publisher.touch();
            }
        }
        for event in late {
            notice(&mut state, event);
        }
        self.publisher.touch();
    }
}

fn notice(state: &mut GroupState, event: Event) {
    match event.notice {
        NodeNotice::Published(stream, at) => state.published(event.no, &stream, at),
        NodeNotice::Unpublished(stream, at) => state.unpublished(event.no, &stream, at),
        NodeNotice::Bye => state.said_bye(event.no),
    }
}
