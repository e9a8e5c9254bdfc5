//! Requests given to a service itself: no socket on either side.

use std::convert::Infallible;

use axum::body::Body;
use axum::http::Request;
use axum::response::Response;
use tower::{Service, ServiceExt};

use crate::meter::{Spent, timed};
use crate::server::Process;

/// Asks them one after another; every answer has to be 200 and to start so.
pub fn in_process<S>(
    process: &Process,
    service: &S,
    requests: Vec<Request<Body>>,
    start: &str,
) -> Spent
where
    S: Service<Request<Body>, Response = Response, Error = Infallible> + Clone,
{
    process.metrics.run_upkeep();
    let pieces = u32::try_from(requests.len()).unwrap_or(u32::MAX);
    timed(pieces, || {
        process.runtime.block_on(async {
            for request in requests {
                let Ok(answer) = service.clone().oneshot(request).await;
                assert!(answer.status().is_success(), "{}", answer.status());
                let body = axum::body::to_bytes(answer.into_body(), usize::MAX).await;
                assert!(body.is_ok_and(|body| body.starts_with(start.as_bytes())));
            }
        });
    })
}
