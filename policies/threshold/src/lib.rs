//! `threshold`: a node more when the load passes a bound, a node less when one was idle for long enough. The
//! built-in scaling policy.
//!
//! Per role and region: `tally` counts, `decide` judges, `words` explains, `memory` keeps what the next call must know.

#[expect(missing_docs, reason = "generated from wit/")]
mod bindings {
    wit_bindgen::generate!({ path: "../../wit", world: "scaling-policy" });
}

pub mod decide;
pub mod memory;
pub mod options;
mod scale_in;
mod scale_out;
mod tally;
mod words;

#[cfg(test)]
mod tests;

use bindings::exports::weir::policy::{about, scaling};

pub use bindings::weir::policy::types;

/// The policy, as the contract's functions.
pub struct Threshold;

impl about::Guest for Threshold {
    fn describe() -> about::Description {
        about::Description {
            name: "threshold".to_owned(),
            version: env!("CARGO_PKG_VERSION").to_owned(),
            summary: "Adds nodes when the connections pass a share of the capacity, removes idle ones after a wait."
                .to_owned(),
            scaling_settings_schema: Some(options::SCHEMA.to_owned()),
            placement_settings_schema: None,
            wants: Vec::new(),
        }
    }
}

impl scaling::Guest for Threshold {
    fn check_settings(settings: String) -> Result<(), Vec<String>> {
        options::Options::read(&settings).map(|_| ())
    }

    fn propose(
        input: types::Input,
        settings: String,
        state: Vec<u8>,
    ) -> Result<types::Proposal, String> {
        let options = options::Options::read(&settings).map_err(|list| list.join("; "))?;
        Ok(decide::propose(&input, &options, &state))
    }
}

#[cfg(target_arch = "wasm32")]
bindings::export!(Threshold with_types_in bindings);
