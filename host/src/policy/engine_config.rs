//! The engine's settings that shape code: the compiling child and the server must agree on every one.

use wasmtime::{Config, Engine, InstanceAllocationStrategy, PoolingAllocationConfig};

use super::limits::Limits;

/// Stack of a guest's calls, bytes. Callers run on threads with 2 MiB.
const GUEST_STACK: usize = 512 * 1024;

/// Memory kept mapped in a freed place, bytes: all that a built-in policy starts with, so that the next instance meets
/// no page fault and none is given back.
const KEEP_RESIDENT: usize = 384 * 1024;

/// What code is compiled for. The same input must give the same output and use the same fuel on every machine.
fn code() -> Config {
    let mut config = Config::new();
    config
        .wasm_component_model(true)
        .consume_fuel(true)
        .epoch_interruption(true)
        .cranelift_nan_canonicalization(true)
        .wasm_relaxed_simd(false)
        .wasm_memory64(false)
        .max_wasm_stack(GUEST_STACK);
    config
}

/// An engine that only compiles.
///
/// # Errors
/// This machine cannot run the compiler.
pub(super) fn compiling() -> wasmtime::Result<Engine> {
    Engine::new(&code())
}

/// An engine that runs policies in at most `instances` places.
///
/// # Errors
/// The address space for the places cannot be had.
pub(super) fn running(limits: &Limits, instances: u32) -> wasmtime::Result<Engine> {
    let mut pool = PoolingAllocationConfig::new();
    pool.total_component_instances(instances)
        // Tools that link several modules make a dozen core instances of one component.
        .total_core_instances(instances.saturating_mul(4))
        .total_memories(instances)
        .total_tables(instances.saturating_mul(2))
        .max_core_instances_per_component(64)
        .max_memories_per_component(4)
        .max_tables_per_component(16)
        .max_memory_size(limits.memory_bytes)
        .linear_memory_keep_resident(KEEP_RESIDENT)
        .table_keep_resident(KEEP_RESIDENT / 4)
        .max_unused_warm_slots(instances.min(256));
    let mut config = code();
    config.allocation_strategy(InstanceAllocationStrategy::Pooling(pool));
    Engine::new(&config)
}
