//! The log of scaling decisions: everything a decision followed from, kept so that it can be made again.
//!
//! ```text
//! snapshot, settings, state ──▶ policy ──▶ answer ──▶ entry ──packed──▶ frame ──with the plan──▶ store
//!                                                                                                  │
//!             identical, or what differs ◀── replay ◀── policy of the same bytes ◀── entry ◀───────┘
//! ```

mod entry;
mod frames;
mod replay;

pub use entry::{Attempt, Entry};
pub use frames::{FrameError, FrameWriter, Packed, unpack};
pub use replay::{Drift, Replayed, Verdict, replay};
