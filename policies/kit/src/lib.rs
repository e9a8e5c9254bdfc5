//! What the built-in policies share. Plain slices and numbers only: each policy has bindings of its own, made from
//! `wit/`, and their types are not the same types.

#![forbid(unsafe_code)]
#![warn(missing_docs)]

pub mod codes;
pub mod ranking;
pub mod settings;
