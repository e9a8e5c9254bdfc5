//! Request bodies as the clients in the field write them: JSON first, then a relaxed form of it.
//!
//! The product this API comes from took numbers as text, whole numbers as fractions, bare words and trailing commas;
//! scripts rely on all of it. Parsing ends in a [`serde_json::Value`]; `Field` reads members of it and names the
//! member and the mend when it cannot.

mod field;
mod relaxed;

use axum::body::Bytes;
use axum::extract::rejection::BytesRejection;
use axum::extract::{FromRequest, Request};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde_json::Value;

pub(super) use field::{Field, FieldError};
pub use relaxed::{RelaxedError, parse_relaxed};

use super::error::ApiError;

/// A request's body as it came.
#[derive(Debug)]
pub(super) struct Whole(pub Bytes);

impl<S: Send + Sync> FromRequest<S> for Whole {
    type Rejection = Response;

    async fn from_request(request: Request, state: &S) -> Result<Self, Response> {
        let bytes = Bytes::from_request(request, state).await;
        bytes.map(Self).map_err(unreadable)
    }
}

/// A request's body, read strictly if that works and relaxed if not.
#[derive(Debug)]
pub(super) struct Body(pub Value);

impl Body {
    /// The whole document.
    pub(super) fn root(&self) -> Field<'_> {
        Field::root(&self.0)
    }
}

impl<S: Send + Sync> FromRequest<S> for Body {
    type Rejection = Response;

    async fn from_request(request: Request, state: &S) -> Result<Self, Response> {
        let Whole(bytes) = Whole::from_request(request, state).await?;
        parse(&bytes)
            .map(Body)
            .map_err(|wrong| ApiError::bad_input(wrong).into_response())
    }
}

fn unreadable(rejection: BytesRejection) -> Response {
    // Too large: `error::render` knows the limit and says it.
    if rejection.status() == StatusCode::PAYLOAD_TOO_LARGE {
        return rejection.into_response();
    }
    ApiError::of_body(&rejection).into_response()
}

/// Parses a body. The error is a text for the client: where it stops making sense and what was expected there.
///
/// # Errors
/// The body is empty, no UTF-8, or neither JSON nor the relaxed form of it.
pub fn parse(body: &[u8]) -> Result<Value, String> {
    let text = std::str::from_utf8(body)
        .map_err(|wrong| format!("the body is not UTF-8 from byte {} on", wrong.valid_up_to()))?
        .trim_start_matches('\u{feff}');
    if text.trim().is_empty() {
        return Err("the body is empty: send a JSON document".to_owned());
    }
    serde_json::from_str(text)
        .or_else(|_| parse_relaxed(text))
        .map_err(|wrong| format!("the body is no JSON, {wrong}"))
}
