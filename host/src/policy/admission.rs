//! From compiled code to a policy: what it imports and exports, what it says of itself, and a trial run.

use std::sync::Arc;

use wasmtime::component::{Component, InstancePre, Linker};
use weir_core::placement::Action;

use super::contract::{PACKAGE, TYPES, about, placement, scaling};
use super::engine::Core;
use super::guest::{Caps, Guest};
use super::wasm_policy::WasmPolicy;
use super::{AdmitError, Policy, PolicyFault, SharedPolicy, edge_cases, scan};

/// Checks and tries the component.
///
/// # Errors
/// [`AdmitError`]; nothing is kept.
pub(super) fn admit(
    core: &Arc<Core>,
    name: &str,
    digest: String,
    component: &Component,
) -> Result<SharedPolicy, AdmitError> {
    check_imports(core, component)?;
    let pre = Linker::<Caps>::new(&core.engine)
        .instantiate_pre(component)
        .map_err(|error| AdmitError::Imports {
            import: "something behind weir:policy/types".to_owned(),
            mend: format!("build against the contract of this server ({error:#})"),
        })?;
    let has = |interface: &str| exported(core, component, interface);
    let about = indices(
        has("about")
            .ok_or_else(|| missing("about", "every policy exports it"))
            .map(Some)?,
        || about::GuestIndices::new(&pre),
    )?;
    let scaling = indices(has("scaling"), || scaling::GuestIndices::new(&pre))?;
    let placement = indices(has("placement"), || placement::GuestIndices::new(&pre))?;
    if scaling.is_none() && placement.is_none() {
        return Err(missing(
            "scaling",
            "nor placement: a policy exports one of them or both",
        ));
    }
    let about = about.ok_or_else(|| missing("about", "every policy exports it"))?;
    let policy = WasmPolicy {
        core: Arc::clone(core),
        name: name.to_owned(),
        digest,
        about: describe(core, &pre, &about)?,
        pre,
        scaling,
        placement,
    };
    try_out(&policy)?;
    Ok(Arc::new(policy))
}

fn check_imports(core: &Core, component: &Component) -> Result<(), AdmitError> {
    let kind = component.component_type();
    match kind
        .imports(&core.engine)
        .find(|(import, _)| !import.starts_with(TYPES))
    {
        Some((import, _)) => Err(scan::foreign(import)),
        None => Ok(()),
    }
}

/// Full name of the interface, as the component exports it.
fn exported(core: &Core, component: &Component, interface: &str) -> Option<String> {
    let wanted = format!("{PACKAGE}{interface}@");
    let kind = component.component_type();
    kind.exports(&core.engine)
        .map(|(export, _)| export.to_owned())
        .find(|export| export.starts_with(&wanted))
}

/// The indices of an interface that is exported; an error when it has other types or another version.
fn indices<T>(
    export: Option<String>,
    load: impl FnOnce() -> wasmtime::Result<T>,
) -> Result<Option<T>, AdmitError> {
    let Some(export) = export else {
        return Ok(None);
    };
    match load() {
        Ok(indices) => Ok(Some(indices)),
        Err(error) => Err(missing(&export, &format!("{error:#}"))),
    }
}

fn missing(export: &str, problem: &str) -> AdmitError {
    AdmitError::Exports {
        export: export.to_owned(),
        problem: problem.to_owned(),
    }
}

fn describe(
    core: &Core,
    pre: &InstancePre<Caps>,
    indices: &about::GuestIndices,
) -> Result<about::Description, AdmitError> {
    let budget = core.limits.scaling();
    let lifted = core.limits.scaling_lifted_bytes;
    Guest::start(pre, core.limits.memory_bytes, lifted, budget)
        .and_then(|mut guest| {
            let about = guest.load(|store, instance| indices.load(store, instance))?;
            guest
                .call(budget, |store| about.call_describe(store))
                .answer
        })
        .map_err(|fault| trial("describe", fault))
}

fn trial(export: &str, fault: PolicyFault) -> AdmitError {
    AdmitError::Trial {
        export: export.to_owned(),
        fault,
    }
}

/// A policy may say that it cannot; it may not break.
fn tolerate<T>(export: &str, answer: Result<T, PolicyFault>) -> Result<Option<T>, AdmitError> {
    match answer {
        Ok(answer) => Ok(Some(answer)),
        Err(PolicyFault::GaveUp { .. }) => Ok(None),
        Err(fault) => Err(trial(export, fault)),
    }
}

/// Runs every export over inputs that have nothing, or as little as there can be.
fn try_out(policy: &WasmPolicy) -> Result<(), AdmitError> {
    if policy.scales() {
        for settings in edge_cases::SETTINGS {
            tolerate("check-settings", policy.check_scaling_settings(settings))?;
        }
        for snapshot in edge_cases::snapshots() {
            let first = tolerate("propose", policy.propose(&snapshot, "{}", &[]).answer)?;
            let state = first.map(|proposal| proposal.state).unwrap_or_default();
            tolerate("propose", policy.propose(&snapshot, "{}", &state).answer)?;
        }
    }
    if policy.places() {
        for settings in edge_cases::SETTINGS {
            tolerate("check-settings", policy.check_placement_settings(settings))?;
        }
        for action in [Action::Broadcast, Action::Subscribe] {
            for view in edge_cases::views(action) {
                let Some(mut prepared) = tolerate("prepare", policy.prepare(&view, "{}").answer)?
                else {
                    continue;
                };
                for request in edge_cases::requests(&view) {
                    tolerate("select", prepared.select(&request).answer)?;
                }
            }
        }
    }
    Ok(())
}
