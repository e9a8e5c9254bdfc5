//! Who may call, and who changed what.

use async_trait::async_trait;
use weir_core::units::UtcMs;

use super::StoreError;

/// A token as it is kept: never the token itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredToken {
    /// Name, 1 to 64 characters: what the book of changes says of whoever has it.
    pub name: String,
    /// SHA-256 of the token, hex.
    pub digest: String,
    /// What it opens, by its word.
    pub scope: String,
    /// When it was made.
    pub created_at: UtcMs,
    /// Who made it.
    pub created_by: String,
    /// From when on it opens nothing; `None`: never.
    pub expires_at: Option<UtcMs>,
}

/// A change that somebody asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// Number, rising; 0 for one that is not kept yet.
    pub id: u64,
    /// When it was asked for.
    pub at: UtcMs,
    /// Name of the token.
    pub who: String,
    /// Address it came from.
    pub address: String,
    /// Method and path.
    pub what: String,
    /// HTTP status it was answered with; `None`: what came of it is not known.
    pub status: Option<u16>,
    /// What changed, in words, where the call says it.
    pub detail: String,
}

/// The part of the store that knows who may call and what was done. All errors leave it unchanged.
#[async_trait]
pub trait AccessBook: Send + Sync + 'static {
    /// Keeps a token; [`StoreError::Exists`] when the name is taken.
    async fn add_token(&self, token: &StoredToken) -> Result<(), StoreError>;
    /// All tokens, by name.
    async fn tokens(&self) -> Result<Vec<StoredToken>, StoreError>;
    /// Removes one; `false` when there is none.
    async fn remove_token(&self, name: &str) -> Result<bool, StoreError>;

    /// Notes a change before it is made; answers its number. The newest 100,000 are kept.
    async fn begin_change(&self, change: &Change) -> Result<u64, StoreError>;
    /// Notes what came of it.
    async fn end_change(&self, id: u64, status: u16, detail: &str) -> Result<(), StoreError>;
    /// Changes with smaller numbers than `before`, newest first, at most `limit`.
    async fn changes(&self, before: Option<u64>, limit: u32) -> Result<Vec<Change>, StoreError>;
}
