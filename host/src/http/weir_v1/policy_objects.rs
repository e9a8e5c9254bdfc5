//! Policies as this API shows them.

use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;

use crate::catalogue::{Catalogue, Checked, UploadState, Version};
use crate::http::AppState;
use crate::http::error::ApiError;
use crate::policy::{AdmissionReport, BUILTINS, SharedPolicy};

/// A policy that can be bound.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct PolicyObject {
    name: String,
    /// `built-in`, `file` (of `policy.load`) or `uploaded`.
    source: &'static str,
    /// Its own version; of an uploaded one the newest's.
    version: String,
    /// SHA-256 of its bytes, hex.
    digest: String,
    summary: String,
    /// What it can decide: `scaling`, `placement`.
    decides: Vec<&'static str>,
    /// Numbers of its uploads, newest first.
    versions: Vec<u32>,
}

impl PolicyObject {
    /// Every policy, by name.
    pub(super) fn all(catalogue: &Catalogue) -> Vec<Self> {
        let registry = catalogue.registry();
        let names = registry
            .names()
            .into_iter()
            .filter(|name| !name.contains('@'));
        let loaded = names.filter_map(|name| registry.get(&name));
        let mut all: Vec<Self> = loaded.map(|policy| Self::of_loaded(&policy)).collect();
        for version in catalogue.versions() {
            match all.last_mut().filter(|last| last.name == version.name) {
                Some(last) => last.take_newer(&version),
                None => all.push(Self::of_version(&version)),
            }
        }
        all.sort_by(|a, b| a.name.cmp(&b.name));
        all
    }

    fn of_loaded(policy: &SharedPolicy) -> Self {
        let built_in = BUILTINS.iter().any(|(name, _)| *name == policy.name());
        Self {
            name: policy.name().to_owned(),
            source: if built_in { "built-in" } else { "file" },
            version: policy.about().version.clone(),
            digest: policy.digest().to_owned(),
            summary: policy.about().summary.clone(),
            decides: decides(policy.scales(), policy.places()),
            versions: Vec::new(),
        }
    }

    fn of_version(version: &Version) -> Self {
        let record = &version.record;
        Self {
            name: version.name.clone(),
            source: "uploaded",
            version: record.about.version.clone(),
            digest: version.sha256.clone(),
            summary: record.about.summary.clone(),
            decides: decides(record.scales, record.places),
            versions: vec![version.number],
        }
    }

    /// Versions come in order of their numbers.
    fn take_newer(&mut self, version: &Version) {
        let mut versions = vec![version.number];
        versions.append(&mut self.versions);
        *self = Self {
            versions,
            ..Self::of_version(version)
        };
    }
}

fn decides(scales: bool, places: bool) -> Vec<&'static str> {
    let worlds = [(scales, "scaling"), (places, "placement")];
    let has = |(has, world): (bool, &'static str)| has.then_some(world);
    worlds.into_iter().filter_map(has).collect()
}

/// The uploads of a name.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct VersionsObject {
    pub(super) name: String,
    /// Newest first.
    pub(super) versions: Vec<VersionObject>,
}

/// An upload.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct VersionObject {
    name: String,
    number: u32,
    /// What bindings name it by: `name@number`.
    reference: String,
    /// SHA-256 of its bytes, hex.
    sha256: String,
    bytes: usize,
    /// When it was admitted, ms.
    uploaded_at: u64,
    uploaded_by: String,
    /// Name of the key that signed it.
    #[serde(skip_serializing_if = "Option::is_none")]
    signed_by: Option<String>,
    /// Its own version.
    version: String,
    summary: String,
    /// What it can decide: `scaling`, `placement`.
    decides: Vec<&'static str>,
    /// JSON Schema of its settings for scaling.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Object>)]
    scaling_settings_schema: Option<Value>,
    /// JSON Schema of its settings for placement.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Object>)]
    placement_settings_schema: Option<Value>,
    /// Facts it asks for.
    wants: Vec<String>,
    /// What was found when it was admitted.
    #[schema(value_type = Object)]
    admission: AdmissionReport,
    /// For whom it decides.
    bound_by: Vec<String>,
}

impl VersionObject {
    /// Of an upload, with those who use it now.
    pub(super) async fn of(app: &AppState, version: &Version) -> Result<Self, ApiError> {
        let reference = version.reference().to_string();
        let bound_by = app.fleet.bound_by(&reference).await?;
        let record = version.record.clone();
        let json = |text: Option<String>| text.and_then(|text| serde_json::from_str(&text).ok());
        Ok(Self {
            name: version.name.clone(),
            number: version.number,
            reference,
            sha256: version.sha256.clone(),
            bytes: record.bytes,
            uploaded_at: version.uploaded_at.0,
            uploaded_by: record.uploaded_by,
            signed_by: record.signed_by,
            version: record.about.version,
            summary: record.about.summary,
            decides: decides(record.scales, record.places),
            scaling_settings_schema: json(record.about.scaling_settings_schema),
            placement_settings_schema: json(record.about.placement_settings_schema),
            wants: record.about.wants,
            admission: record.admission,
            bound_by,
        })
    }
}

/// How an upload fares.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct UploadObject {
    /// Its id, to ask again with.
    upload: String,
    /// `checking` or `admitted`.
    state: &'static str,
    /// Time since it came, ms.
    elapsed_ms: u64,
    /// What became of it.
    #[serde(skip_serializing_if = "Option::is_none")]
    version: Option<VersionObject>,
}

impl UploadObject {
    /// Of an upload that is under way or became a version.
    pub(super) async fn of(app: &AppState, checked: Checked) -> Result<Self, ApiError> {
        let version = match &checked.state {
            UploadState::Admitted(version) | UploadState::Known(version) => Some(version),
            UploadState::Checking | UploadState::Refused(_) | UploadState::Failed(_) => None,
        };
        Ok(Self {
            upload: checked.id,
            state: match version {
                Some(_) => "admitted",
                None => "checking",
            },
            elapsed_ms: checked.elapsed_ms,
            version: match version {
                Some(version) => Some(VersionObject::of(app, version).await?),
                None => None,
            },
        })
    }
}
