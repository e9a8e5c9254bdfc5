//! How a node carries out the manager's commands.

use weir_core::report::Order;
use weir_core::stream::StreamName;

use super::service::{Dropped, Phase};
use super::{Signal, SimulatedNode, figures};
use crate::simulated::count;

/// What is left for the agent to do after an order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Afterwards {
    Nothing,
    /// Report in full, now.
    Report,
    /// Say goodbye and be silent: the service was stopped.
    Goodbye,
}

impl SimulatedNode {
    pub(super) fn carry_out(&self, order: &Order) -> Afterwards {
        let now = self.clock.now();
        match order {
            Order::Link { parent } => self.service.lock().links.link(parent.clone(), now),
            Order::Unlink { parent } => self.service.lock().links.unlink(&parent.address),
            Order::Drain { on } => self.service.lock().draining = *on,
            Order::Kick { scope, name } => {
                let one = StreamName::new(scope, name);
                let all = name.trim().is_empty();
                let dropped = self.service.lock().kick((!all).then_some(&one));
                self.tell_kicked(&dropped);
            }
            Order::Resync {} => return Afterwards::Report,
            Order::Exit {} => {
                self.fall(Phase::Off);
                return Afterwards::Goodbye;
            }
        }
        Afterwards::Nothing
    }

    fn tell_kicked(&self, dropped: &Dropped) {
        for _ in 0..dropped.viewers {
            count(&self.tally.viewers_kicked);
        }
        let now = self.clock.now();
        for (stream, since) in &dropped.published {
            count(&self.tally.publishers_cut);
            let notice = figures::unpublished(stream, *since, now, "kicked");
            self.signal(Signal::Notice(notice));
        }
    }
}
