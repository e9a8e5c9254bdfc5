//! One instance of a policy in a store of its own, and every call into it.
//!
//! A trap kills the whole store, so each instance has one; other stores of the engine do not notice. Fuel and epoch
//! are set before every call and before the instantiation, which runs the guest's code too.

use std::time::Instant;

use wasmtime::component::{Instance, InstancePre};
use wasmtime::{PoolConcurrencyLimitError, ResourceLimiter, Store, Trap};

use super::limits::Budget;
use super::patience::Patience;
use super::{Outcome, PolicyFault};

/// More elements than this no honest table has.
const MOST_TABLE_ELEMENTS: usize = 20_000;

/// What an instance may take, and whether it wanted more. A refusal looks like any other trap inside the guest, so it
/// is noted here, or the author would be told the wrong fault.
#[derive(Debug)]
pub(super) struct Caps {
    limit: usize,
    used: usize,
    refused: bool,
    patience: Patience,
}

impl ResourceLimiter for Caps {
    fn memory_growing(
        &mut self,
        current: usize,
        desired: usize,
        _maximum: Option<usize>,
    ) -> wasmtime::Result<bool> {
        let used = self.used.saturating_add(desired.saturating_sub(current));
        if used > self.limit {
            self.refused = true;
            return Ok(false);
        }
        self.used = used;
        Ok(true)
    }

    fn table_growing(
        &mut self,
        _current: usize,
        desired: usize,
        _maximum: Option<usize>,
    ) -> wasmtime::Result<bool> {
        Ok(desired <= MOST_TABLE_ELEMENTS)
    }
}

/// A running instance.
pub(super) struct Guest {
    store: Store<Caps>,
    instance: Instance,
}

impl Guest {
    /// A fresh instance with at most `memory` bytes; answers may take `lifted` bytes of this server's memory.
    ///
    /// # Errors
    /// The guest's start trapped or ran out of something, or the engine has no place left.
    pub(super) fn start(
        pre: &InstancePre<Caps>,
        memory: usize,
        lifted: usize,
        budget: Budget,
    ) -> Result<Self, PolicyFault> {
        let caps = Caps {
            limit: memory,
            used: 0,
            refused: false,
            patience: Patience::new(budget.ms),
        };
        let mut store = Store::new(pre.engine(), caps);
        store.limiter(|caps| caps);
        store.epoch_deadline_callback(|mut store| Ok(store.data_mut().patience.judge()));
        store.set_hostcall_fuel(lifted);
        arm(&mut store, budget)?;
        match pre.instantiate(&mut store) {
            Ok(instance) => Ok(Self { store, instance }),
            Err(error) => Err(start_fault(&error, store.data(), budget)),
        }
    }

    /// Bytes of linear memory it has.
    pub(super) fn memory(&self) -> usize {
        self.store.data().used
    }

    /// Loads one of its interfaces.
    ///
    /// # Errors
    /// [`PolicyFault::Engine`]: the component was checked for it when it was admitted.
    pub(super) fn load<T>(
        &mut self,
        load: impl FnOnce(&mut Store<Caps>, &Instance) -> wasmtime::Result<T>,
    ) -> Result<T, PolicyFault> {
        load(&mut self.store, &self.instance).map_err(|error| PolicyFault::Engine {
            message: format!("{error:#}"),
        })
    }

    /// One call with a budget of its own.
    pub(super) fn call<T>(
        &mut self,
        budget: Budget,
        call: impl FnOnce(&mut Store<Caps>) -> wasmtime::Result<T>,
    ) -> Outcome<T> {
        let started = Instant::now();
        let answer = arm(&mut self.store, budget)
            .and_then(|()| call(&mut self.store).map_err(|error| self.fault(&error, budget)));
        Outcome {
            answer,
            fuel: self.fuel_used(budget),
            micros: u64::try_from(started.elapsed().as_micros()).unwrap_or(u64::MAX),
        }
    }

    fn fuel_used(&self, budget: Budget) -> u64 {
        let left = self.store.get_fuel().unwrap_or(0);
        budget.fuel.saturating_sub(left)
    }

    fn fault(&self, error: &wasmtime::Error, budget: Budget) -> PolicyFault {
        trap_fault(error, self.store.data(), budget).unwrap_or_else(|| PolicyFault::BadAnswer {
            problem: format!("{error:#}"),
        })
    }
}

fn arm(store: &mut Store<Caps>, budget: Budget) -> Result<(), PolicyFault> {
    let patience = Patience::new(budget.ms);
    store.set_epoch_deadline(patience.first_look());
    store.data_mut().patience = patience;
    store
        .set_fuel(budget.fuel)
        .map_err(|error| PolicyFault::Engine {
            message: format!("{error:#}"),
        })
}

/// The fault behind a trap; none when the error is no trap.
fn trap_fault(error: &wasmtime::Error, caps: &Caps, budget: Budget) -> Option<PolicyFault> {
    let trap = error.downcast_ref::<Trap>()?;
    Some(match trap {
        Trap::OutOfFuel => PolicyFault::OutOfFuel { limit: budget.fuel },
        Trap::Interrupt if caps.patience.starved() => PolicyFault::Engine {
            message: "the machine was too busy to run it".to_owned(),
        },
        Trap::Interrupt => PolicyFault::Deadline {
            limit_ms: budget.ms,
        },
        _ if caps.refused => PolicyFault::OutOfMemory {
            limit_bytes: caps.limit,
        },
        other => PolicyFault::Trapped {
            trap: other.to_string(),
        },
    })
}

fn start_fault(error: &wasmtime::Error, caps: &Caps, budget: Budget) -> PolicyFault {
    if let Some(fault) = trap_fault(error, caps, budget) {
        return fault;
    }
    if error.is::<PoolConcurrencyLimitError>() {
        return PolicyFault::Engine {
            message: "every place for instances is taken".to_owned(),
        };
    }
    if caps.refused {
        return PolicyFault::OutOfMemory {
            limit_bytes: caps.limit,
        };
    }
    PolicyFault::Trapped {
        trap: format!("{error:#}"),
    }
}
