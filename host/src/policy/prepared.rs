//! An instance that was shown a view: the hot path of placement.

use std::sync::Arc;

use weir_core::placement::{Refusal, SelectRequest};

use super::contract::{placement, types as wit};
use super::engine::Core;
use super::guest::Guest;
use super::{Outcome, Prepared, from_guest};

/// An instance that grew by more than this since it was prepared is replaced: it keeps something of each question.
const MOST_GROWTH: usize = 1024 * 1024;

/// A prepared instance of a component.
pub(super) struct WasmPrepared {
    core: Arc<Core>,
    guest: Guest,
    placement: placement::Guest,
    /// Ids of the view, sorted.
    known: Vec<u32>,
    /// Memory it had after it was prepared, bytes.
    memory: usize,
    /// Kept between questions for its allocation.
    handed_out: Vec<wit::HandedOut>,
}

impl WasmPrepared {
    pub(super) fn new(
        core: Arc<Core>,
        guest: Guest,
        placement: placement::Guest,
        ids: &[u32],
    ) -> Self {
        let mut known = ids.to_vec();
        if !known.is_sorted() {
            known.sort_unstable();
        }
        let memory = guest.memory();
        Self {
            core,
            guest,
            placement,
            known,
            memory,
            handed_out: Vec::new(),
        }
    }
}

impl Prepared for WasmPrepared {
    fn select(&mut self, request: &SelectRequest) -> Outcome<Result<Vec<u32>, Refusal>> {
        self.handed_out.clear();
        let pairs = request.handed_out.iter();
        self.handed_out
            .extend(pairs.map(|(id, count)| wit::HandedOut {
                id: *id,
                count: *count,
            }));
        let question = wit::Request {
            stream_key: request.stream_key,
            path: request.path.as_deref(),
            region: request.region,
            zone: request.zone,
            strict: request.strict,
            count: request.count,
            carriers: &request.carriers,
            handed_out: &self.handed_out,
            sequence: request.sequence,
            random: request.random,
        };
        let budget = self.core.limits.select();
        let placement = &self.placement;
        self.guest
            .call(budget, |store| placement.call_select(store, question))
            .and_then(|answer| match answer {
                Ok(choice) => from_guest::choice(choice.ids, &self.known).map(Ok),
                Err(refusal) => Ok(Err(from_guest::refusal(refusal))),
            })
    }

    fn memory_bytes(&self) -> usize {
        self.guest.memory()
    }

    fn is_worn(&self) -> bool {
        self.guest.memory() > self.memory + MOST_GROWTH
    }
}
