//! What the built-in policies share. Plain slices and numbers only: each policy has bindings of its own, made from
//! `wit/`, and their types are not the same types.

#![deny(unsafe_code)]
#![warn(missing_docs)]

#[cfg(target_arch = "wasm32")]
#[expect(unsafe_code, reason = "an allocator is made of addresses")]
mod arena;
pub mod codes;
pub mod ranking;
pub mod settings;
