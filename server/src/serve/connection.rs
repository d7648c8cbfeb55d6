//! What goes on over one connection: whether a request is open, since when none is, and whether answers are taken.

use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use axum::body::{Body, Bytes, HttpBody};
use axum::http::{Request, Response, StatusCode, Version};
use http_body::{Frame, SizeHint};
use tokio::time::Instant;
use tower::Service;

use crate::bounds::Bounds;
use crate::network::{ClientNetwork, WideNetwork};
use crate::pace::{Pace, TooSlow};
use crate::places::{Place, Places, Weight};

/// Answers up to this size are in the hands of hyper and the system at once; what counts for them is that they can be written.
const SMALL: u64 = 64 << 10;
/// While connections are scarce, one that does nothing is kept for this long.
const SHORT: Duration = Duration::from_secs(5);

/// For whom a connection counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Holder {
    /// A network.
    Network(ClientNetwork),
    /// All networks of a wide one; IPv4 networks are not held together.
    Wide(Option<WideNetwork>),
    /// All trusted proxies.
    Proxies,
}

/// With how much each of them may be held.
pub type Holders = [(Holder, Weight); 2];

/// What goes on over a connection.
pub struct Connection {
    bounds: Bounds,
    idle: Duration,
    /// HTTP/2 costs more: what a client has no window for waits in memory, for many streams.
    http2: (Places<Holder>, Holders),
    requests: Mutex<Requests>,
}

struct Requests {
    open: usize,
    /// Whether there was one ever.
    any: bool,
    /// When it began, or the last request ended.
    since: Instant,
    /// Answers that are not small.
    answers: Vec<Arc<Mutex<Answer>>>,
    /// Its place among those by HTTP/2, if it is one.
    by_http2: Option<Place<Holder, 2>>,
}

/// How an answer fares.
struct Answer {
    pace: Pace,
    /// Since when the client has what was given out last, and wants no more yet.
    given: Option<Instant>,
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Connection {
    /// A new one, which may be idle for so long.
    pub fn new(bounds: Bounds, idle: Duration, http2: (Places<Holder>, Holders)) -> Self {
        let requests = Requests { open: 0, any: false, since: Instant::now(), answers: Vec::new(), by_http2: None };
        Self { bounds, idle, http2, requests: Mutex::new(requests) }
    }

    /// The bounds it keeps to.
    pub const fn bounds(&self) -> &Bounds {
        &self.bounds
    }

    /// Why it has to go, if it has to.
    pub fn fault(&self, crowded: bool) -> Option<&'static str> {
        let requests = lock(&self.requests);
        if requests.open == 0 {
            let (patience, why) = if requests.any { (self.idle, "idle") } else { (self.bounds.first_request, "no request") };
            let patience = if crowded { patience.min(SHORT) } else { patience };
            return (requests.since.elapsed() > patience).then_some(why);
        }
        let is_stuck = |answer: &Arc<Mutex<Answer>>| {
            let answer = lock(answer);
            answer.given.is_some_and(|given| given.elapsed() > answer.pace.patience())
        };
        requests.answers.iter().any(is_stuck).then_some("not read")
    }

    /// A request begins; none when it comes by HTTP/2 and there are too many such connections.
    fn begin(self: &Arc<Self>, version: Version) -> Option<Open> {
        let mut requests = lock(&self.requests);
        if version == Version::HTTP_2 && requests.by_http2.is_none() {
            requests.by_http2 = Some(self.http2.0.take(self.http2.1)?);
        }
        requests.open += 1;
        requests.any = true;
        drop(requests);
        Some(Open(self.clone()))
    }
}

/// A request, until it is answered.
struct Open(Arc<Connection>);

impl Drop for Open {
    fn drop(&mut self) {
        let mut requests = lock(&self.0.requests);
        requests.open = requests.open.saturating_sub(1);
        requests.since = Instant::now();
    }
}

/// A service that knows of the requests of its connection.
#[derive(Clone)]
pub struct Counted<S> {
    service: S,
    connection: Arc<Connection>,
}

impl<S> Counted<S> {
    /// The service of this connection.
    pub const fn new(service: S, connection: Arc<Connection>) -> Self {
        Self { service, connection }
    }
}

impl<S, B> Service<Request<B>> for Counted<S>
where
    S: Service<Request<B>, Response = Response<Body>>,
{
    type Response = Response<Body>;
    type Error = S::Error;
    type Future = Answering<S::Future>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.service.poll_ready(cx)
    }

    fn call(&mut self, request: Request<B>) -> Self::Future {
        let open = self.connection.begin(request.version());
        Answering { refused: open.is_none(), answer: self.service.call(request), open }
    }
}

pin_project_lite::pin_project! {
    /// A request that is being answered.
    pub struct Answering<F> {
        #[pin]
        answer: F,
        open: Option<Open>,
        refused: bool,
    }
}

impl<F: Future<Output = Result<Response<Body>, E>>, E> Future for Answering<F> {
    type Output = F::Output;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<F::Output> {
        let this = self.project();
        if *this.refused {
            let mut answer =
                Response::new(Body::from("Too many connections come from your network at this moment. Try again in a second."));
            *answer.status_mut() = StatusCode::SERVICE_UNAVAILABLE;
            return Poll::Ready(Ok(answer));
        }
        let answer = ready!(this.answer.poll(cx));
        let open = this.open.take();
        Poll::Ready(answer.map(|answer| match open {
            Some(open) if answer.body().size_hint().exact().is_none_or(|bytes| bytes > SMALL) => {
                answer.map(|body| Body::new(Watched::new(body, open)))
            }
            Some(_) | None => answer,
        }))
    }
}

/// The body of an answer, whose taking is watched.
struct Watched {
    body: Body,
    answer: Arc<Mutex<Answer>>,
    open: Open,
}

impl Watched {
    fn new(body: Body, open: Open) -> Self {
        let answer = Arc::new(Mutex::new(Answer { pace: Pace::new(open.0.bounds), given: None }));
        lock(&open.0.requests).answers.push(answer.clone());
        Self { body, answer, open }
    }
}

impl Drop for Watched {
    fn drop(&mut self) {
        lock(&self.open.0.requests).answers.retain(|answer| !Arc::ptr_eq(answer, &self.answer));
    }
}

impl HttpBody for Watched {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        let answer = self.answer.clone();
        let mut answer = lock(&answer);
        if let Some(given) = answer.given.take() {
            answer.pace.waited(given.elapsed());
            if answer.pace.patience().is_zero() {
                metrics::counter!("buildkeep_slow_bodies_total", "way" => "out").increment(1);
                return Poll::Ready(Some(Err(axum::Error::new(TooSlow))));
            }
        }
        let frame = ready!(Pin::new(&mut self.body).poll_frame(cx));
        if let Some(Ok(frame)) = &frame {
            answer.pace.moved(frame.data_ref().map_or(0, Bytes::len));
            answer.given = Some(Instant::now());
        }
        Poll::Ready(frame)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
