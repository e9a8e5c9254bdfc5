//! The short way of a plainly spelled "which server?": no routes, no layers, no waiting.
//!
//! It answers as the routes do, byte for byte; `tests/compat` asks both ways and compares.

use std::time::Instant;

use axum::extract::Request;
use axum::http::header::{
    ACCESS_CONTROL_ALLOW_ORIGIN, ACCESS_CONTROL_EXPOSE_HEADERS, ORIGIN, VARY,
};
use axum::http::{HeaderMap, HeaderValue, Method};
use axum::response::Response;

use super::access_log::Meter;
use super::client::Client;
use super::error::{self, Rendering};
use super::params::Params;
use super::{AppState, v3_1};

/// Versions of the API that answer questions, each with the name of its route in logs and figures.
const VERSIONS: [(&str, &str); 4] = [
    ("2.0", "/streammanager/api/2.0/event/{*path}"),
    ("3.0", "/streammanager/api/3.0/event/{*path}"),
    ("3.1", "/streammanager/api/3.1/event/{*path}"),
    ("4.0", "/streammanager/api/4.0/event/{*path}"),
];

/// What an answer depends on beside the question, as the routes say it too.
const VARIES: HeaderValue = HeaderValue::from_static("origin, access-control-request-headers");

/// Answers questions.
pub(super) struct Questions {
    app: AppState,
    rendering: Rendering,
    /// Figures of answered questions, by version.
    meters: [Meter; VERSIONS.len()],
}

impl Questions {
    pub(super) fn new(app: AppState) -> Self {
        Self {
            rendering: Rendering::of(&app),
            meters: VERSIONS.map(|(_, route)| Meter::new(Method::GET, route)),
            app,
        }
    }

    /// `None`: not a question, or not plainly spelled. The request is to be mended already.
    pub(super) fn answer(&self, request: &Request) -> Option<Response> {
        if request.method() != Method::GET {
            return None;
        }
        let (version, stream) = read(request.uri().path())?;
        let started = Instant::now();
        let settings = self.app.settings.load();
        let client = Client::of(&settings, request.extensions(), request.headers());
        let params = Params::of(request.uri());
        let response = error::guarded(|| v3_1::choose_or_stats(&self.app, stream, client, &params));
        let asked = || format!("GET {}", request.uri().path());
        let mut response = error::rendered(response, asked, &self.rendering);
        let origin = request.headers().get(ORIGIN);
        let allowed = origin.filter(|origin| settings.cors_streams.allow(origin));
        open_to(allowed, response.headers_mut());
        self.meters[version].note(request.uri().path(), response.status(), started);
        Some(response)
    }
}

/// The place of the version in [`VERSIONS`] and the path below `event`. Paths with escapes, and those that mean
/// something else (`list`, `test`), are left to the routes.
fn read(path: &str) -> Option<(usize, &str)> {
    let rest = path.strip_prefix("/streammanager/api/")?;
    let (version, rest) = rest.split_once("/event/")?;
    let version = VERSIONS.iter().position(|(known, _)| *known == version)?;
    let first = rest.split('/').next()?;
    let is_stream = !rest.contains('%') && first != "list" && first != "test";
    is_stream.then_some((version, rest))
}

/// What browsers want to see before a page of another origin may read the answer.
fn open_to(origin: Option<&HeaderValue>, headers: &mut HeaderMap) {
    headers.insert(VARY, VARIES);
    headers.insert(
        ACCESS_CONTROL_EXPOSE_HEADERS,
        HeaderValue::from_static("access-control-allow-origin"),
    );
    if let Some(origin) = origin {
        headers.insert(ACCESS_CONTROL_ALLOW_ORIGIN, origin.clone());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_plain_questions_take_the_short_way() {
        let api = "/streammanager/api";
        for (path, wanted) in [
            ("/3.1/event/live/stream1", Some((2, "live/stream1"))),
            ("/4.0/event/live/room/s", Some((3, "live/room/s"))),
            ("/2.0/event/live/s/stats", Some((0, "live/s/stats"))),
            ("/3.1/event/listing/s", Some((2, "listing/s"))),
            ("/3.1/event/list", None),
            ("/3.1/event/list/stats", None),
            ("/3.1/event/test", None),
            ("/3.1/event/live/a%20b", None),
            ("/5.0/event/live/s", None),
            ("/3.1/media/live/s", None),
            ("/3.1/admin/event/live/s", None),
        ] {
            assert_eq!(read(&format!("{api}{path}")), wanted, "{path}");
        }
    }
}
