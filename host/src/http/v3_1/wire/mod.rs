//! The compatible API's documents: its spellings to our types and back. Nothing else knows them.

mod bindings;
mod group;
mod launch_config;
mod node;
mod region_audience;
mod scale_policy;
mod stream;

pub(in crate::http) use group::{
    GroupObject, GroupStats, LaunchAnswer, Places, new_group, state_word,
};
pub(in crate::http) use launch_config::{
    CreatedLaunchConfig, LaunchConfigDocument, read_launch_config,
};
pub(in crate::http) use node::{NodeObject, NodeStats, Relation};
pub(in crate::http) use region_audience::{RegionAudience, read_audiences};
pub(in crate::http) use scale_policy::{
    MASTER_TYPE, REGION_VERSION, ScalePolicyDocument, read_scale_policy,
};
pub(in crate::http) use stream::{Alarm, Cleared, ServerChoice, StreamEntry};

#[cfg(test)]
mod tests;

use serde_json::Value;

use super::super::lenient::{Field, FieldError};

/// The wrapped document of a body, or the bare one.
fn unwrapped<'a>(root: &Field<'a>, wrapper: &str) -> Field<'a> {
    root.member(wrapper).unwrap_or_else(|| root.clone())
}

/// A text member that may be missing.
fn text_or(field: &Field<'_>, name: &str, default: &str) -> Result<String, FieldError> {
    field
        .member(name)
        .map_or_else(|| Ok(default.to_owned()), |member| member.text())
}

/// Name and value pairs below `list.item[]`; both levels may be missing.
fn pairs(
    field: &Field<'_>,
    list: &str,
    item: &str,
    key: &str,
) -> Result<Vec<(String, String)>, FieldError> {
    let Some(items) = field.member(list).and_then(|list| list.member(item)) else {
        return Ok(Vec::new());
    };
    let pair = |entry: Field<'_>| {
        let value = entry
            .member("value")
            .map_or_else(|| Ok(String::new()), |value| value.text())?;
        Ok((entry.required(key)?.word()?, value))
    };
    items.items()?.into_iter().map(pair).collect()
}

/// The name of a document: its own, or the one the path gives; they must not differ.
fn document_name(field: &Field<'_>, addressed: Option<&str>) -> Result<String, FieldError> {
    match (field.member("name"), addressed) {
        (None, Some(name)) => Ok(name.to_owned()),
        (Some(own), Some(name)) if own.name()? != name => Err(own.must(&format!(
            "be {name:?} as in the path: a name cannot be changed, but a document can be copied"
        ))),
        (Some(own), _) => own.name(),
        (None, None) => field.required("name")?.name(),
    }
}

/// Text that a node or stream name is made of stays text; settings documents become JSON again.
pub(in crate::http) fn json_or_text(text: &str) -> Value {
    serde_json::from_str(text).unwrap_or_else(|_| Value::String(text.to_owned()))
}
