//! Messages of nodes: checked, given to the fleet, answered. Nothing here waits for the store.

use std::net::IpAddr;

use axum::Json;
use axum::extract::{FromRequestParts, State};
use axum::http::HeaderMap;
use axum::http::request::Parts;
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;
use weir_cloud::node_auth::SIGNATURE_HEADER;
use weir_core::report::{Answer, FORMAT_VERSION, Message};
use weir_core::units::DurationMs;

use super::client::Client;
use super::error::ApiError;
use super::lenient::Whole;
use super::node_auth;
use super::params::Params;
use super::settings::NodesAuth;
use super::{AppState, auth};
use crate::fleet::Caller;

/// Most messages in one body.
const MOST_MESSAGES: usize = 256;

/// When a server that is no node (yet) asks again.
const UNKNOWN_RETRY: DurationMs = DurationMs::secs(30);

/// For load balancers.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Greeting {
    status: &'static str,
    /// Format version of the node protocol.
    version: &'static str,
}

/// Says that nodes can report here.
#[utoipa::path(get, path = "/streammanager/cloudwatch", tag = "nodes' reports", responses((status = 200, body = Greeting)))]
pub(super) async fn greet() -> Json<Greeting> {
    Json(Greeting {
        status: "ok",
        version: "1",
    })
}

/// Takes one message of a node or an array of them, and answers in kind.
#[utoipa::path(post, path = "/streammanager/cloudwatch", tag = "nodes' reports",
    request_body = serde_json::Value, responses((status = 200, body = serde_json::Value)))]
pub(super) async fn receive(
    State(app): State<AppState>,
    client: Client,
    params: Params,
    headers: HeaderMap,
    _: Announced,
    Whole(body): Whole,
) -> Result<Response, ApiError> {
    take(&app, client, &params, &headers, &body)
}

/// A message whose head says who sends it, and when: checked before a byte of the body is read.
pub(super) struct Announced;

impl FromRequestParts<AppState> for Announced {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, app: &AppState) -> Result<Self, ApiError> {
        let client = Client::of(&app.settings.load(), &parts.extensions, &parts.headers);
        check_head(app, client, &Params::of(&parts.uri), &parts.headers).map(|()| Self)
    }
}

/// What can be told of a message before its body is there: whoever cannot even sign must not fill our memory.
pub(super) fn check_head(
    app: &AppState,
    Client(peer): Client,
    params: &Params,
    headers: &HeaderMap,
) -> Result<(), ApiError> {
    let settings = app.settings.load();
    let now = app.clock.now();
    match proof(app, headers, peer)? {
        NodesAuth::Hmac => node_auth::hmac_head(headers, now).map(|_| ()),
        NodesAuth::Digest => {
            node_auth::check_digest(settings.cluster_password.reveal(), params, now).map(|_| ())
        }
        NodesAuth::Open => Ok(()),
    }
}

/// How this message proves who sends it: as the settings have it, or by a token for nodes, which binds the node to its
/// known address.
fn proof(app: &AppState, headers: &HeaderMap, peer: IpAddr) -> Result<NodesAuth, ApiError> {
    let configured = app.settings.load().nodes_auth;
    let signed = headers.contains_key(SIGNATURE_HEADER);
    match configured {
        NodesAuth::Hmac if !signed && auth::is_node(app, headers, peer)? => Ok(NodesAuth::Open),
        other => Ok(other),
    }
}

/// As [`receive`], for whoever has the request in its parts.
pub(super) fn take(
    app: &AppState,
    Client(peer): Client,
    params: &Params,
    headers: &HeaderMap,
    body: &[u8],
) -> Result<Response, ApiError> {
    let settings = app.settings.load();
    let password = settings.cluster_password.reveal();
    let now = app.clock.now();
    let proof = proof(app, headers, peer)?;
    // A signature is checked before the body is looked at.
    let signed_as = match proof {
        NodesAuth::Hmac => Some(node_auth::check_hmac(password, headers, body, now)?),
        NodesAuth::Digest | NodesAuth::Open => None,
    };
    let mut sent = Sent::read(body)?;
    if proof == NodesAuth::Digest {
        let action = node_auth::check_digest(password, params, now)?;
        node_auth::check_action(action, sent.messages())?;
    }
    if let Some(name) = &signed_as {
        sent.messages()
            .iter()
            .try_for_each(|message| node_auth::check_speaker(name, message))?;
        sent.name_speaker(name);
    }
    let caller = Caller { signed_as, peer };
    if let Some(problem) = sent.over_bound() {
        for message in sent.messages() {
            app.fleet.sign_of_life(message, &caller);
        }
        let speaker = sent.messages().first();
        let named = speaker.and_then(|message| message.envelope.node_id.as_deref());
        app.refused_reports.note(named, caller.peer, &problem, now);
        return Err(ApiError::bad_input(problem));
    }
    sent.answered(|message| answer(app, message, &caller))
}

fn answer(app: &AppState, message: Message, caller: &Caller) -> Answer {
    let named = message.envelope.node_id.clone();
    let mut answer = app.fleet.receive(message, caller);
    let retry_ms = *answer.retry_after_ms.get_or_insert(UNKNOWN_RETRY.0);
    if answer.accepted {
        answer.retry_after_ms = None;
        metrics::counter!("weir_reports_total").increment(1);
    } else if let Some(problem) = &answer.error_message {
        app.refused_reports
            .note(named.as_deref(), caller.peer, problem, app.clock.now());
    } else if retry_ms >= UNKNOWN_RETRY.0 {
        // A shorter wait is told to known nodes whose mailbox is full.
        app.unknown_nodes
            .seen(caller.peer, named.as_deref(), app.clock.now());
    }
    answer
}

/// A body: answered in the shape it came in.
enum Sent {
    One(Box<[Message; 1]>),
    Many(Vec<Message>),
}

impl Sent {
    /// All messages or none: a bad one spoils the body.
    fn read(body: &[u8]) -> Result<Self, ApiError> {
        let sent = if body.trim_ascii_start().starts_with(b"[") {
            serde_json::from_slice(body).map(Self::Many)
        } else {
            serde_json::from_slice(body).map(|message| Self::One(Box::new([message])))
        };
        let sent = sent.map_err(|_| ApiError::bad_input(problem(body)))?;
        if sent.messages().len() > MOST_MESSAGES {
            return Err(ApiError::bad_input(format!(
                "the body has {} messages: send at most {MOST_MESSAGES} at a time",
                sent.messages().len()
            )));
        }
        match sent
            .messages()
            .iter()
            .find(|message| message.envelope.v != FORMAT_VERSION)
        {
            Some(other) => Err(ApiError::bad_input(format!(
                "v must be {FORMAT_VERSION}, not {}",
                other.envelope.v
            ))),
            None => Ok(sent),
        }
    }

    fn messages(&self) -> &[Message] {
        match self {
            Self::One(message) => message.as_slice(),
            Self::Many(messages) => messages,
        }
    }

    /// A signature says whose a message is when the message does not.
    fn name_speaker(&mut self, name: &str) {
        let messages = match self {
            Self::One(message) => message.as_mut_slice(),
            Self::Many(messages) => messages,
        };
        for envelope in messages.iter_mut().map(|message| &mut message.envelope) {
            if envelope.node_id.is_none() && !name.is_empty() {
                envelope.node_id = Some(name.to_owned());
            }
        }
    }

    /// What is larger than it may be: the first such member.
    fn over_bound(&self) -> Option<String> {
        let mut messages = self.messages().iter().enumerate();
        messages.find_map(|(at, message)| {
            let over = message.check_bounds().err()?;
            Some(match self {
                Self::One(_) => over.to_string(),
                Self::Many(_) => format!("message {at}: {over}"),
            })
        })
    }

    /// A single message that is not taken is an error; among several its answer says so.
    fn answered(self, answer: impl Fn(Message) -> Answer) -> Result<Response, ApiError> {
        match self {
            Self::One(message) => {
                let [message] = *message;
                match answer(message) {
                    Answer {
                        error_message: Some(problem),
                        ..
                    } => Err(ApiError::bad_input(problem)),
                    answer => Ok(Json(answer).into_response()),
                }
            }
            Self::Many(messages) => {
                let answers = messages.into_iter().map(answer);
                Ok(Json(answers.collect::<Vec<_>>()).into_response())
            }
        }
    }
}

/// Which member is wrong. Slow, and so only asked once the quick reading failed.
fn problem(body: &[u8]) -> String {
    let value: Value = match serde_json::from_slice(body) {
        Ok(value) => value,
        Err(wrong) => return format!("the body is no JSON: {wrong}"),
    };
    match value {
        Value::Array(items) => items.into_iter().enumerate().find_map(|(at, item)| {
            message_problem(item).map(|problem| format!("message {at}: {problem}"))
        }),
        single => message_problem(single),
    }
    .unwrap_or_else(|| "the body is no message of a node".to_owned())
}

fn message_problem(value: Value) -> Option<String> {
    let wrong = serde_path_to_error::deserialize::<_, Message>(value).err()?;
    let path = wrong.path().to_string();
    let problem = wrong.into_inner();
    Some(if path == "." {
        problem.to_string()
    } else {
        format!("{path}: {problem}")
    })
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]

    use super::*;

    fn refused(body: &str) -> String {
        Sent::read(body.as_bytes()).err().unwrap().to_string()
    }

    #[test]
    fn a_bad_message_names_its_member() {
        let cases = [
            ("", "no JSON"),
            ("{}", "missing field `v`"),
            (
                r#"{"v":1,"type":"role","boot":"x","seq":1,"timestamp":1}"#,
                "boot: boot must be",
            ),
            (
                r#"{"v":1,"boot":"1-a","seq":1,"timestamp":1}"#,
                "type must be role",
            ),
            (
                r#"{"v":1,"type":"dance","boot":"1-a","seq":1,"timestamp":1}"#,
                "unknown variant `dance`",
            ),
            (
                r#"{"v":1,"type":"report","boot":"1-a","seq":1,"timestamp":1,"streams":[{"scope":"live","name":"s","subscribers":"x"}]}"#,
                "streams[0].subscribers: invalid type",
            ),
            (
                r#"[{"v":1,"type":"bye","boot":"1-a","seq":1,"timestamp":1},{}]"#,
                "message 1: missing field `v`",
            ),
            (
                r#"{"v":2,"type":"bye","boot":"1-a","seq":1,"timestamp":1}"#,
                "v must be 1, not 2",
            ),
        ];
        for (body, wanted) in cases {
            let problem = refused(body);
            assert!(problem.contains(wanted), "{body}\n{problem}");
        }
    }

    #[test]
    fn what_is_over_its_bound_is_named_with_its_message() {
        let long = "a".repeat(300);
        let one = format!(
            r#"{{"v":1,"type":"publish","boot":"1-a","seq":1,"timestamp":1,"scope":"live","name":"{long}"}}"#
        );
        let over = |body: &str| Sent::read(body.as_bytes()).ok().unwrap().over_bound();
        let problem = over(&one).unwrap();
        assert!(
            problem.starts_with("name: ") && problem.contains("305"),
            "{problem}"
        );
        let bye = r#"{"v":1,"type":"bye","boot":"1-a","seq":1,"timestamp":1}"#;
        let problem = over(&format!("[{bye},{one}]")).unwrap();
        assert!(problem.starts_with("message 1: name: "), "{problem}");
        assert_eq!(over(bye), None);
    }

    #[test]
    fn a_body_is_one_message_or_an_array() {
        let one = r#"{"v":1,"type":"bye","boot":"1-a","seq":1,"timestamp":1}"#;
        assert_eq!(Sent::read(one.as_bytes()).ok().unwrap().messages().len(), 1);
        let many = format!(" [{one},{one}]");
        assert_eq!(
            Sent::read(many.as_bytes()).ok().unwrap().messages().len(),
            2
        );
        let flood = format!("[{}]", vec![one; MOST_MESSAGES + 1].join(","));
        assert!(refused(&flood).contains("at most 256"));
    }
}
