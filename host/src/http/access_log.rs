//! One line per request, and the figures behind `/metrics`. Never the query: it may hold a token.

use std::sync::OnceLock;
use std::time::Instant;

use axum::extract::{MatchedPath, Request};
use axum::http::{Method, StatusCode};
use axum::middleware::Next;
use axum::response::Response;
use metrics::{Counter, Histogram};
use tracing::Instrument;

const SECONDS: &str = "weir_http_request_seconds";
const ANSWERED: &str = "weir_http_requests_total";

/// Middleware: outermost of the routes. Its span tells what a request did on its way.
pub(super) async fn observe(request: Request, next: Next) -> Response {
    let started = Instant::now();
    let method = request.method().clone();
    let path = request.uri().path().to_owned();
    let matched = request.extensions().get::<MatchedPath>().cloned();
    let route = || matched.as_ref().map_or("unmatched", MatchedPath::as_str);
    let span = tracing::info_span!("http.request", %method, route = route());
    let response = next.run(request).instrument(span.clone()).await;
    span.in_scope(|| record(&method, route(), &path, response.status(), started));
    response
}

/// Notes an answered request.
fn record(method: &Method, route: &str, path: &str, status: StatusCode, started: Instant) {
    let seconds = started.elapsed().as_secs_f64();
    tell(route, path, status, seconds);
    histogram(route).record(seconds);
    counter(method, route, status).increment(1);
}

fn tell(route: &str, path: &str, status: StatusCode, seconds: f64) {
    let elapsed_ms = (seconds * 10_000.0).round() / 10.0;
    let code = status.as_u16();
    if is_for_operators(route, code) {
        tracing::info!(path, status = code, elapsed_ms, "answered");
    } else {
        tracing::debug!(path, status = code, elapsed_ms, "answered");
    }
}

fn histogram(route: &str) -> Histogram {
    metrics::histogram!(SECONDS, "route" => route.to_owned())
}

fn counter(method: &Method, route: &str, status: StatusCode) -> Counter {
    metrics::counter!(
        ANSWERED,
        "method" => method_label(method), "route" => route.to_owned(), "status" => status.as_str().to_owned()
    )
}

/// Notes requests of one route; those that went well without looking their figures up each time.
pub(super) struct Meter {
    method: Method,
    route: &'static str,
    figures: OnceLock<(Histogram, Counter)>,
}

impl Meter {
    /// The figures are looked up with the first request: by then somebody records them.
    pub(super) fn new(method: Method, route: &'static str) -> Self {
        Self {
            method,
            route,
            figures: OnceLock::new(),
        }
    }

    /// As [`record`].
    pub(super) fn note(&self, path: &str, status: StatusCode, started: Instant) {
        if status != StatusCode::OK {
            record(&self.method, self.route, path, status, started);
            return;
        }
        let (seconds, answered) = self.figures.get_or_init(|| {
            let answered = counter(&self.method, self.route, StatusCode::OK);
            (histogram(self.route), answered)
        });
        let elapsed = started.elapsed().as_secs_f64();
        tell(self.route, path, StatusCode::OK, elapsed);
        seconds.record(elapsed);
        answered.increment(1);
    }
}

/// What operators did, and what went wrong here. Questions of clients and reports of nodes come by the thousand, and
/// whoever has no token may ask anything: their answers are for debugging.
fn is_for_operators(route: &str, status: u16) -> bool {
    let guarded = route.contains("/admin/") || route.starts_with("/weir/");
    status >= 500 || (guarded && status != 401)
}

/// A client can invent methods; labels stay few.
fn method_label(method: &Method) -> &'static str {
    match *method {
        Method::GET => "GET",
        Method::POST => "POST",
        Method::PUT => "PUT",
        Method::DELETE => "DELETE",
        Method::HEAD => "HEAD",
        Method::OPTIONS => "OPTIONS",
        _ => "other",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn anonymous_requests_do_not_fill_the_log() {
        let admin = "/streammanager/api/4.0/admin/nodegroup";
        for (route, status) in [("unmatched", 404), (admin, 401), ("/healthz", 200)] {
            assert!(!is_for_operators(route, status), "{route} {status}");
        }
        for (route, status) in [(admin, 200), (admin, 404), ("/healthz", 500)] {
            assert!(is_for_operators(route, status), "{route} {status}");
        }
    }
}
