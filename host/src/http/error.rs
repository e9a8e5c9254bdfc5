//! Errors as clients of this API know them: `{"errorMessage", "timestamp"}`, always JSON.
//!
//! Handlers end in an [`ApiError`]; [`render`] makes the body, the one place with a clock, and does the same for
//! what the router and the libraries refuse.

use std::any::Any;
use std::error::Error;
use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::header::{CONTENT_TYPE, RETRY_AFTER, WWW_AUTHENTICATE};
use axum::http::{HeaderValue, Response as HttpResponse, StatusCode};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use percent_encoding::percent_decode_str;
use serde::Serialize;
use utoipa::ToSchema;
use weir_cloud::clock::SharedClock;
use weir_core::units::DurationMs;

use super::AppState;
use super::lenient::FieldError;
use super::serve::{BodyFault, fault_of};
use crate::catalogue::UploadError;
use crate::fleet::{AssignError, FleetError};
use crate::store::StoreError;

/// When to ask again where nothing better is known.
const RETRY: DurationMs = DurationMs::secs(5);

/// Reading a group again takes no longer while the store answers.
const READING: DurationMs = DurationMs::secs(1);

/// Why a request was not answered as asked.
#[derive(Debug, Clone)]
pub(super) struct ApiError {
    status: StatusCode,
    message: String,
    retry_after: Option<DurationMs>,
    /// No news for the log: it happens after every start, or the log said once why.
    expected: bool,
    /// For the log only: causes may tell of our inside.
    cause: Option<Arc<str>>,
}

/// The body of every error.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct ErrorBody {
    /// What is wrong and how to mend it.
    error_message: String,
    /// Manager's clock, ms.
    timestamp: u64,
}

impl ApiError {
    fn new(status: StatusCode, message: impl Into<String>) -> Self {
        Self {
            status,
            message: message.into(),
            retry_after: None,
            expected: false,
            cause: None,
        }
    }

    /// 400: the request is wrong, or cannot be met as things stand.
    pub(super) fn bad_input(message: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, message)
    }

    /// 404: the addressed thing does not exist.
    pub(super) fn not_found(what: &str, name: &str) -> Self {
        Self::new(
            StatusCode::NOT_FOUND,
            format!("{what} {name:?} does not exist"),
        )
    }

    /// 404 in own words.
    pub(super) fn absent(message: impl Into<String>) -> Self {
        Self::new(StatusCode::NOT_FOUND, message)
    }

    /// 403: whoever asks is known, and may not.
    pub(super) fn forbidden(message: impl Into<String>) -> Self {
        Self::new(StatusCode::FORBIDDEN, message)
    }

    /// 409: it cannot be done as long as something else stands in its way.
    pub(super) fn conflict(message: impl Into<String>) -> Self {
        Self::new(StatusCode::CONFLICT, message)
    }

    /// 422: what was sent arrived whole, and is not good.
    pub(super) fn unprocessable(message: impl Into<String>) -> Self {
        Self::new(StatusCode::UNPROCESSABLE_ENTITY, message)
    }

    /// 503: nobody's input is at fault, and the same may work in a moment.
    pub(super) fn not_done(message: impl Into<String>) -> Self {
        Self::unavailable(message, RETRY)
    }

    /// 401.
    pub(super) fn unauthorised(message: impl Into<String>) -> Self {
        Self::new(StatusCode::UNAUTHORIZED, message)
    }

    /// 503 with Retry-After.
    pub(super) fn unavailable(message: impl Into<String>, retry_after: DurationMs) -> Self {
        let mut error = Self::new(StatusCode::SERVICE_UNAVAILABLE, message);
        error.retry_after = Some(retry_after);
        error
    }

    /// 500: ours to mend; the cause goes to the log.
    pub(super) fn internal(message: impl Into<String>, cause: &dyn Error) -> Self {
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, message).because(cause)
    }

    /// A body that could not be read.
    pub(super) fn of_body(error: &(dyn Error + 'static)) -> Self {
        match fault_of(error) {
            Some(fault @ BodyFault::TooSlow { .. }) => {
                Self::new(StatusCode::REQUEST_TIMEOUT, fault.to_string())
            }
            Some(fault @ BodyFault::Busy) => Self::unavailable(fault.to_string(), RETRY),
            Some(fault @ BodyFault::Lost(_)) => Self::bad_input(fault.to_string()),
            None => Self::bad_input(format!("the body cannot be read: {error}")),
        }
    }

    fn because(mut self, cause: &dyn Error) -> Self {
        let mut chain = cause.to_string();
        let mut next = cause.source();
        while let Some(source) = next {
            chain.push_str(": ");
            chain.push_str(&source.to_string());
            next = source.source();
        }
        self.cause = Some(chain.into());
        self
    }

    /// What the router or a library refused without saying it in our words.
    fn of_status(status: StatusCode, asked: &str, body_limit: usize) -> Self {
        match status {
            StatusCode::NOT_FOUND => Self::absent(format!("no such route: {asked}")),
            StatusCode::METHOD_NOT_ALLOWED => Self::absent(format!(
                "no such route: {asked}; the path takes other methods"
            )),
            StatusCode::PAYLOAD_TOO_LARGE => Self::bad_input(format!(
                "the body is larger than {body_limit} bytes (counted after decompression), the most this server \
                 takes: send less at a time, or raise reports.max_body_bytes"
            )),
            StatusCode::UNSUPPORTED_MEDIA_TYPE => {
                Self::bad_input("the body's encoding is not known; send it plain or as gzip")
            }
            other => Self::new(
                other,
                other.canonical_reason().unwrap_or("the request failed"),
            ),
        }
    }

    fn log(&self, asked: &str) {
        let cause = self.cause.as_deref().unwrap_or("");
        if self.status == StatusCode::INTERNAL_SERVER_ERROR {
            tracing::error!(asked, cause, "request failed: {self}");
        } else if self.status.is_server_error() && !self.expected {
            tracing::warn!(asked, cause, "request turned away: {self}");
        }
    }
}

impl fmt::Display for ApiError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        let mut response = self.status.into_response();
        response.extensions_mut().insert(self);
        response
    }
}

/// What [`render`] speaks of.
#[derive(Clone)]
pub(super) struct Rendering {
    pub(super) clock: SharedClock,
    /// Largest body, bytes.
    pub(super) body_limit: usize,
}

impl Rendering {
    pub(super) fn of(app: &AppState) -> Self {
        Self {
            clock: app.clock.clone(),
            body_limit: app.settings.load().body_limit,
        }
    }
}

/// Middleware: gives every failure its body. Outside everything that can fail.
pub(super) async fn render(
    State(rendering): State<Rendering>,
    request: Request,
    next: Next,
) -> Response {
    let method = request.method().clone();
    let uri = request.uri().clone();
    let response = match unreadable_path(uri.path()) {
        None => next.run(request).await,
        Some(error) => error.into_response(),
    };
    // The path alone: the query may hold a token.
    rendered(response, || format!("{method} {}", uri.path()), &rendering)
}

/// The answer, with the standard body if it is a failure. `asked`: method and path.
pub(super) fn rendered(
    mut response: Response,
    asked: impl Fn() -> String,
    rendering: &Rendering,
) -> Response {
    let status = response.status();
    if !(status.is_client_error() || status.is_server_error()) {
        return response;
    }
    // A handler that made its own document (`/readyz`) is not spoken over.
    let is_own = response
        .headers()
        .get(CONTENT_TYPE)
        .is_some_and(|kind| kind == "application/json");
    if is_own && response.extensions().get::<ApiError>().is_none() {
        return response;
    }
    let asked = asked();
    let error = response
        .extensions_mut()
        .remove::<ApiError>()
        .unwrap_or_else(|| ApiError::of_status(status, &asked, rendering.body_limit));
    error.log(&asked);
    write(response, error, rendering.clock.now().0)
}

/// Names are text: bytes that are none can be no name of ours, and the router would refuse them without a word.
fn unreadable_path(path: &str) -> Option<ApiError> {
    let segment = path
        .split('/')
        .find(|segment| percent_decode_str(segment).decode_utf8().is_err())?;
    Some(ApiError::bad_input(format!(
        "{segment:?} in the path is not percent-encoded UTF-8: encode the bytes of each character, such as %C3%A4 for ä"
    )))
}

fn write(response: Response, error: ApiError, now_ms: u64) -> Response {
    let (mut parts, _) = response.into_parts();
    parts.status = error.status;
    parts.headers.remove(axum::http::header::CONTENT_LENGTH);
    parts
        .headers
        .insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    if let Some(wait) = error.retry_after {
        parts
            .headers
            .insert(RETRY_AFTER, HeaderValue::from(wait.0.div_ceil(1000).max(1)));
    }
    if error.status == StatusCode::UNAUTHORIZED {
        parts
            .headers
            .insert(WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
    }
    let body = ErrorBody {
        error_message: error.message,
        timestamp: now_ms,
    };
    let body = serde_json::to_vec(&body).unwrap_or_default();
    Response::from_parts(parts, Body::from(body))
}

/// What answers without waiting; a panic in it is answered 500, as by the panic layer.
pub(super) fn guarded(answer: impl FnOnce() -> Result<Response, ApiError>) -> Response {
    match catch_unwind(AssertUnwindSafe(answer)) {
        Ok(answered) => answered.unwrap_or_else(IntoResponse::into_response),
        Err(panic) => panicked(panic),
    }
}

/// For the panic layer: 500, and the panic's text for the log.
pub(super) fn panicked(panic: Box<dyn Any + Send + 'static>) -> HttpResponse<Body> {
    let text = panic
        .downcast_ref::<String>()
        .map(String::as_str)
        .or_else(|| panic.downcast_ref::<&str>().copied())
        .unwrap_or("no text");
    let mut error = ApiError::new(
        StatusCode::INTERNAL_SERVER_ERROR,
        "this server made a mistake; its log has more",
    );
    error.cause = Some(format!("panic: {text}").into());
    error.into_response()
}

impl From<FieldError> for ApiError {
    fn from(error: FieldError) -> Self {
        Self::bad_input(error.0)
    }
}

impl From<StoreError> for ApiError {
    fn from(error: StoreError) -> Self {
        match &error {
            StoreError::Exists { .. } | StoreError::Conflict { .. } => {
                Self::bad_input(error.to_string())
            }
            StoreError::Unavailable { .. } => {
                Self::unavailable("the store cannot be reached; ask again", RETRY).because(&error)
            }
            StoreError::Unreadable { .. } => {
                Self::internal("a stored record cannot be read", &error)
            }
        }
    }
}

impl From<FleetError> for ApiError {
    fn from(error: FleetError) -> Self {
        match error {
            FleetError::NotFound { what, name } => Self::not_found(what, &name),
            FleetError::Refused(why) => Self::bad_input(why),
            FleetError::NotTold(why) => Self::unavailable(why, RETRY),
            // Not the client's doing: somebody else holds the group for the moment.
            FleetError::Store(StoreError::Conflict { what }) => Self::unavailable(
                format!("{what} was changed by somebody else meanwhile; ask again"),
                RETRY,
            ),
            FleetError::Store(error) => error.into(),
            FleetError::ReadingAgain { .. } => Self::unavailable(error.to_string(), READING),
            FleetError::Stopping => Self::unavailable("the server is shutting down", RETRY),
        }
    }
}

impl From<UploadError> for ApiError {
    fn from(error: UploadError) -> Self {
        let message = error.to_string();
        match error {
            UploadError::Name(_) => Self::bad_input(message),
            UploadError::NameTaken(_) => Self::conflict(message),
            UploadError::TooLarge(_) => Self::new(StatusCode::PAYLOAD_TOO_LARGE, message),
            UploadError::Signature(_) => Self::forbidden(message),
            UploadError::Busy => Self::unavailable(message, RETRY),
        }
    }
}

impl From<AssignError> for ApiError {
    fn from(error: AssignError) -> Self {
        let message = error.to_string();
        match error {
            AssignError::NoStream(_) => Self::absent(message),
            AssignError::NoNode(_) => Self::bad_input(message),
            AssignError::TooMany(wait) => {
                let mut error = Self::new(StatusCode::TOO_MANY_REQUESTS, message);
                error.retry_after = Some(wait);
                error
            }
            AssignError::Unavailable(_, wait) => Self::unavailable(message, wait),
            AssignError::NotKnownYet(_, wait) | AssignError::CutOff(wait) => {
                let mut error = Self::unavailable(message, wait);
                error.expected = true;
                error
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_that_are_no_text_are_refused_by_their_segment() {
        assert!(unreadable_path("/live/sm%C3%B6rg%20as/100%").is_none());
        let refused = unreadable_path("/live/%FFx").map(|error| error.to_string());
        assert!(refused.is_some_and(|text| text.starts_with("\"%FFx\" in the path")));
    }
}
