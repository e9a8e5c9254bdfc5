//! Backtests: a policy over a recorded audience, before it is bound.
//!
//! ```text
//! trace ─▶ audience ─reports─▶ manager ─▶ GroupState ─▶ snapshot ─▶ policy (WASM) ─▶ guardrails ─▶ plan ─▶ instances
//!             ▲                                                                                      │
//!             └────────── nodes come into service, drain, end; the score counts what it was like ─────┘
//! ```
//!
//! Engine, policies, life cycle, guardrails, history and boot times are those of the server: the manager of a backtest only
//! calls `weir-core` in the reconciler's order, with a clock that jumps. The same input gives the same outcome, to the last
//! unit of fuel. [`run()`] blocks, tells how far it is and can be ended; it touches no file, and no clock but for telling how
//! long calls of a policy took.

mod acts;
mod audience;
mod comparison;
mod costs;
mod curve;
mod foresight;
mod group;
mod instances;
mod manager;
mod picture;
mod plant;
mod run;
mod score;
mod table;
mod trace;
mod utc;
mod words;

pub use acts::Act;
pub use comparison::{AudienceFacts, Comparison, PlantFacts};
pub use costs::CallCosts;
pub use curve::Point;
pub use foresight::Foresight;
pub use picture::{Picture, PictureError};
pub use plant::{Admission, Boots, BootsError, Limits, Mode, Plant, Setup};
pub use run::{BacktestError, Bound, Contender, Outcome, Progress, foresight, run};
pub use score::{Fleet, Score};
pub use table::table;
pub use trace::{Problem, Record, Trace, TraceError, read};
pub use words::{LengthError, read_length};

#[cfg(test)]
mod tests;
