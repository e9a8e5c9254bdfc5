//! One upload, and what is kept of it beside its bytes.

use serde::{Deserialize, Serialize};
use weir_core::group::Decides;
use weir_core::units::UtcMs;

use super::reference::Reference;
use crate::policy::{About, AdmissionReport, Policy};
use crate::store::{StoreError, StoredComponent};

/// What is stored of an upload, as JSON.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Record {
    /// Size, bytes.
    pub bytes: usize,
    /// Who uploaded it.
    pub uploaded_by: String,
    /// Name of the key that signed it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub signed_by: Option<String>,
    /// What it says of itself.
    pub about: About,
    /// It decides how many nodes there are.
    pub scales: bool,
    /// It decides which node a client is sent to.
    pub places: bool,
    /// What was found when it was admitted.
    pub admission: AdmissionReport,
}

impl Record {
    /// Of an upload that was admitted.
    pub(super) fn new(
        policy: &dyn Policy,
        admission: AdmissionReport,
        bytes: usize,
        (uploaded_by, signed_by): (String, Option<String>),
    ) -> Self {
        Self {
            bytes,
            uploaded_by,
            signed_by,
            about: policy.about().clone(),
            scales: policy.scales(),
            places: policy.places(),
            admission,
        }
    }
}

/// An upload that was admitted.
#[derive(Debug, Clone, PartialEq)]
pub struct Version {
    /// Name it was uploaded under.
    pub name: String,
    /// Its number among the uploads of that name.
    pub number: u32,
    /// SHA-256 of its bytes, hex.
    pub sha256: String,
    /// When it was admitted.
    pub uploaded_at: UtcMs,
    /// What was found.
    pub record: Record,
}

impl Version {
    /// As it is stored.
    ///
    /// # Errors
    /// [`StoreError::Unreadable`]: another version of this program wrote it.
    pub(super) fn read(stored: StoredComponent) -> Result<Self, StoreError> {
        let record = serde_json::from_str(&stored.document);
        Ok(Self {
            record: record.map_err(|source| StoreError::Unreadable {
                what: "policy",
                source: source.into(),
            })?,
            name: stored.name,
            number: stored.number,
            sha256: stored.sha256,
            uploaded_at: stored.uploaded_at,
        })
    }

    /// `name@number`.
    pub fn reference(&self) -> Reference {
        Reference {
            name: self.name.clone(),
            number: Some(self.number),
        }
    }

    /// It can be bound to this.
    pub fn decides(&self, decides: Decides) -> bool {
        match decides {
            Decides::Scaling => self.record.scales,
            Decides::Broadcast | Decides::Subscribe => self.record.places,
        }
    }
}
