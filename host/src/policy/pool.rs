//! Prepared instances of one view: a place per worker thread, so that questions never wait for each other.
//!
//! An instance is replaced after any fault and when it is worn. Now and then an answer is put aside to be asked again
//! on a fresh instance ([`PreparedPool::recheck`]): `select` must not depend on what was asked before.

use std::cell::Cell;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use parking_lot::{Mutex, MutexGuard};
use weir_core::placement::{Refusal, SelectRequest};
use weir_core::snapshot::View;

use super::{Outcome, PolicyFault, Prepared, SharedPolicy};

/// One question in so many per thread is put aside.
const SAMPLE_EVERY: u32 = 256;

/// What a policy answers.
type Answer = Result<Vec<u32>, Refusal>;

/// The prepared instances of one policy for one view.
pub struct PreparedPool {
    policy: SharedPolicy,
    view: Arc<View>,
    settings: String,
    places: Box<[Mutex<Place>]>,
    sample: Mutex<Option<(SelectRequest, Answer)>>,
}

#[derive(Default)]
struct Place {
    prepared: Option<Box<dyn Prepared>>,
    /// Questions the instance has answered.
    answered: u32,
}

/// A question whose answer depended on the questions before it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Dependence {
    /// The question.
    pub request: SelectRequest,
    /// What a used instance answered.
    pub used: Answer,
    /// What a fresh one answered.
    pub fresh: Answer,
}

impl PreparedPool {
    /// Prepares `places` instances, at least one; the cost is that of all. The fault is that of the first that could
    /// not be prepared.
    pub fn build(
        policy: SharedPolicy,
        view: Arc<View>,
        settings: &str,
        places: usize,
    ) -> Outcome<Self> {
        let (mut fuel, mut micros) = (0, 0);
        let mut filled = Vec::with_capacity(places.max(1));
        let mut problem = None;
        while filled.len() < places.max(1) && problem.is_none() {
            let prepared = policy.prepare(&view, settings);
            fuel += prepared.fuel;
            micros += prepared.micros;
            match prepared.answer {
                Ok(prepared) => filled.push(Mutex::new(Place {
                    prepared: Some(prepared),
                    answered: 0,
                })),
                Err(fault) => problem = Some(fault),
            }
        }
        let pool = Self {
            policy,
            view,
            settings: settings.to_owned(),
            places: filled.into_boxed_slice(),
            sample: Mutex::new(None),
        };
        Outcome {
            answer: problem.map_or(Ok(pool), Err),
            fuel,
            micros,
        }
    }

    /// The view that was shown.
    pub fn view(&self) -> &Arc<View> {
        &self.view
    }

    /// The policy that answers.
    pub fn policy(&self) -> &SharedPolicy {
        &self.policy
    }

    /// One question, on this thread's instance if it is free.
    pub fn select(&self, request: &SelectRequest) -> Outcome<Answer> {
        let mut place = self.free_place();
        let outcome = match self.prepared(&mut place) {
            Ok(prepared) => prepared.select(request),
            Err(fault) => return unanswered(fault),
        };
        let worn = place.prepared.as_ref().is_some_and(|it| it.is_worn());
        let spent = outcome.answer.is_err() || worn;
        let used = place.answered > 0;
        place.answered = place.answered.saturating_add(1);
        if spent {
            *place = Place::default();
        }
        drop(place);
        if let Ok(answer) = &outcome.answer
            && used
            && sample_now()
        {
            *self.sample.lock() = Some((request.clone(), answer.clone()));
        }
        outcome
    }

    /// Asks the question that was put aside once more, on a fresh instance. Off the hot path: it prepares one.
    pub fn recheck(&self) -> Option<Dependence> {
        let (request, used) = self.sample.lock().take()?;
        let mut prepared = self
            .policy
            .prepare(&self.view, &self.settings)
            .answer
            .ok()?;
        let fresh = prepared.select(&request).answer.ok()?;
        (fresh != used).then_some(Dependence {
            request,
            used,
            fresh,
        })
    }

    /// The place of this thread, else any that is free, else a wait for this thread's.
    fn free_place(&self) -> MutexGuard<'_, Place> {
        let own = thread_number() % self.places.len();
        let (before, from_own) = self.places.split_at(own);
        from_own
            .iter()
            .chain(before)
            .find_map(|place| place.try_lock())
            .unwrap_or_else(|| self.places[own].lock())
    }

    fn prepared<'a>(&self, place: &'a mut Place) -> Result<&'a mut dyn Prepared, PolicyFault> {
        if place.prepared.is_none() {
            self.refill(place)?;
        }
        match &mut place.prepared {
            Some(prepared) => Ok(prepared.as_mut()),
            None => Err(PolicyFault::Engine {
                message: "a place was filled and is empty".to_owned(),
            }),
        }
    }

    fn refill(&self, place: &mut Place) -> Result<(), PolicyFault> {
        let prepared = self.policy.prepare(&self.view, &self.settings).answer?;
        *place = Place {
            prepared: Some(prepared),
            answered: 0,
        };
        Ok(())
    }
}

fn unanswered<T>(fault: PolicyFault) -> Outcome<T> {
    Outcome {
        answer: Err(fault),
        fuel: 0,
        micros: 0,
    }
}

/// A small number for each thread, in the order in which they first ask.
fn thread_number() -> usize {
    static THREADS: AtomicUsize = AtomicUsize::new(0);
    thread_local! {
        static NUMBER: usize = THREADS.fetch_add(1, Ordering::Relaxed);
    }
    NUMBER.with(|number| *number)
}

fn sample_now() -> bool {
    thread_local! {
        static ASKED: Cell<u32> = const { Cell::new(0) };
    }
    ASKED.with(|asked| {
        let number = asked.get().wrapping_add(1);
        asked.set(number);
        number.is_multiple_of(SAMPLE_EVERY)
    })
}

#[cfg(test)]
mod tests;
