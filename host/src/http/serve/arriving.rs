//! A request's body on its way: it has to come at a steady pace, and all bodies together stay within a bound.

use std::error::Error;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use hyper::body::{Body, Frame, SizeHint};
use tokio::time::{Instant, Sleep};

/// A body may take so long, whatever its size.
const GRACE: Duration = Duration::from_secs(10);
/// Beyond that it has to come at this pace, bytes a second.
const PACE: usize = 64 * 1024;
/// Most bytes of bodies under way at once, over all connections.
const MOST_HELD: usize = 256 * 1024 * 1024;

/// Why a body was given up.
#[derive(Debug, thiserror::Error)]
pub(in crate::http) enum BodyFault {
    /// It came too slowly.
    #[error(
        "the body came too slowly: {received} bytes in {after_s} s; send it at once, or at 64 KiB a second at least"
    )]
    TooSlow {
        /// Bytes that came.
        received: usize,
        /// Time it had, s.
        after_s: u64,
    },
    /// Too many bodies at once.
    #[error("too many large requests are under way; ask again")]
    Busy,
    /// The connection ended, or it was not sent as HTTP wants it.
    #[error("the body did not arrive whole")]
    Lost(#[source] hyper::Error),
}

/// The fault among an error's causes.
pub(in crate::http) fn fault_of<'a>(error: &'a (dyn Error + 'static)) -> Option<&'a BodyFault> {
    let mut next = Some(error);
    while let Some(error) = next {
        if let Some(fault) = error.downcast_ref() {
            return Some(fault);
        }
        next = error.source();
    }
    None
}

/// Bytes of bodies that are held at the moment.
#[derive(Debug, Default)]
pub(super) struct Held(AtomicUsize);

/// A body under way.
pub(super) struct Arriving<B> {
    body: B,
    held: Arc<Held>,
    received: usize,
    since: Instant,
    grace: Duration,
    /// Only bodies that are waited for have one.
    alarm: Option<Pin<Box<Sleep>>>,
}

impl<B> Arriving<B> {
    pub(super) fn new(body: B, held: Arc<Held>) -> Self {
        Self {
            body,
            held,
            received: 0,
            since: Instant::now(),
            grace: GRACE,
            alarm: None,
        }
    }

    /// Counts what came.
    fn take(&mut self, bytes: usize) -> Result<(), BodyFault> {
        self.received += bytes;
        let before = self.held.0.fetch_add(bytes, Ordering::Relaxed);
        match before + bytes <= MOST_HELD {
            true => Ok(()),
            false => Err(BodyFault::Busy),
        }
    }

    fn time(&self) -> Duration {
        self.grace + Duration::from_secs_f64(self.received as f64 / PACE as f64)
    }

    /// Ready when the time for what did not come yet is over.
    fn poll_late(&mut self, cx: &mut Context<'_>) -> Poll<BodyFault> {
        let time = self.time();
        let deadline = self.since + time;
        #[expect(
            clippy::disallowed_methods,
            reason = "a client is as slow as the machine's clock says"
        )]
        let alarm = self
            .alarm
            .get_or_insert_with(|| Box::pin(tokio::time::sleep_until(deadline)));
        if alarm.deadline() != deadline {
            alarm.as_mut().reset(deadline);
        }
        alarm.as_mut().poll(cx).map(|()| BodyFault::TooSlow {
            received: self.received,
            after_s: time.as_secs(),
        })
    }
}

impl<B> Drop for Arriving<B> {
    fn drop(&mut self) {
        self.held.0.fetch_sub(self.received, Ordering::Relaxed);
    }
}

impl<B> Body for Arriving<B>
where
    B: Body<Data = Bytes, Error = hyper::Error> + Unpin,
{
    type Data = Bytes;
    type Error = BodyFault;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BodyFault>>> {
        let this = &mut *self;
        match Pin::new(&mut this.body).poll_frame(cx) {
            Poll::Ready(Some(Ok(frame))) => {
                let taken = frame
                    .data_ref()
                    .map_or(Ok(()), |data| this.take(data.len()));
                Poll::Ready(Some(taken.map(|()| frame)))
            }
            Poll::Ready(Some(Err(error))) => Poll::Ready(Some(Err(BodyFault::Lost(error)))),
            Poll::Ready(None) => Poll::Ready(None),
            Poll::Pending => this.poll_late(cx).map(|fault| Some(Err(fault))),
        }
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]

    use axum::body::{Body as Whole, to_bytes};

    use super::*;

    /// A body of these many bytes, after which nothing comes any more, not even its end.
    struct Stalling(Option<usize>);

    impl Body for Stalling {
        type Data = Bytes;
        type Error = hyper::Error;

        fn poll_frame(
            mut self: Pin<&mut Self>,
            _: &mut Context<'_>,
        ) -> Poll<Option<Result<Frame<Bytes>, hyper::Error>>> {
            let size = self.0.take();
            size.map_or(Poll::Pending, |size| {
                Poll::Ready(Some(Ok(Frame::data(Bytes::from(vec![0; size])))))
            })
        }
    }

    fn stalling(held: &Arc<Held>, size: usize) -> Arriving<Stalling> {
        let mut arriving = Arriving::new(Stalling(Some(size)), held.clone());
        arriving.grace = Duration::from_millis(10);
        arriving
    }

    async fn fault(body: Arriving<Stalling>) -> String {
        let error = to_bytes(Whole::new(body), usize::MAX).await.unwrap_err();
        fault_of(&error).unwrap().to_string()
    }

    #[tokio::test]
    async fn a_body_that_stalls_is_given_up_and_its_bytes_are_given_back() {
        let held = Arc::default();
        let told = fault(stalling(&held, 100)).await;
        assert!(
            told.starts_with("the body came too slowly: 100 bytes"),
            "{told}"
        );
        assert_eq!(held.0.load(Ordering::Relaxed), 0);
    }

    #[test]
    fn what_came_buys_time_for_the_rest() {
        let mut body = stalling(&Arc::default(), 0);
        body.grace = GRACE;
        assert_eq!(body.time(), Duration::from_secs(10));
        body.take(16 * 1024 * 1024).unwrap();
        assert_eq!(body.time(), Duration::from_secs(10 + 256));
    }

    #[tokio::test]
    async fn all_bodies_together_stay_within_the_bound() {
        let held: Arc<Held> = Arc::default();
        held.0.store(MOST_HELD - 100, Ordering::Relaxed);
        let told = fault(stalling(&held, 100)).await;
        assert!(told.starts_with("the body came too slowly"), "{told}");
        let told = fault(stalling(&held, 101)).await;
        assert!(told.starts_with("too many large requests"), "{told}");
        assert_eq!(held.0.load(Ordering::Relaxed), MOST_HELD - 100);
    }
}
