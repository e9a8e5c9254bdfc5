//! What a request meets first and its answer passes last.
//!
//! The URL is mended here, because that must happen before anything is routed. "Which server?" and nodes' reports come far
//! more often than everything else together, so a question that is spelled plainly is answered at once
//! ([`super::questions`]), and a plain report as soon as it is read ([`super::plain_reports`]); everything else, and every
//! other spelling of these, goes through the routes, with the same answer.

use std::convert::Infallible;
use std::future::{Ready, ready};
use std::sync::Arc;
use std::task::{Context, Poll};

use axum::Router;
use axum::extract::Request;
use axum::response::Response;
use axum::routing::future::RouteFuture;
use futures_util::future::{BoxFuture, Either, FutureExt};
use tower::Service;

use super::plain_reports::PlainReports;
use super::questions::Questions;
use super::{AppState, normalise};

/// An answer that is there, one that waits for a body, and one of the routes.
type Answering = Either<
    Ready<Result<Response, Infallible>>,
    Either<BoxFuture<'static, Result<Response, Infallible>>, RouteFuture<Infallible>>,
>;

/// The server's service, for [`super::serve`]: with another server clients would have no address. Cheap to clone: it is for
/// every request.
#[derive(Clone)]
pub struct Front(Arc<Ways>);

/// Who may answer.
struct Ways {
    questions: Questions,
    reports: PlainReports,
    routes: Router,
}

impl Front {
    pub(super) fn new(app: AppState, routes: Router) -> Self {
        Self(Arc::new(Ways {
            questions: Questions::new(app.clone()),
            reports: PlainReports::new(app),
            routes,
        }))
    }
}

impl Service<Request> for Front {
    type Response = Response;
    type Error = Infallible;
    type Future = Answering;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        // Routes are always ready.
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request) -> Self::Future {
        let request = normalise::mend(request);
        if let Some(response) = self.0.questions.answer(&request) {
            return Either::Left(ready(Ok(response)));
        }
        Either::Right(if self.0.reports.takes(&request) {
            let ways = self.0.clone();
            Either::Left(async move { Ok(ways.reports.answer(request).await) }.boxed())
        } else {
            Either::Right(self.0.routes.clone().call(request))
        })
    }
}
