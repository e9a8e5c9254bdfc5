//! A first look at uploaded bytes, before any compiler sees them: component or core module, and what it imports.

use wasmparser::{Parser, Payload};

use super::AdmitError;
use super::contract::TYPES;

const WASI_MEND: &str = "build with stubs for WASI (componentize-qjs and componentize-py: --stub-wasi; componentize-js: \
    disable all features; Rust: target wasm32-unknown-unknown; C: target wasm32-freestanding)";
const OTHER_MEND: &str = "remove it: everything a policy may know comes in the call";

/// Whether the bytes have to be wrapped into a component.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// A component.
    Component,
    /// A core module that carries its component's types in a section.
    CoreModule,
}

impl Kind {
    /// In words.
    pub(super) fn word(self) -> &'static str {
        match self {
            Kind::Component => "component",
            Kind::CoreModule => "core module",
        }
    }
}

/// Tells the kind and refuses foreign imports.
///
/// # Errors
/// [`AdmitError::NotAComponent`] and [`AdmitError::Imports`].
pub(super) fn look(bytes: &[u8]) -> Result<Kind, AdmitError> {
    let kind = if Parser::is_component(bytes) {
        Kind::Component
    } else if Parser::is_core_wasm(bytes) {
        Kind::CoreModule
    } else {
        return Err(AdmitError::NotAComponent {
            problem: "it does not start like one (expected a .wasm file)".to_owned(),
        });
    };
    let mut depth = 0usize;
    for payload in Parser::new(0).parse_all(bytes) {
        match payload.map_err(unreadable)? {
            Payload::Version { .. } => depth += 1,
            Payload::End(_) => depth = depth.saturating_sub(1),
            Payload::ImportSection(imports) if depth == 1 => {
                if let Some(import) = imports.into_imports().next() {
                    let import = import.map_err(unreadable)?;
                    return Err(foreign(&format!("{}/{}", import.module, import.name)));
                }
            }
            Payload::ComponentImportSection(imports) if depth == 1 => {
                for import in imports {
                    let name = import.map_err(unreadable)?.name.name;
                    if !name.starts_with(TYPES) {
                        return Err(foreign(name));
                    }
                }
            }
            _ => {}
        }
    }
    Ok(kind)
}

/// An import that is not of the contract.
pub(super) fn foreign(import: &str) -> AdmitError {
    let wasi = import.starts_with("wasi:") || import.starts_with("wasi_");
    AdmitError::Imports {
        import: import.to_owned(),
        mend: if wasi { WASI_MEND } else { OTHER_MEND }.to_owned(),
    }
}

fn unreadable(error: wasmparser::BinaryReaderError) -> AdmitError {
    AdmitError::NotAComponent {
        problem: error.to_string(),
    }
}
