//! How a node proves who it is, by the configured mode. The formats stand in
//! `weir_cloud::node_auth`; here is what is refused and why.

use axum::http::HeaderMap;
use subtle::ConstantTimeEq;
use weir_cloud::node_auth::{
    MAX_SKEW_MS, NODE_HEADER, NodeKey, SIGNATURE_HEADER, TIMESTAMP_HEADER, digest,
};
use weir_core::report::{Body, Message};
use weir_core::units::UtcMs;

use super::error::ApiError;
use super::params::Params;

/// What the head of a signed message says.
pub(super) struct Signed<'a> {
    node: &'a str,
    at: UtcMs,
    signature: &'a str,
}

/// The head of a signed message, which has to be fresh.
pub(super) fn hmac_head(headers: &HeaderMap, now: UtcMs) -> Result<Signed<'_>, ApiError> {
    let header = |name: &str| {
        let value = headers.get(name).and_then(|value| value.to_str().ok());
        value.ok_or_else(|| {
            ApiError::unauthorised(format!(
                "header {name} is missing: sign the message, or set auth.nodes"
            ))
        })
    };
    let (node, timestamp, signature) = (
        header(NODE_HEADER)?,
        header(TIMESTAMP_HEADER)?,
        header(SIGNATURE_HEADER)?,
    );
    Ok(Signed {
        node,
        at: fresh(timestamp, TIMESTAMP_HEADER, now)?,
        signature,
    })
}

/// Checks a signed body; answers the node's name it is signed for. The body is covered as it reads uncompressed.
pub(super) fn check_hmac(
    password: &str,
    headers: &HeaderMap,
    body: &[u8],
    now: UtcMs,
) -> Result<String, ApiError> {
    let Signed {
        node,
        at,
        signature,
    } = hmac_head(headers, now)?;
    if password.is_empty() {
        return Err(ApiError::unauthorised(
            "auth.cluster_password is not set: no signature can be checked",
        ));
    }
    if !NodeKey::derive(password, node).verifies(signature, node, at, body) {
        return Err(ApiError::unauthorised(format!(
            "{SIGNATURE_HEADER} does not fit: the cluster passwords of node and manager may differ"
        )));
    }
    Ok(node.to_owned())
}

/// What a signed body may say: everything about the node it is signed for; without a name, only ask for its role.
pub(super) fn check_speaker(signed_as: &str, message: &Message) -> Result<(), ApiError> {
    if signed_as.is_empty() && !matches!(message.body, Body::Role(_)) {
        return Err(ApiError::unauthorised(format!(
            "{NODE_HEADER} is empty: only a role message may be signed without a node name"
        )));
    }
    match message.envelope.node_id.as_deref() {
        Some(named) if !signed_as.is_empty() && named != signed_as => {
            Err(ApiError::unauthorised(format!(
                "nodeId must be the node the message is signed for, {signed_as:?}, not {named:?}"
            )))
        }
        Some(_) | None => Ok(()),
    }
}

/// Checks the published digest over action, time and password, sent in the query; answers the action. It does not cover
/// the body.
pub(super) fn check_digest<'a>(
    password: &str,
    params: &'a Params,
    now: UtcMs,
) -> Result<&'a str, ApiError> {
    let param = |name: &str| {
        let missing = || ApiError::unauthorised(format!("query parameter {name} is missing"));
        params.get(name).ok_or_else(missing)
    };
    let (action, timestamp, signature) =
        (param("action")?, param("timestamp")?, param("signature")?);
    let timestamp = fresh(timestamp, "timestamp", now)?;
    let fits = || {
        same(
            &digest(action, timestamp, password),
            &signature.to_ascii_lowercase(),
        )
    };
    if password.is_empty() || !fits() {
        return Err(ApiError::unauthorised(
            "signature does not fit: the cluster passwords of node and manager may differ",
        ));
    }
    Ok(action)
}

/// Checks that messages are what their digest was made for.
pub(super) fn check_action(action: &str, messages: &[Message]) -> Result<(), ApiError> {
    let other = |message: &&Message| type_word(&message.body) != action;
    match messages.iter().find(other) {
        None => Ok(()),
        Some(other) => Err(ApiError::unauthorised(format!(
            "action must be the type of the message, {}, not {action:?}",
            type_word(&other.body)
        ))),
    }
}

fn fresh(timestamp: &str, what: &str, now: UtcMs) -> Result<UtcMs, ApiError> {
    let sent: u64 = timestamp
        .trim()
        .parse()
        .map_err(|_| ApiError::unauthorised(format!("{what} must be milliseconds since 1970")))?;
    if sent.abs_diff(now.0) > MAX_SKEW_MS {
        return Err(ApiError::unauthorised(format!(
            "{what} is {} s away from the manager's clock, {} s are allowed: set the node's clock by NTP",
            sent.abs_diff(now.0) / 1_000,
            MAX_SKEW_MS / 1_000
        )));
    }
    Ok(UtcMs(sent))
}

fn same(wanted: &str, presented: &str) -> bool {
    wanted.as_bytes().ct_eq(presented.as_bytes()).into()
}

fn type_word(body: &Body) -> &'static str {
    match body {
        Body::Role(_) => "role",
        Body::Report(_) => "report",
        Body::Publish(_) => "publish",
        Body::Unpublish(_) => "unpublish",
        Body::Bye {} => "bye",
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]

    use super::*;

    const NOW: UtcMs = UtcMs(1_627_312_266_556);

    fn headers(node: &str, timestamp: u64, signature: &str) -> HeaderMap {
        let mut headers = HeaderMap::new();
        headers.insert(NODE_HEADER, node.parse().unwrap());
        headers.insert(TIMESTAMP_HEADER, timestamp.to_string().parse().unwrap());
        headers.insert(SIGNATURE_HEADER, signature.parse().unwrap());
        headers
    }

    #[test]
    fn a_signature_covers_node_time_and_body() {
        let good = NodeKey::derive("red5pro123", "node-1").sign("node-1", NOW, b"{}");
        let check = |password: &str, node: &str, at: u64, body: &[u8]| {
            check_hmac(password, &headers(node, at, &good), body, NOW).is_ok()
        };
        assert!(check("red5pro123", "node-1", NOW.0, b"{}"));
        assert!(!check("other", "node-1", NOW.0, b"{}"));
        assert!(!check("red5pro123", "node-2", NOW.0, b"{}"));
        assert!(!check("red5pro123", "node-1", NOW.0 + 1, b"{}"));
        assert!(!check("red5pro123", "node-1", NOW.0, b"{ }"));
        assert!(!check("", "node-1", NOW.0, b"{}"));
    }

    #[test]
    fn old_and_early_messages_are_refused() {
        for (age, wanted) in [(300_000, true), (300_001, false)] {
            for at in [NOW.0 - age, NOW.0 + age] {
                let signature = NodeKey::derive("p", "n").sign("n", UtcMs(at), b"");
                let signed = headers("n", at, &signature);
                assert_eq!(check_hmac("p", &signed, b"", NOW).is_ok(), wanted, "{at}");
            }
        }
    }

    #[test]
    fn a_digest_is_for_its_action_and_time() {
        let made = digest("bye", NOW, "p");
        let text = r#"{"v":1,"type":"bye","boot":"1-a","seq":1,"timestamp":1}"#;
        let messages = [serde_json::from_str(text).unwrap()];
        let check = |action: &str, at: u64, signature: &str| {
            let uri = format!("/c?action={action}&timestamp={at}&signature={signature}");
            let params = Params::of(&uri.parse().unwrap());
            check_digest("p", &params, NOW)
                .and_then(|action| check_action(action, &messages))
                .is_ok()
        };
        assert!(check("bye", NOW.0, &made) && check("bye", NOW.0, &made.to_uppercase()));
        assert!(!check("role", NOW.0, &digest("role", NOW, "p")));
        assert!(!check("bye", NOW.0 + 1, &made));
        assert!(!check("bye", NOW.0, ""));
    }

    #[test]
    fn a_node_speaks_for_itself_alone() {
        let message = |node: &str, kind: &str| -> Message {
            let text = format!(
                r#"{{"v":1,"type":"{kind}","nodeId":"{node}","boot":"1-a","seq":1,"timestamp":1}}"#
            );
            serde_json::from_str(&text).unwrap()
        };
        assert!(check_speaker("node-1", &message("node-1", "report")).is_ok());
        assert!(check_speaker("node-1", &message("node-2", "report")).is_err());
        assert!(check_speaker("", &message("node-2", "role")).is_ok());
        assert!(check_speaker("", &message("node-2", "report")).is_err());
    }
}
