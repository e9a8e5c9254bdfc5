//! What a request meets first and its answer passes last.
//!
//! The URL is mended here, because that must happen before anything is routed. "Which server?" is asked far more often
//! than everything else together and never waits, so a question that is spelled plainly is answered at once
//! ([`questions`]); everything else, and every other spelling of it, goes through the routes, with the same answer.

use std::convert::Infallible;
use std::future::{Ready, ready};
use std::task::{Context, Poll};

use axum::Router;
use axum::extract::Request;
use axum::response::Response;
use axum::routing::future::RouteFuture;
use futures_util::future::Either;
use tower::Service;

use super::questions::Questions;
use super::{AppState, normalise};

/// The server's service. Serve it with connect info, else clients have no address.
#[derive(Clone)]
pub struct Front {
    questions: Questions,
    routes: Router,
}

impl Front {
    pub(super) fn new(app: AppState, routes: Router) -> Self {
        Self {
            questions: Questions::new(app),
            routes,
        }
    }
}

impl Service<Request> for Front {
    type Response = Response;
    type Error = Infallible;
    type Future = Either<Ready<Result<Response, Infallible>>, RouteFuture<Infallible>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        // Routes are always ready.
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request) -> Self::Future {
        let request = normalise::mend(request);
        match self.questions.answer(&request) {
            Some(response) => Either::Left(ready(Ok(response))),
            None => Either::Right(self.routes.call(request)),
        }
    }
}
