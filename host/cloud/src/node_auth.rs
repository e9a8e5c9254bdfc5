//! How a node proves that a message is its own. The signer (simulated node, agent) and the verifier (manager) both use
//! this module, so the format stands in one place.
//!
//! `X-Weir-Signature: v1=hex(HMAC-SHA256(K, node ‖ "\n" ‖ timestamp ‖ "\n" ‖ body))` with
//! `K = HMAC-SHA256(cluster password, node)`. A node that does not know its identifier yet signs with an empty one.

use ring::hmac::{Context, HMAC_SHA256, Key};
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;
use weir_core::units::UtcMs;

/// Header with the node's identifier, empty while the node does not know it.
pub const NODE_HEADER: &str = "x-weir-node";
/// Header with the node's clock at signing, milliseconds since 1970.
pub const TIMESTAMP_HEADER: &str = "x-weir-timestamp";
/// Header with the signature.
pub const SIGNATURE_HEADER: &str = "x-weir-signature";
/// Furthest that a signature's time may lie from the verifier's, either way, ms.
pub const MAX_SKEW_MS: u64 = 300_000;

const SCHEME: &str = "v1=";

/// The key of one node. Derived from the cluster password, or handed to the instance in its user data.
#[derive(Clone, PartialEq, Eq)]
pub struct NodeKey([u8; 32]);

impl NodeKey {
    /// Derives the key of `node` (its identifier, or empty).
    pub fn derive(cluster_password: &str, node: &str) -> Self {
        Self(mac(cluster_password.as_bytes(), [node.as_bytes()]))
    }

    /// Reads a key as [`NodeKey::to_hex`] writes it; `None` when the text is something else.
    pub fn from_hex(text: &str) -> Option<Self> {
        let bytes = hex::decode(text.trim()).ok()?;
        Some(Self(bytes.try_into().ok()?))
    }

    /// The key as text, for user data. A secret.
    pub fn to_hex(&self) -> String {
        hex::encode(self.0)
    }

    /// Value of [`SIGNATURE_HEADER`] for a message.
    pub fn sign(&self, node: &str, timestamp: UtcMs, body: &[u8]) -> String {
        format!("{SCHEME}{}", hex::encode(self.mac(node, timestamp, body)))
    }

    /// Whether `signature`, as it came in the header, is the one of this message. Takes the same time for every
    /// wrong signature. The caller checks `timestamp` against its clock ([`MAX_SKEW_MS`]).
    pub fn verifies(&self, signature: &str, node: &str, timestamp: UtcMs, body: &[u8]) -> bool {
        let claimed = signature.trim().strip_prefix(SCHEME);
        let Some(claimed) = claimed.and_then(|text| hex::decode(text).ok()) else {
            return false;
        };
        let made = self.mac(node, timestamp, body);
        made.ct_eq(claimed.as_slice()).into()
    }

    fn mac(&self, node: &str, timestamp: UtcMs, body: &[u8]) -> [u8; 32] {
        let head = format!("{node}\n{timestamp}\n");
        mac(&self.0, [head.as_bytes(), body])
    }
}

impl std::fmt::Debug for NodeKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("NodeKey(***)")
    }
}

/// The older public recipe: lowercase hex of SHA-256 over action, timestamp (ms) and cluster password, nothing between.
/// It does not cover the body.
pub fn digest(action: &str, timestamp: UtcMs, cluster_password: &str) -> String {
    let hash = Sha256::new()
        .chain_update(action)
        .chain_update(timestamp.to_string())
        .chain_update(cluster_password);
    hex::encode(hash.finalize())
}

fn mac<'a>(key: &[u8], parts: impl IntoIterator<Item = &'a [u8]>) -> [u8; 32] {
    let mut context = Context::with_key(&Key::new(HMAC_SHA256, key));
    parts.into_iter().for_each(|part| context.update(part));
    let tag = context.sign();
    tag.as_ref().try_into().expect("SHA-256 has 32 bytes")
}

#[cfg(test)]
mod tests {
    use super::*;

    const NODE: &str = "node-ap-northeast-1c-1542855506676";
    const AT: UtcMs = UtcMs(1_542_855_577_000);
    const BODY: &[u8] = br#"{"v":1,"type":"bye"}"#;

    #[test]
    fn a_signature_holds_for_its_message_only() {
        let key = NodeKey::derive("changeme", NODE);
        let signature = key.sign(NODE, AT, BODY);
        assert!(key.verifies(&signature, NODE, AT, BODY));
        assert!(!key.verifies(&signature, "other", AT, BODY));
        assert!(!key.verifies(&signature, NODE, UtcMs(AT.0 + 1), BODY));
        assert!(!key.verifies(&signature, NODE, AT, b"{}"));
        let other = NodeKey::derive("changeme", "other");
        assert!(!other.verifies(&signature, NODE, AT, BODY));
        for nonsense in ["", "v1=", "v1=zz", "v2=00", &signature[3..]] {
            assert!(!key.verifies(nonsense, NODE, AT, BODY), "{nonsense}");
        }
    }

    /// Made with another implementation (Python's `hmac`), so that the format cannot drift with this code.
    #[test]
    fn the_format_is_the_documented_one() {
        let key = NodeKey::derive("changeme", NODE);
        assert_eq!(key.to_hex(), KEY_HEX);
        assert_eq!(key.sign(NODE, AT, BODY), SIGNATURE);
        assert_eq!(NodeKey::from_hex(KEY_HEX), Some(key));
    }

    #[test]
    fn the_digest_is_the_published_one() {
        let made = digest("provision.create", UtcMs(1_627_312_266_556), "changeme");
        let published = "fb5d99b58cf7b8dca4d5c381338e57352ed10204a1b16e3cb663036abcae5df7";
        assert_eq!(made, published);
    }

    #[test]
    fn a_key_is_not_printed() {
        assert_eq!(
            format!("{:?}", NodeKey::derive("changeme", NODE)),
            "NodeKey(***)"
        );
    }

    const KEY_HEX: &str = "b9fe7a9229506d6c3bd17a39fdf007b53c5c49ebb55bedd1e20376847cf3334d";
    const SIGNATURE: &str = "v1=8975c67a01ba77bd0e6281ba60d0f85a1792ea3934182be0f067dcc609787420";
}
