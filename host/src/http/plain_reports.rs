//! The short way of a node's plain message: no routes, no layers.
//!
//! It answers as the routes do; `tests/compat` sends both ways and compares. A body that is packed, of unknown length or
//! too long is left to the routes.

use std::time::Instant;

use axum::body::{Body, Bytes, to_bytes};
use axum::extract::Request;
use axum::http::Method;
use axum::http::header::{CONTENT_ENCODING, CONTENT_LENGTH};
use axum::http::request::Parts;
use axum::response::{IntoResponse, Response};

use super::AppState;
use super::access_log::Meter;
use super::client::Client;
use super::error::{self, ApiError, Rendering};
use super::params::Params;
use super::reports;

/// Where nodes report; the name of the route in logs and figures as well.
pub(super) const PATH: &str = "/streammanager/cloudwatch";

/// Takes plain messages of nodes.
pub(super) struct PlainReports {
    app: AppState,
    rendering: Rendering,
    meter: Meter,
}

impl PlainReports {
    pub(super) fn new(app: AppState) -> Self {
        Self {
            rendering: Rendering::of(&app),
            meter: Meter::new(Method::POST, PATH),
            app,
        }
    }

    /// Whether [`PlainReports::answer`] is for this request, which is to be mended already.
    pub(super) fn takes(&self, request: &Request) -> bool {
        let headers = request.headers();
        let length = headers.get(CONTENT_LENGTH).and_then(|length| {
            let length: usize = length.to_str().ok()?.parse().ok()?;
            Some(length)
        });
        request.method() == Method::POST
            && request.uri().path() == PATH
            && !headers.contains_key(CONTENT_ENCODING)
            && length.is_some_and(|length| length <= self.rendering.body_limit)
    }

    /// Reads the body and answers.
    pub(super) async fn answer(&self, request: Request) -> Response {
        let started = Instant::now();
        let (parts, body) = request.into_parts();
        let response = match self.read(&parts, body).await {
            Ok(body) => error::guarded(|| self.take(&parts, &body)),
            Err(error) => error.into_response(),
        };
        let response = error::rendered(response, || format!("POST {PATH}"), &self.rendering);
        self.meter.note(PATH, response.status(), started);
        response
    }

    async fn read(&self, parts: &Parts, body: Body) -> Result<Bytes, ApiError> {
        let settings = self.app.settings.load();
        let client = Client::of(&settings, &parts.extensions, &parts.headers);
        reports::check_head(&self.app, client, &Params::of(&parts.uri), &parts.headers)?;
        let body = to_bytes(body, self.rendering.body_limit).await;
        body.map_err(|error| ApiError::of_body(&error))
    }

    fn take(&self, parts: &Parts, body: &Bytes) -> Result<Response, ApiError> {
        let settings = self.app.settings.load();
        let client = Client::of(&settings, &parts.extensions, &parts.headers);
        let params = Params::of(&parts.uri);
        reports::take(&self.app, client, &params, &parts.headers, body)
    }
}
