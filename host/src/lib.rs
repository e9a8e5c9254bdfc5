//! Weir: the manager of a live-streaming cluster. `ARCHITECTURE.md` beside this folder has the map.

pub mod fleet;
pub mod http;
pub mod policy;
pub mod store;
