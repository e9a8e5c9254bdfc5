//! From compiled code to a policy: what it imports and exports, what it says of itself, and a trial run.

use std::sync::Arc;

use wasmtime::component::{Component, InstancePre, Linker};

use super::contract::{PACKAGE, TYPES, about, placement, scaling};
use super::engine::Core;
use super::guest::{Caps, Guest};
use super::report::About;
use super::schema::SettingsSchema;
use super::trial::{self, Findings};
use super::wasm_policy::{Schemas, WasmPolicy};
use super::{AdmitError, from_guest, scan};

/// Checks and tries the component.
///
/// # Errors
/// [`AdmitError`]; nothing is kept.
pub(super) fn admit(
    core: &Arc<Core>,
    name: &str,
    digest: String,
    component: &Component,
) -> Result<(Arc<WasmPolicy>, Findings), AdmitError> {
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
    let about = describe(core, &pre, &about)?;
    let policy = WasmPolicy {
        core: Arc::clone(core),
        name: name.to_owned(),
        digest,
        schemas: Schemas {
            scaling: schema("scaling", about.scaling_settings_schema.as_deref())?,
            placement: schema("placement", about.placement_settings_schema.as_deref())?,
        },
        about,
        pre,
        scaling,
        placement,
    };
    let findings = trial::run(&policy)?;
    Ok((Arc::new(policy), findings))
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
) -> Result<About, AdmitError> {
    let budget = core.limits.scaling();
    let lifted = core.limits.scaling_lifted_bytes;
    Guest::start(pre, core.limits.memory_bytes, lifted, budget)
        .and_then(|mut guest| {
            let about = guest.load(|store, instance| indices.load(store, instance))?;
            guest
                .call(budget, |store| about.call_describe(store))
                .answer
        })
        .map(said)
        .map_err(|fault| trial::broke("describe", fault))
}

/// The schema of a world's settings, if the policy describes them.
fn schema(world: &str, text: Option<&str>) -> Result<Option<SettingsSchema>, AdmitError> {
    let read = text.map(SettingsSchema::read).transpose();
    read.map_err(|problem| AdmitError::Schema {
        world: world.to_owned(),
        problem,
    })
}

fn said(description: about::Description) -> About {
    About {
        name: from_guest::cut(description.name),
        version: from_guest::cut(description.version),
        summary: from_guest::cut(description.summary),
        scaling_settings_schema: description.scaling_settings_schema,
        placement_settings_schema: description.placement_settings_schema,
        wants: description.wants.into_iter().map(from_guest::cut).collect(),
    }
}
