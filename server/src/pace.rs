//! The least pace of bodies that come in: whoever drips keeps nothing busy for long.
//!
//! Counted is only the time in which we wait for the other side; what our own disk or database takes is not its fault.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use axum::body::{Body, Bytes, HttpBody};
use axum::extract::{Request, State as Extracted};
use axum::middleware::Next;
use axum::response::Response;
use http_body::{Frame, SizeHint};
use tokio::time::{Instant, Sleep, sleep_until};

use crate::bounds::Bounds;
use crate::state::State;

/// The other side was too slow.
#[derive(Debug, thiserror::Error)]
#[error("the body came too slowly")]
pub struct TooSlow;

/// How a body has fared with the other side.
#[derive(Debug)]
pub struct Pace {
    bounds: Bounds,
    waited: Duration,
    bytes: u64,
}

impl Pace {
    /// Nothing yet.
    pub const fn new(bounds: Bounds) -> Self {
        Self { bounds, waited: Duration::ZERO, bytes: 0 }
    }

    /// For how long the other side may let us wait now.
    pub fn patience(&self) -> Duration {
        let earned = Duration::from_millis(self.bytes.saturating_mul(1000) / u64::from(self.bounds.least_rate.max(1)));
        let in_all = self.bounds.grace.saturating_add(earned).min(self.bounds.longest);
        in_all.saturating_sub(self.waited).min(self.bounds.stall)
    }

    /// It let us wait for so long.
    pub fn waited(&mut self, time: Duration) {
        self.waited = self.waited.saturating_add(time);
    }

    /// It has sent or taken so many bytes.
    pub const fn moved(&mut self, bytes: usize) {
        self.bytes += bytes as u64;
    }
}

/// A body that ends with an error when it comes too slowly.
struct Paced {
    body: Body,
    pace: Pace,
    /// Since when we wait, and until when we go on.
    waiting: Option<Instant>,
    limit: Option<Pin<Box<Sleep>>>,
    given_up: bool,
}

impl HttpBody for Paced {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        let this = self.get_mut();
        if this.given_up {
            return Poll::Ready(None);
        }
        if let Poll::Ready(frame) = Pin::new(&mut this.body).poll_frame(cx) {
            if let Some(since) = this.waiting.take() {
                this.pace.waited(since.elapsed());
            }
            if let Some(Ok(frame)) = &frame {
                this.pace.moved(frame.data_ref().map_or(0, Bytes::len));
            }
            return Poll::Ready(frame);
        }
        let limit = if this.waiting.is_none() {
            let now = Instant::now();
            this.waiting = Some(now);
            let until = now + this.pace.patience();
            match &mut this.limit {
                Some(limit) => {
                    limit.as_mut().reset(until);
                    limit
                }
                None => this.limit.insert(Box::pin(sleep_until(until))),
            }
        } else {
            let Some(limit) = &mut this.limit else { return Poll::Pending };
            limit
        };
        ready!(limit.as_mut().poll(cx));
        this.given_up = true;
        metrics::counter!("buildkeep_slow_bodies_total", "way" => "in").increment(1);
        Poll::Ready(Some(Err(axum::Error::new(TooSlow))))
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

/// Middleware: gives up on bodies that come too slowly.
pub async fn of_requests(Extracted(state): Extracted<Arc<State>>, request: Request, next: Next) -> Response {
    if request.body().is_end_stream() {
        return next.run(request).await;
    }
    let pace = Pace::new(state.config.bounds);
    next.run(request.map(|body| Body::new(Paced { body, pace, waiting: None, limit: None, given_up: false }))).await
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn seconds(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    #[test]
    fn patience_is_earned_by_bytes_and_ends() {
        let bounds = Bounds { stall: seconds(60), grace: seconds(30), least_rate: 1000, longest: seconds(3600), ..Bounds::default() };
        let mut pace = Pace::new(bounds);
        assert_eq!(pace.patience(), seconds(30));
        pace.waited(seconds(20));
        assert_eq!(pace.patience(), seconds(10));
        pace.moved(15_000);
        assert_eq!(pace.patience(), seconds(25));
        pace.moved(1_000_000);
        assert_eq!(pace.patience(), seconds(60), "no standing still for longer, however much came before");
        pace.moved(usize::MAX >> 1);
        pace.waited(seconds(3575));
        assert_eq!(pace.patience(), seconds(5), "and not for ever");
        pace.waited(seconds(10));
        assert_eq!(pace.patience(), Duration::ZERO);
    }
}
