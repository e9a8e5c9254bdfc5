//! Uploaded policies as they are kept: their bytes, and what was found when they were admitted.

use async_trait::async_trait;
use weir_core::units::UtcMs;

use super::StoreError;

/// An uploaded policy without its bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredComponent {
    /// Name, 1 to 64 characters.
    pub name: String,
    /// Version number, from 1. Never used again for this name.
    pub number: u32,
    /// SHA-256 of the bytes, hex.
    pub sha256: String,
    /// When it was admitted.
    pub uploaded_at: UtcMs,
    /// JSON document of what was found ([`crate::catalogue::Record`]).
    pub document: String,
}

/// A policy to be kept.
#[derive(Debug, Clone, Copy)]
pub struct NewComponent<'a> {
    /// See [`StoredComponent::name`].
    pub name: &'a str,
    /// See [`StoredComponent::sha256`].
    pub sha256: &'a str,
    /// See [`StoredComponent::uploaded_at`].
    pub uploaded_at: UtcMs,
    /// See [`StoredComponent::document`].
    pub document: &'a str,
    /// The component.
    pub bytes: &'a [u8],
}

/// The part of the store that keeps uploaded policies. All errors leave it unchanged.
#[async_trait]
pub trait Components: Send + Sync + 'static {
    /// Keeps one under the next number of its name. [`StoreError::Exists`] when the same bytes have that name already.
    async fn add_component(&self, new: &NewComponent<'_>) -> Result<StoredComponent, StoreError>;

    /// All of them, by name and number.
    async fn components(&self) -> Result<Vec<StoredComponent>, StoreError>;

    /// The bytes of one; `None` when there is none.
    async fn component_bytes(&self, name: &str, number: u32)
    -> Result<Option<Vec<u8>>, StoreError>;

    /// Removes one; `false` when there is none.
    async fn remove_component(&self, name: &str, number: u32) -> Result<bool, StoreError>;
}
