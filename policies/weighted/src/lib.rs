//! `weighted`: the node with the best score. The built-in choice for viewers.
//!
//! score = Σ weight · share, where a share is 1 at best: free connection slots, free memory, and for origins and
//! transcoders few streams, for origins few viewers behind them, for relays few restreamers. Nodes with room come
//! before full ones; equal nodes take turns.

#[expect(missing_docs, reason = "generated from wit/")]
mod bindings {
    wit_bindgen::generate!({ path: "../../wit", world: "placement-policy" });
}

pub mod scores;
pub mod weights;

use std::cell::RefCell;

use bindings::exports::weir::policy::{about, placement};

pub use bindings::weir::policy::types;

thread_local! {
    static SCORES: RefCell<scores::Scores> = RefCell::default();
}

/// The policy, as the contract's functions.
pub struct Weighted;

impl about::Guest for Weighted {
    fn describe() -> about::Description {
        about::Description {
            name: "weighted".to_owned(),
            version: env!("CARGO_PKG_VERSION").to_owned(),
            summary: "Sends clients to the node with the best weighted score of free slots, memory, streams, viewers and restreamers.".to_owned(),
            scaling_settings_schema: None,
            placement_settings_schema: Some(weights::SCHEMA.to_owned()),
            wants: Vec::new(),
        }
    }
}

impl placement::Guest for Weighted {
    fn check_settings(settings: String) -> Result<(), Vec<String>> {
        weights::Weights::read(&settings, &[]).map(|_| ())
    }

    fn prepare(view: types::View, settings: String) -> Result<(), String> {
        let weights =
            weights::Weights::read(&settings, &view.facts).map_err(|list| list.join("; "))?;
        SCORES.with(|slot| *slot.borrow_mut() = scores::Scores::new(&view, &weights));
        Ok(())
    }

    fn select(request: types::Request) -> Result<types::Choice, types::Refusal> {
        SCORES.with(|scores| scores.borrow().select(&request))
    }
}

#[cfg(target_arch = "wasm32")]
bindings::export!(Weighted with_types_in bindings);
