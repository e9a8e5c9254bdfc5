//! Who may: a token, as `Authorization: Bearer` or as `accessToken` in the query; and the book of who changed what.

use std::net::IpAddr;

use axum::extract::{Request, State};
use axum::http::header::AUTHORIZATION;
use axum::http::{HeaderMap, Method, Uri};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

use super::AppState;
use super::client::Client;
use super::error::ApiError;
use super::params::Params;
use super::settings::AdminTokens;
use crate::access::{Actor, Known, Scope};
use crate::store::Change;

/// Name of who has the token of the settings.
const CONFIGURED: &str = "admin";
/// Calls below here are about tokens.
const TOKENS: &str = "/weir/v1/tokens";
/// As much of a path as is kept.
const MOST_WHAT: usize = 1_000;

/// What a call changed, in words: a handler puts it beside its answer.
#[derive(Debug, Clone)]
pub(super) struct Changed(pub String);

/// Middleware: lets only those on whose token opens the call, and keeps who changed what.
pub(super) async fn require_admin(
    State(app): State<AppState>,
    mut request: Request,
    next: Next,
) -> Response {
    let client = Client::of(
        &app.settings.load(),
        request.extensions(),
        request.headers(),
    );
    let actor = match who(&app, request.headers(), request.uri(), client.0) {
        Ok(actor) => actor,
        Err(refused) => return refused.into_response(),
    };
    let changes = !matches!(
        *request.method(),
        Method::GET | Method::HEAD | Method::OPTIONS
    );
    // A nested router has taken the front of the path away.
    let path = whole_path(&request);
    if !actor.scope.opens(changes, path.starts_with(TOKENS)) {
        return closed(&actor).into_response();
    }
    request.extensions_mut().insert(actor.clone());
    if !changes {
        return next.run(request).await;
    }
    let what = format!("{} {path}", request.method());
    match begin(&app, &actor, client.0, what).await {
        Ok(id) => {
            let response = next.run(request).await;
            // What is said of it is taken out first: an answer's body cannot be shared between threads.
            let detail = response.extensions().get::<Changed>();
            let detail = detail.map(|changed| changed.0.clone()).unwrap_or_default();
            end(&app, id, response.status().as_u16(), &detail).await;
            response
        }
        Err(error) => error.into_response(),
    }
}

fn whole_path(request: &Request) -> String {
    let original = request.extensions().get::<axum::extract::OriginalUri>();
    let path = original.map_or_else(|| request.uri().path(), |uri| uri.0.path());
    path.chars().take(MOST_WHAT).collect()
}

/// Who presents the token.
fn who(app: &AppState, headers: &HeaderMap, uri: &Uri, peer: IpAddr) -> Result<Actor, ApiError> {
    let params = Params::of(uri);
    let Some(token) = bearer(headers).or_else(|| params.get("accessToken")) else {
        return Err(ApiError::unauthorised(
            "the admin token is missing: send it as accessToken in the query or as Authorization: Bearer",
        ));
    };
    if accepts(&app.settings.load().admin_tokens, token) {
        return Ok(Actor {
            name: CONFIGURED.into(),
            scope: Scope::Admin,
        });
    }
    let problem = match app.access.know(token) {
        Known::As(actor) => return Ok(actor),
        Known::Expired(name) => {
            format!("the time of token {name:?} is over: have another one made")
        }
        Known::Not => "the admin token is wrong".to_owned(),
    };
    app.refused_tokens.note(peer, &problem, app.clock.now());
    Err(ApiError::unauthorised(problem))
}

/// Whether a node's message comes with a token for such messages, where it could not be signed.
///
/// # Errors
/// A token came, but none for that.
pub(super) fn is_node(app: &AppState, headers: &HeaderMap, peer: IpAddr) -> Result<bool, ApiError> {
    let Some(token) = bearer(headers) else {
        return Ok(false);
    };
    match app.access.know(token) {
        Known::As(actor) if actor.scope == Scope::Node => Ok(true),
        Known::As(_) | Known::Expired(_) | Known::Not => {
            let problem =
                "a node's message came with a token that is none for nodes, or not any more";
            app.refused_tokens.note(peer, problem, app.clock.now());
            Err(ApiError::unauthorised(problem))
        }
    }
}

fn closed(actor: &Actor) -> ApiError {
    ApiError::forbidden(format!(
        "token {:?} is {}: it does not open this call",
        actor.name,
        actor.scope.as_str()
    ))
}

/// Written before anything is changed: no change without a row, whatever dies.
async fn begin(app: &AppState, actor: &Actor, peer: IpAddr, what: String) -> Result<u64, ApiError> {
    let change = Change {
        id: 0,
        at: app.clock.now(),
        who: actor.name.to_string(),
        address: peer.to_string(),
        what,
        status: None,
        detail: String::new(),
    };
    Ok(app.store.begin_change(&change).await?)
}

async fn end(app: &AppState, id: u64, status: u16, detail: &str) {
    if let Err(error) = app.store.end_change(id, status, detail).await {
        tracing::warn!(id, status, %error, "what came of a change could not be kept: its row says that it is not known");
    }
}

fn bearer(headers: &HeaderMap) -> Option<&str> {
    let header = headers.get(AUTHORIZATION)?;
    bearer_token(header.to_str().ok()?)
}

fn bearer_token(header: &str) -> Option<&str> {
    let (scheme, token) = header.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
}

/// A published instruction prints a slash after the token: it is taken off when the raw value does not fit.
fn accepts(tokens: &AdminTokens, presented: &str) -> bool {
    tokens.accept(presented)
        || presented
            .strip_suffix('/')
            .is_some_and(|token| tokens.accept(token))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_slash_after_the_token_is_forgiven() {
        let tokens = AdminTokens::new(["autoscaling", "ends-in/"]);
        assert!(accepts(&tokens, "autoscaling") && accepts(&tokens, "autoscaling/"));
        assert!(accepts(&tokens, "ends-in/"));
        assert!(!accepts(&tokens, "autoscaling//") && !accepts(&tokens, "ends-in"));
    }

    #[test]
    fn bearer_is_read_without_case() {
        assert_eq!(bearer_token("bearer abc"), Some("abc"));
        assert_eq!(bearer_token("Basic abc"), None);
    }
}
