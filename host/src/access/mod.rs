//! Who may call: the token of the settings, and named ones with a scope and an end, of which only digests are kept.

mod scope;

use std::collections::HashMap;
use std::sync::Arc;

use parking_lot::RwLock;
use sha2::{Digest, Sha256};
use weir_cloud::clock::SharedClock;
use weir_core::units::{DurationMs, UtcMs};

use crate::secret::Secret;
use crate::store::{Store, StoreError, StoredToken};
pub use scope::Scope;

/// Bytes of randomness in a token.
const TOKEN_BYTES: usize = 32;
/// Tokens are known by this, in logs of others and to those who look for leaked ones.
const PREFIX: &str = "weir_";

/// Whoever has this token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Actor {
    /// Name of the token.
    pub name: Arc<str>,
    /// What it opens.
    pub scope: Scope,
}

/// What is known of a presented token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Known {
    /// It opens this.
    As(Actor),
    /// It did until its time was over.
    Expired(Arc<str>),
    /// Nobody was given it.
    Not,
}

/// A token to be made.
#[derive(Debug, Clone)]
pub struct NewToken {
    /// Name, 1 to 64 characters.
    pub name: String,
    /// What it opens.
    pub scope: Scope,
    /// It opens nothing after so long; `None`: until it is deleted.
    pub life: Option<DurationMs>,
    /// Who makes it.
    pub by: String,
}

struct Token {
    stored: StoredToken,
    actor: Actor,
}

/// All named tokens; shared by reference.
pub struct Access {
    store: Arc<dyn Store>,
    clock: SharedClock,
    /// By digest. Looking one up tells nothing of the others: digests cannot be chosen.
    tokens: RwLock<HashMap<String, Token>>,
}

impl Access {
    /// Reads the tokens.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn open(store: Arc<dyn Store>, clock: SharedClock) -> Result<Arc<Self>, StoreError> {
        let tokens = store.tokens().await?.into_iter().map(Token::of);
        let keyed = tokens.map(|token| (token.stored.digest.clone(), token));
        Ok(Arc::new(Self {
            tokens: RwLock::new(keyed.collect()),
            store,
            clock,
        }))
    }

    /// Who has this token.
    pub fn know(&self, presented: &str) -> Known {
        let now = self.clock.now();
        let tokens = self.tokens.read();
        match tokens.get(&digest(presented)) {
            None => Known::Not,
            Some(token) if token.stored.expires_at.is_some_and(|at| at <= now) => {
                Known::Expired(token.actor.name.clone())
            }
            Some(token) => Known::As(token.actor.clone()),
        }
    }

    /// Makes a token. It is told this once.
    ///
    /// # Errors
    /// [`StoreError::Exists`] when the name is taken; the store did not take it. Nothing was kept.
    pub async fn make(&self, new: NewToken) -> Result<(StoredToken, Secret), StoreError> {
        #[expect(
            clippy::disallowed_methods,
            reason = "a secret must not follow from a seed"
        )]
        let drawn = rand::random::<[u8; TOKEN_BYTES]>();
        let secret = format!("{PREFIX}{}", hex::encode(drawn));
        let now = self.clock.now();
        let stored = StoredToken {
            name: new.name,
            digest: digest(&secret),
            scope: new.scope.as_str().to_owned(),
            created_at: now,
            created_by: new.by,
            expires_at: new.life.map(|life| now + life),
        };
        self.store.add_token(&stored).await?;
        let token = Token::of(stored.clone());
        self.tokens.write().insert(stored.digest.clone(), token);
        Ok((stored, Secret::new(&secret)))
    }

    /// The tokens, by name; never the tokens themselves.
    pub fn all(&self) -> Vec<StoredToken> {
        let tokens = self.tokens.read();
        let mut all: Vec<_> = tokens.values().map(|token| token.stored.clone()).collect();
        all.sort_by(|a, b| a.name.cmp(&b.name));
        all
    }

    /// Takes a token away: it opens nothing from now on. `None` when there is none.
    ///
    /// # Errors
    /// [`StoreError`]: it opens what it opened.
    pub async fn remove(&self, name: &str) -> Result<Option<StoredToken>, StoreError> {
        let removed = self.store.remove_token(name).await?;
        let mut tokens = self.tokens.write();
        let found = tokens.values().find(|token| token.stored.name == name);
        let found = found.map(|token| token.stored.clone());
        if let Some(found) = &found {
            tokens.remove(&found.digest);
        }
        Ok(found.filter(|_| removed))
    }

    /// Whether its time is over.
    pub fn is_over(&self, token: &StoredToken) -> bool {
        let now: UtcMs = self.clock.now();
        token.expires_at.is_some_and(|at| at <= now)
    }
}

impl Token {
    /// A scope of a later version opens as little as can be.
    fn of(stored: StoredToken) -> Self {
        let actor = Actor {
            name: stored.name.as_str().into(),
            scope: Scope::read(&stored.scope).unwrap_or(Scope::ReadOnly),
        };
        Self { stored, actor }
    }
}

fn digest(token: &str) -> String {
    hex::encode(Sha256::digest(token.as_bytes()))
}

#[cfg(test)]
mod tests;
