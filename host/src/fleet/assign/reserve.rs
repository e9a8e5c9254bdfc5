//! From a choice to a reservation: each node is checked against the group as it is now.

use weir_core::group_state::{GroupState, Member};
use weir_core::ids::NodeNo;
use weir_core::placement::Action;
use weir_core::reservations::ReserveError;
use weir_core::topology::{Reach, Ways};
use weir_core::units::{DurationMs, UtcMs};

use super::super::group::GroupHandle;
use super::super::view::Offer;
use super::super::{Assigned, Question};

/// What was reserved.
#[derive(Default)]
pub(super) struct Taken {
    pub(super) nodes: Vec<Assigned>,
    /// The host's ranking chose, because nothing the policy chose was still valid.
    pub(super) by_host: bool,
    /// The client holds its share already; ask again after so long.
    pub(super) too_many: Option<DurationMs>,
    /// Edges and origins between which a path is to be made, or kept.
    paths: Vec<(NodeNo, NodeNo)>,
}

/// One question's turn with the group's state.
pub(super) struct Reserving<'a> {
    pub(super) group: &'a GroupHandle,
    pub(super) offer: &'a Offer,
    pub(super) question: &'a Question,
    pub(super) client: u64,
    pub(super) now: UtcMs,
    pub(super) state: &'a GroupState,
    /// The ways to the viewer's stream; `None`: any node will do.
    ways: Option<Ways<'a>>,
}

impl<'a> Reserving<'a> {
    pub(super) fn new(
        (group, offer): (&'a GroupHandle, &'a Offer),
        question: &'a Question,
        (client, now): (u64, UtcMs),
        state: &'a GroupState,
    ) -> Self {
        Self {
            group,
            offer,
            question,
            client,
            now,
            state,
            ways: ways_to(state, question),
        }
    }

    /// Reserves the first of these that are still valid: those to which the stream comes, then those to which it can be
    /// brought. A strict question that does not get all its nodes keeps none.
    pub(super) fn first(&self, ids: &[u32]) -> Taken {
        let mut taken = Taken::default();
        let mut later = Vec::new();
        for no in ids.iter().copied().map(NodeNo) {
            if self.is_enough(&taken) {
                break;
            }
            match self.reach(no) {
                Reach::Standing => self.reserve(no, None, &mut taken),
                Reach::OnDemand(origin) => self.reserve(no, Some(origin), &mut taken),
                Reach::Linkable(origin) => later.push((no, origin)),
                Reach::CutOff => {}
            }
        }
        // The policy wants it: the next viewer shall find it linked, whoever this one is sent to.
        if let Some(first) = later.first().filter(|(no, _)| self.fits(*no).is_some()) {
            taken.paths.push(*first);
        }
        for (no, origin) in later {
            if self.is_enough(&taken) {
                break;
            }
            self.reserve(no, Some(origin), &mut taken);
        }
        if self.question.strict && !self.is_enough(&taken) {
            let mut book = self.group.book.lock();
            for assigned in &taken.nodes {
                book.release(assigned.node.no, self.client);
            }
            return taken;
        }
        self.hand_over(&taken);
        taken
    }

    fn is_enough(&self, taken: &Taken) -> bool {
        taken.nodes.len() >= self.question.endpoints as usize
    }

    fn reserve(&self, no: NodeNo, path_from: Option<NodeNo>, taken: &mut Taken) {
        if taken.nodes.iter().any(|assigned| assigned.node.no == no) {
            return;
        }
        let Some(member) = self.fits(no) else {
            return;
        };
        let node = member.node.clone();
        let reserved = self
            .group
            .book
            .lock()
            .reserve(no, node.capacity, self.client, self.now);
        match reserved {
            Ok(()) => {
                taken.paths.extend(path_from.map(|origin| (no, origin)));
                taken.nodes.push(Assigned {
                    node,
                    group: self.group.name.clone(),
                });
            }
            Err(ReserveError::ClientCap { retry_after }) => taken.too_many = Some(retry_after),
            Err(ReserveError::NodeFull { .. }) => {}
        }
    }

    /// Tells the view who got a client, and the reconciler which paths are wanted.
    fn hand_over(&self, taken: &Taken) {
        let mut news = false;
        for assigned in &taken.nodes {
            news |= self.offer.hand_out(assigned.node.no);
        }
        for (edge, origin) in &taken.paths {
            news |= self.group.paths.note(*edge, *origin);
        }
        if news {
            self.group.mailbox.wake();
        }
    }

    /// The host's own conditions, against the current state.
    fn fits(&self, no: NodeNo) -> Option<&'a Member> {
        let place = |member: &Member| {
            let wanted = self.question.region.as_ref();
            !self.question.strict || wanted.is_none_or(|region| *region == member.node.region)
        };
        let member = self.state.member(no).filter(|_| self.offer.has(no))?;
        (self.state.takes_clients(member) && place(member)).then_some(member)
    }

    fn reach(&self, no: NodeNo) -> Reach {
        let ways = self.ways.as_ref();
        ways.map_or(Reach::Standing, |ways| ways.of(no))
    }
}

/// The ways to what a viewer wants; `None` for a publisher, and where nothing can be said.
pub(super) fn ways_to<'a>(state: &'a GroupState, question: &Question) -> Option<Ways<'a>> {
    match question.action {
        Action::Broadcast => None,
        Action::Subscribe => state.ways_to(&question.stream),
    }
}
