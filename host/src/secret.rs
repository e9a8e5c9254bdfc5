//! Text that must not be seen.

use std::fmt;

use serde::{Deserialize, Serialize, Serializer};
use subtle::ConstantTimeEq;

/// What is shown instead.
pub const STARS: &str = "********";

/// A secret; empty means not set. It prints and serialises as stars, so it cannot reach a log or an answer by
/// accident.
#[derive(Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(transparent)]
pub struct Secret(String);

impl Secret {
    /// Wraps the text, without blanks at its ends.
    pub fn new(text: &str) -> Self {
        Self(text.trim().to_owned())
    }

    /// The text itself: for comparing and for sending to the one it is meant for.
    pub fn reveal(&self) -> &str {
        &self.0
    }

    /// Was set.
    pub fn is_set(&self) -> bool {
        !self.0.is_empty()
    }

    /// Compares in a time that does not tell how much of a guess was right; an unset secret equals nothing.
    pub fn matches(&self, guess: &str) -> bool {
        self.is_set() && bool::from(self.0.as_bytes().ct_eq(guess.as_bytes()))
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.is_set() { STARS } else { "(not set)" })
    }
}

impl fmt::Display for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.is_set() { STARS } else { "" })
    }
}

impl Serialize for Secret {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}
