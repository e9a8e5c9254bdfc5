//! Launch configurations.

use std::collections::BTreeSet;

use serde::Serialize;
use utoipa::ToSchema;
use weir_core::group::{LaunchDocument, LaunchTarget};
use weir_core::ids::InstanceType;
use weir_core::node::Role;

use super::scale_policy::{REGION_VERSION, read_role};
use super::{document_name, pairs, text_or, unwrapped};
use crate::http::lenient::{Field, FieldError};

/// Most connections a node may be said to carry: beyond it somebody mistyped.
const MOST_CONNECTIONS: u32 = 10_000_000;

/// The order in which answers list roles.
const ORDER: [Role; 4] = [Role::Edge, Role::Origin, Role::Relay, Role::Transcoder];

/// A launch configuration as the API writes it.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(in crate::http) struct LaunchConfigDocument {
    launchconfig: LaunchConfig,
}

/// The answer to a creation: the wrapped document, and what some clients read beside it.
#[derive(Debug, Serialize, ToSchema)]
pub(in crate::http) struct CreatedLaunchConfig {
    launchconfig: LaunchConfig,
    name: String,
    description: String,
    image: String,
    version: String,
}

#[derive(Debug, Clone, Serialize, ToSchema)]
struct LaunchConfig {
    name: String,
    description: String,
    /// Machine image, by name.
    image: String,
    version: String,
    targets: Targets,
    properties: Properties,
    metadata: Metadata,
}

#[derive(Debug, Clone, Serialize, ToSchema)]
struct Targets {
    target: Vec<Target>,
}

#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct Target {
    /// `edge`, `origin`, `relay` or `transcoder`.
    role: &'static str,
    instance_type: String,
    /// Connections one such node carries: 100 % of the alarm.
    connection_capacity: u32,
    /// Image of this role, where it differs.
    #[serde(skip_serializing_if = "Option::is_none")]
    image: Option<String>,
}

#[derive(Debug, Clone, Serialize, ToSchema)]
struct Properties {
    property: Vec<Property>,
}

#[derive(Debug, Clone, Serialize, ToSchema)]
struct Property {
    name: String,
    value: String,
}

#[derive(Debug, Clone, Serialize, ToSchema)]
struct Metadata {
    meta: Vec<Meta>,
}

#[derive(Debug, Clone, Serialize, ToSchema)]
struct Meta {
    key: String,
    value: String,
}

/// Reads a document; `addressed` is the name in the path of an update.
pub(in crate::http) fn read_launch_config(
    root: &Field<'_>,
    addressed: Option<&str>,
) -> Result<LaunchDocument, FieldError> {
    let config = unwrapped(root, "launchconfig");
    Ok(LaunchDocument {
        name: document_name(&config, addressed)?,
        description: text_or(&config, "description", "")?,
        image: config.required("image")?.word()?,
        version: text_or(&config, "version", REGION_VERSION)?,
        targets: read_targets(&config.required("targets")?.required("target")?)?,
        properties: pairs(&config, "properties", "property", "name")?,
        tags: pairs(&config, "metadata", "meta", "key")?,
    })
}

fn read_targets(field: &Field<'_>) -> Result<Vec<LaunchTarget>, FieldError> {
    let mut seen = BTreeSet::new();
    let mut targets = Vec::new();
    for entry in field.items()? {
        let role = read_role(&entry.required("role")?)?;
        if !seen.insert(role) {
            return Err(entry.required("role")?.must("appear only once"));
        }
        targets.push(LaunchTarget {
            role,
            instance_type: InstanceType::new(entry.required("instanceType")?.word()?),
            capacity: entry
                .required("connectionCapacity")?
                .whole(1..=MOST_CONNECTIONS)?,
            image: entry
                .member("image")
                .map(|image| image.word())
                .transpose()?,
        });
    }
    if targets.is_empty() {
        return Err(field.must("name at least one role"));
    }
    Ok(targets)
}

impl LaunchConfigDocument {
    /// As stored, roles in the API's order.
    pub(in crate::http) fn of(document: &LaunchDocument) -> Self {
        let of_role = |role| {
            document
                .targets
                .iter()
                .filter(move |target| target.role == role)
        };
        let target = |target: &LaunchTarget| Target {
            role: target.role.as_str(),
            instance_type: target.instance_type.to_string(),
            connection_capacity: target.capacity,
            image: target.image.clone(),
        };
        let property = |(name, value): &(String, String)| Property {
            name: name.clone(),
            value: value.clone(),
        };
        let meta = |(key, value): &(String, String)| Meta {
            key: key.clone(),
            value: value.clone(),
        };
        Self {
            launchconfig: LaunchConfig {
                name: document.name.clone(),
                description: document.description.clone(),
                image: document.image.clone(),
                version: document.version.clone(),
                targets: Targets {
                    target: ORDER.into_iter().flat_map(of_role).map(target).collect(),
                },
                properties: Properties {
                    property: document.properties.iter().map(property).collect(),
                },
                metadata: Metadata {
                    meta: document.tags.iter().map(meta).collect(),
                },
            },
        }
    }
}

impl CreatedLaunchConfig {
    /// See [`LaunchConfigDocument::of`].
    pub(in crate::http) fn of(document: &LaunchDocument) -> Self {
        let LaunchConfigDocument { launchconfig } = LaunchConfigDocument::of(document);
        Self {
            name: launchconfig.name.clone(),
            description: launchconfig.description.clone(),
            image: launchconfig.image.clone(),
            version: launchconfig.version.clone(),
            launchconfig,
        }
    }
}
