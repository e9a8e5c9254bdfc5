//! Who may: the admin token, as `Authorization: Bearer` or as `accessToken` in the query.

use std::sync::Arc;

use axum::extract::{FromRequestParts, Request, State};
use axum::http::header::AUTHORIZATION;
use axum::http::request::Parts;
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

use super::AppState;
use super::error::ApiError;
use super::params::Params;
use super::settings::AdminTokens;

/// Name of who has the token of the settings.
const CONFIGURED: &str = "admin";

/// Who makes an administrator's call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Actor(Arc<str>);

impl Actor {
    /// Name of the token.
    pub(super) fn name(&self) -> &str {
        &self.0
    }
}

impl<S: Sync> FromRequestParts<S> for Actor {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, ApiError> {
        let known = parts.extensions.get::<Self>().cloned();
        known.ok_or_else(|| ApiError::unauthorised("this call needs an admin token"))
    }
}

/// Middleware: lets only administrators on.
pub(super) async fn require_admin(
    State(app): State<AppState>,
    mut request: Request,
    next: Next,
) -> Response {
    let bearer = request
        .headers()
        .get(AUTHORIZATION)
        .and_then(|value| value.to_str().ok())
        .and_then(bearer_token);
    let params = Params::of(request.uri());
    let Some(token) = bearer.or_else(|| params.get("accessToken")) else {
        let mend = "the admin token is missing: send it as accessToken in the query or as Authorization: Bearer";
        return ApiError::unauthorised(mend).into_response();
    };
    if accepts(&app.settings.load().admin_tokens, token) {
        request.extensions_mut().insert(Actor(CONFIGURED.into()));
        next.run(request).await
    } else {
        ApiError::unauthorised("the admin token is wrong").into_response()
    }
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
