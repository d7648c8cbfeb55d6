//! Pages that may be made and read at once: a page, a table or a log is in memory until it is read.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use axum::body::{Body, Bytes, HttpBody};
use axum::extract::{Request, State as Extracted};
use axum::http::{StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use http_body::{Frame, SizeHint};

use crate::auth::actor::client_network;
use crate::network::{ClientNetwork, WideNetwork};
use crate::places::{Place, Places, Weight};
use crate::state::State;

/// For whom a page counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Holder {
    /// A network.
    Network(ClientNetwork),
    /// All networks of a wide one; IPv4 networks are not held together.
    Wide(Option<WideNetwork>),
}

/// Places for pages.
pub type Pages = Places<Holder>;

/// Pages at once for each core that makes them.
const FOR_EACH_CORE: usize = 32;

/// As many places as this machine can make pages without keeping everything else waiting.
pub fn pages() -> Pages {
    Pages::new(std::thread::available_parallelism().map_or(1, std::num::NonZero::get).max(2) * FOR_EACH_CORE)
}

/// A body that holds a place until it is read, or its reader is gone.
struct Held {
    body: Body,
    _place: Place<Holder, 2>,
}

impl HttpBody for Held {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        Pin::new(&mut self.body).poll_frame(cx)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

/// Middleware of pages: takes a place for the network, or asks to try again.
pub async fn admit(Extracted(state): Extracted<Arc<State>>, request: Request, next: Next) -> Response {
    let network = client_network(&state, request.extensions(), request.headers());
    let wide = if network.wide().is_some() { Weight::HALF } else { Weight::ALL };
    let holders = [(Holder::Network(network), Weight::THIRD), (Holder::Wide(network.wide()), wide)];
    let Some(place) = state.pages.take(holders) else {
        metrics::counter!("buildkeep_pages_refused_total").increment(1);
        let sentence = "Too much is being asked for from your network at this moment. Try again in a second.";
        return (StatusCode::SERVICE_UNAVAILABLE, [(header::RETRY_AFTER, "1")], sentence).into_response();
    };
    next.run(request).await.map(|body| Body::new(Held { body, _place: place }))
}
