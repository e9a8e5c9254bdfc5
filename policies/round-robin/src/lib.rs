//! `round-robin`: every node in its turn. The built-in choice for publishers.
//!
//! The host counts the questions (`sequence`); the policy takes the nodes by that number, those with room first.

#[expect(missing_docs, reason = "generated from wit/")]
mod bindings {
    wit_bindgen::generate!({ path: "../../wit", world: "placement-policy" });
}

pub mod turns;

use std::cell::RefCell;

use bindings::exports::weir::policy::{about, placement};
use weir_policy_kit::settings::Settings;

pub use bindings::weir::policy::types;

thread_local! {
    static TURNS: RefCell<turns::Turns> = RefCell::default();
}

/// The policy, as the contract's functions.
pub struct RoundRobin;

impl about::Guest for RoundRobin {
    fn describe() -> about::Description {
        about::Description {
            name: "round-robin".to_owned(),
            version: env!("CARGO_PKG_VERSION").to_owned(),
            summary: "Sends clients to every node in turn, full ones last.".to_owned(),
            scaling_settings_schema: None,
            placement_settings_schema: Some(
                r#"{"type":"object","properties":{},"additionalProperties":false}"#.to_owned(),
            ),
            wants: Vec::new(),
        }
    }
}

impl placement::Guest for RoundRobin {
    fn check_settings(settings: String) -> Result<(), Vec<String>> {
        Settings::parse(&settings).finish()
    }

    fn prepare(view: types::View, _settings: String) -> Result<(), String> {
        TURNS.with(|slot| *slot.borrow_mut() = turns::Turns::new(&view));
        Ok(())
    }

    fn select(request: types::Request) -> Result<types::Choice, types::Refusal> {
        TURNS.with(|turns| turns.borrow().select(&request))
    }
}

#[cfg(target_arch = "wasm32")]
bindings::export!(RoundRobin with_types_in bindings);
