//! A stream, by scope and name. (The compatible API calls it an event.)

use serde::{Deserialize, Serialize};

use crate::units::UtcMs;

/// Characters of scope, slash and name together: the compatible API takes no more, so a longer one could never be asked
/// for.
pub const MOST_PATH_CHARS: usize = 254;

/// Scope (`live`, `live/room`) and name of a stream; no slash at the scope's ends.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct StreamName {
    /// Application and sub-scopes.
    pub scope: String,
    /// Last segment.
    pub name: String,
}

impl StreamName {
    /// Trims slashes and blanks round the scope.
    pub fn new(scope: &str, name: &str) -> Self {
        Self {
            scope: scope.trim().trim_matches('/').to_owned(),
            name: name.trim().to_owned(),
        }
    }

    /// `scope/name`.
    pub fn path(&self) -> String {
        format!("{}/{}", self.scope, self.name)
    }

    /// The number by which policies know the stream: 32-bit FNV-1a over `scope/name`
    /// (Fowler, Noll, Vo: offset basis 2166136261, prime 16777619).
    pub fn key(&self) -> u32 {
        let bytes = self.scope.bytes().chain([b'/']).chain(self.name.bytes());
        bytes.fold(2_166_136_261, |hash, byte| {
            (hash ^ u32::from(byte)).wrapping_mul(16_777_619)
        })
    }
}

/// Whether a node takes the stream from its publisher or pulls it from a parent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum StreamKind {
    /// The publisher is connected to this node.
    Publish,
    /// A copy pulled from a parent.
    Restream,
}

/// A stream on one node, as last reported.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StreamOnNode {
    /// Published here or pulled.
    pub kind: StreamKind,
    /// Start of the publish, by the node's clock.
    pub started_at: UtcMs,
    /// Subscribers of this stream on this node.
    pub subscribers: u32,
    /// Full reports in a row that did not list it; at two it is closed.
    pub missed_reports: u8,
}
