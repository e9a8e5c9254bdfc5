//! One span and one line per request, and the figures behind `/metrics`. Never the query: it may hold a token.

use std::time::Instant;

use axum::extract::{MatchedPath, Request};
use axum::http::Method;
use axum::middleware::Next;
use axum::response::Response;
use tracing::Instrument;

/// Middleware: outermost but for the URL mending.
pub(super) async fn observe(request: Request, next: Next) -> Response {
    let started = Instant::now();
    let method = request.method().clone();
    let path = request.uri().path().to_owned();
    let route = request.extensions().get::<MatchedPath>().map_or_else(
        || "unmatched".to_owned(),
        |matched| matched.as_str().to_owned(),
    );
    let span = tracing::info_span!("http.request", %method, route);
    async move {
        let response = next.run(request).await;
        record(&method, route, &path, response.status().as_u16(), started);
        response
    }
    .instrument(span)
    .await
}

fn record(method: &Method, route: String, path: &str, status: u16, started: Instant) {
    let elapsed = started.elapsed();
    let elapsed_ms = (elapsed.as_secs_f64() * 10_000.0).round() / 10.0;
    if is_for_operators(&route, status) {
        tracing::info!(path, status, elapsed_ms, "answered");
    } else {
        tracing::debug!(path, status, elapsed_ms, "answered");
    }
    metrics::histogram!("weir_http_request_seconds", "route" => route.clone())
        .record(elapsed.as_secs_f64());
    metrics::counter!(
        "weir_http_requests_total",
        "method" => method_label(method), "route" => route, "status" => status.to_string()
    )
    .increment(1);
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
