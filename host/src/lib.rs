//! Weir: the manager of a live-streaming cluster. `ARCHITECTURE.md` beside this folder has the map.

pub mod access;
pub mod app;
pub mod backtest;
pub mod catalogue;
pub mod cli;
pub mod config;
pub mod decisions;
pub mod demo;
pub mod fleet;
pub mod http;
pub mod nodes;
pub mod policy;
pub mod secret;
pub mod shutdown;
pub mod simulation;
pub mod store;
pub mod telemetry;
