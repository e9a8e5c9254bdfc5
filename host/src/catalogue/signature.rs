//! Whose policies are taken: signatures over an upload's bytes, checked against the keys the settings name.

use std::collections::BTreeMap;

use ring::signature::{ED25519, UnparsedPublicKey};

/// How a signature is written.
const SCHEME: &str = "ed25519=";

/// The keys, and whether an upload has to be signed by one of them.
#[derive(Debug, Clone, Default)]
pub struct Signers {
    keys: BTreeMap<String, [u8; 32]>,
    required: bool,
}

/// Why an upload is not taken for its signature.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SignatureError {
    /// None was sent.
    #[error(
        "this server takes signed policies only: send X-Weir-Policy-Signature: ed25519=<hex of the signature over the \
         component's bytes>, made with one of the keys of policy.signers"
    )]
    Missing,
    /// It is not written as one.
    #[error("X-Weir-Policy-Signature must be ed25519= and 128 hex digits")]
    Unreadable,
    /// There is no key to check it with.
    #[error("a signature was sent, but policy.signers names no key to check it with")]
    NoKeys,
    /// It fits none of the keys.
    #[error(
        "the signature fits none of the keys of policy.signers: sign the very bytes that are sent, and see that the key is listed"
    )]
    Wrong,
}

impl Signers {
    /// Of names and public keys (RFC 8032).
    pub fn new(keys: BTreeMap<String, [u8; 32]>, required: bool) -> Self {
        Self { keys, required }
    }

    /// Name of the key that signed the bytes; none for an unsigned upload where that is allowed.
    ///
    /// # Errors
    /// [`SignatureError`].
    pub(super) fn check(
        &self,
        bytes: &[u8],
        signature: Option<&str>,
    ) -> Result<Option<String>, SignatureError> {
        let Some(signature) = signature else {
            return match self.required {
                true => Err(SignatureError::Missing),
                false => Ok(None),
            };
        };
        let digits = signature.trim().strip_prefix(SCHEME);
        let signature = digits.and_then(|digits| hex::decode(digits).ok());
        let signature = signature.ok_or(SignatureError::Unreadable)?;
        if self.keys.is_empty() {
            return Err(SignatureError::NoKeys);
        }
        let fits = |key: &[u8; 32]| {
            UnparsedPublicKey::new(&ED25519, key)
                .verify(bytes, &signature)
                .is_ok()
        };
        let signer = self.keys.iter().find(|(_, key)| fits(key));
        let (name, _) = signer.ok_or(SignatureError::Wrong)?;
        Ok(Some(name.clone()))
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]

    use ring::signature::{Ed25519KeyPair, KeyPair};

    use super::*;

    fn pair(seed: u8) -> Ed25519KeyPair {
        Ed25519KeyPair::from_seed_unchecked(&[seed; 32]).unwrap()
    }

    fn signed(pair: &Ed25519KeyPair, bytes: &[u8]) -> String {
        format!("ed25519={}", hex::encode(pair.sign(bytes)))
    }

    fn signers(required: bool) -> Signers {
        let key = pair(1).public_key().as_ref().try_into().unwrap();
        Signers::new([("ann".to_owned(), key)].into(), required)
    }

    #[test]
    fn a_signature_names_its_key() {
        let header = signed(&pair(1), b"bytes");
        let signer = signers(true).check(b"bytes", Some(&header));
        assert_eq!(signer, Ok(Some("ann".to_owned())));
    }

    #[test]
    fn what_nobody_known_signed_is_refused() {
        let ours = signed(&pair(1), b"bytes");
        let check = |signers: &Signers, bytes: &[u8], header: Option<&str>| {
            signers.check(bytes, header).unwrap_err()
        };
        let required = signers(true);
        let other = signed(&pair(2), b"bytes");
        assert_eq!(check(&required, b"bytes", None), SignatureError::Missing);
        assert_eq!(
            check(&required, b"other", Some(&ours)),
            SignatureError::Wrong
        );
        assert_eq!(
            check(&required, b"bytes", Some(&other)),
            SignatureError::Wrong
        );
        for header in ["", "ed25519=xyz", "rsa=00"] {
            let refused = check(&required, b"bytes", Some(header));
            assert_eq!(refused, SignatureError::Unreadable, "{header}");
        }
        let nobody = Signers::default();
        assert_eq!(
            check(&nobody, b"bytes", Some(&ours)),
            SignatureError::NoKeys
        );
    }

    #[test]
    fn unsigned_uploads_are_taken_where_none_is_required() {
        assert_eq!(signers(false).check(b"bytes", None), Ok(None));
    }
}
