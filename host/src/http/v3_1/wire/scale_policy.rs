//! Scale policies: the API's name for a limits document.

use std::collections::BTreeSet;

use serde::Serialize;
use utoipa::ToSchema;
use weir_core::group::{DEFAULT_REGION, LimitsDocument, RoleLimits};
use weir_core::node::Role;
use weir_core::units::DurationMs;

use super::bindings::{BindingsMember, read_bindings};
use super::{document_name, text_or, unwrapped};
use crate::http::lenient::{Field, FieldError};

/// Document type clients write.
pub(in crate::http) const MASTER_TYPE: &str =
    "com.red5pro.services.autoscaling.model.ScalePolicyMaster";
/// Version of the form with regions.
pub(in crate::http) const REGION_VERSION: &str = "0.0.3";
/// Version of the form without.
const FLAT_VERSION: &str = "0.0.2";

/// Most nodes a limit may name: beyond it somebody mistyped.
const MOST_NODES: u32 = 100_000;
/// Longest wait a document may state, ms: a week.
const LONGEST_WAIT: u32 = 7 * 24 * 3_600_000;

/// A scale policy as the API writes it.
#[derive(Debug, Serialize, ToSchema)]
pub(in crate::http) struct ScalePolicyDocument {
    policy: ScalePolicy,
}

#[derive(Debug, Serialize, ToSchema)]
struct ScalePolicy {
    name: String,
    description: String,
    #[serde(rename = "type")]
    kind: String,
    version: String,
    targets: PolicyTargets,
    #[serde(skip_serializing_if = "Option::is_none")]
    weir: Option<BindingsMember>,
}

/// With regions (version 0.0.3), or flat (0.0.2).
#[derive(Debug, Serialize, ToSchema)]
#[serde(untagged)]
enum PolicyTargets {
    Regions { region: Vec<RegionTargets> },
    Flat { target: Vec<RoleTarget> },
}

#[derive(Debug, Serialize, ToSchema)]
struct RegionTargets {
    /// Region code, or `default`.
    name: String,
    target: Vec<RoleTarget>,
}

#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct RoleTarget {
    /// `edge`, `origin`, `relay` or `transcoder`.
    role: &'static str,
    min_limit: u32,
    max_limit: u32,
    scale_adjustment: u32,
    #[serde(skip_serializing_if = "Option::is_none")]
    scale_in_wait_time: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    scale_out_wait_time: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    estimated_warm_up_time: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    cool_down_period: Option<u64>,
}

/// Reads a document; `addressed` is the name in the path of an update.
pub(in crate::http) fn read_scale_policy(
    root: &Field<'_>,
    addressed: Option<&str>,
) -> Result<LimitsDocument, FieldError> {
    let policy = unwrapped(root, "policy");
    if root.member("policy").is_some() && root.member("weir").is_some() {
        return Err(FieldError(
            "weir must stand inside policy, beside targets: it is ignored where it stands"
                .to_owned(),
        ));
    }
    let targets = policy.required("targets")?;
    let (flat, regions) = match targets.member("region") {
        Some(regions) => (false, read_regions(&regions)?),
        None => (
            true,
            vec![(
                DEFAULT_REGION.to_owned(),
                read_roles(&targets.required("target")?)?,
            )],
        ),
    };
    let version = if flat { FLAT_VERSION } else { REGION_VERSION };
    Ok(LimitsDocument {
        name: document_name(&policy, addressed)?,
        description: text_or(&policy, "description", "")?,
        kind: text_or(&policy, "type", MASTER_TYPE)?,
        version: text_or(&policy, "version", version)?,
        flat,
        regions,
        bindings: read_bindings(&policy)?,
    })
}

fn read_regions(field: &Field<'_>) -> Result<Vec<(String, Vec<RoleLimits>)>, FieldError> {
    let mut regions = Vec::new();
    for entry in field.items()? {
        let name = entry.required("name")?;
        let region = name.name()?;
        if regions.iter().any(|(known, _)| *known == region) {
            return Err(name.must("appear only once"));
        }
        regions.push((region, read_roles(&entry.required("target")?)?));
    }
    if !regions.iter().any(|(name, _)| name == DEFAULT_REGION) {
        return Err(FieldError(format!(
            "{} must have an entry named {DEFAULT_REGION:?}: it stands for every region without one of its own",
            field.path()
        )));
    }
    Ok(regions)
}

fn read_roles(field: &Field<'_>) -> Result<Vec<RoleLimits>, FieldError> {
    let mut seen = BTreeSet::new();
    let mut roles = Vec::new();
    for entry in field.items()? {
        let role = read_role(&entry.required("role")?)?;
        if !seen.insert(role) {
            return Err(entry
                .required("role")?
                .must("appear only once in its region"));
        }
        roles.push(read_limits(role, &entry)?);
    }
    if roles.is_empty() {
        return Err(field.must("name at least one role"));
    }
    Ok(roles)
}

/// A role's word in any case.
pub(super) fn read_role(field: &Field<'_>) -> Result<Role, FieldError> {
    Role::parse(&field.word()?).ok_or_else(|| field.must("be edge, origin, relay or transcoder"))
}

fn read_limits(role: Role, entry: &Field<'_>) -> Result<RoleLimits, FieldError> {
    let min_field = entry.required("minLimit")?;
    let min = min_field.whole(0..=MOST_NODES)?;
    let max = entry.required("maxLimit")?.whole(0..=MOST_NODES)?;
    if min > max {
        return Err(min_field.must(&format!("be at most maxLimit ({max})")));
    }
    let wait = |name| {
        let field = entry.member(name);
        let ms = field
            .map(|field| field.whole(0..=LONGEST_WAIT))
            .transpose()?;
        Ok(ms.map(|ms| DurationMs(u64::from(ms))))
    };
    Ok(RoleLimits {
        role,
        min,
        max,
        step: entry
            .member("scaleAdjustment")
            .map_or(Ok(1), |step| step.whole(1..=MOST_NODES))?,
        scale_out_wait: wait("scaleOutWaitTime")?,
        scale_in_wait: wait("scaleInWaitTime")?,
        warm_up: wait("estimatedWarmUpTime")?,
        cool_down: wait("coolDownPeriod")?,
    })
}

impl ScalePolicyDocument {
    /// In the form it was stored in.
    pub(in crate::http) fn of(document: &LimitsDocument) -> Self {
        let roles = |limits: &Vec<RoleLimits>| limits.iter().map(RoleTarget::of).collect();
        let targets = match document.regions.as_slice() {
            [(_, only)] if document.flat => PolicyTargets::Flat {
                target: roles(only),
            },
            regions => PolicyTargets::Regions {
                region: regions
                    .iter()
                    .map(|(name, limits)| RegionTargets {
                        name: name.clone(),
                        target: roles(limits),
                    })
                    .collect(),
            },
        };
        Self {
            policy: ScalePolicy {
                name: document.name.clone(),
                description: document.description.clone(),
                kind: document.kind.clone(),
                version: document.version.clone(),
                targets,
                weir: BindingsMember::of(&document.bindings),
            },
        }
    }
}

impl RoleTarget {
    fn of(limits: &RoleLimits) -> Self {
        let ms = |wait: Option<DurationMs>| wait.map(|wait| wait.0);
        Self {
            role: limits.role.as_str(),
            min_limit: limits.min,
            max_limit: limits.max,
            scale_adjustment: limits.step,
            scale_in_wait_time: ms(limits.scale_in_wait),
            scale_out_wait_time: ms(limits.scale_out_wait),
            estimated_warm_up_time: ms(limits.warm_up),
            cool_down_period: ms(limits.cool_down),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_binding_beside_the_policy_instead_of_inside_is_refused() {
        let target = json!([{ "role": "edge", "minLimit": 1, "maxLimit": 2 }]);
        let regions = json!({ "region": [{ "name": "default", "target": target }] });
        let bound = json!({ "scaling": { "policy": "threshold" } });
        let inside = json!({ "policy": { "name": "a", "targets": regions, "weir": bound } });
        let read = read_scale_policy(&Field::root(&inside), None);
        assert!(read.is_ok_and(|document| document.bindings.scaling.is_some()));
        let beside = json!({ "policy": { "name": "a", "targets": regions }, "weir": bound });
        let refused = read_scale_policy(&Field::root(&beside), None).err();
        let text = refused.map(|error| error.0).unwrap_or_default();
        assert!(text.starts_with("weir must stand inside policy"), "{text}");
    }
}
