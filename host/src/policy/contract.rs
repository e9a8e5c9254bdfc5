//! The host's side of `wit/`, generated. Inputs borrow: handing a view to a guest copies its columns once.

wasmtime::component::bindgen!({
    path: "../wit",
    world: "full-policy",
    ownership: Borrowing { duplicate_if_necessary: true },
});

pub(super) use self::weir::policy::types;
pub(super) use exports::weir::policy::{about, placement, scaling};

/// The package, without its version.
pub(super) const PACKAGE: &str = "weir:policy/";
/// The only instance a component may import: types, no functions.
pub(super) const TYPES: &str = "weir:policy/types@";
