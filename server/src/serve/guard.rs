//! Guards connections: how many there are in all and of one network, how long they may be silent, and that answers are read.
//!
//! hyper has times of its own, but none for a connection that has sent nothing yet, for HTTP/2 without requests, or for an answer
//! that nobody reads. So the guard sits below it, around the socket: whatever goes on above, each connection looks at the clock
//! every few seconds.

use std::future::{Ready, ready};
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use axum_server::accept::Accept;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio::time::{Instant, Sleep, sleep};

use super::connection::{Connection, Counted, Holder};
use crate::network::ClientNetwork;
use crate::places::{Place, Places, Weight};
use crate::state::State;

/// Of all connections, so many may be by HTTP/2.
const BY_HTTP2: usize = 1024;

/// All connections of a server.
#[derive(Clone)]
pub struct Guard {
    state: Arc<State>,
    places: Places<Holder>,
    by_http2: Places<Holder>,
    most: usize,
}

impl Guard {
    /// Allows so many at once.
    pub fn new(state: &Arc<State>, most: usize) -> Self {
        Self { state: state.clone(), places: Places::new(most), by_http2: Places::new(most.min(BY_HTTP2)), most }
    }

    /// Whether it is time to be short with those who do nothing.
    fn is_crowded(&self) -> bool {
        self.places.free() < self.most / 4
    }

    fn admit(&self, stream: TcpStream) -> io::Result<Guarded> {
        let peer = stream.peer_addr()?.ip().to_canonical();
        let bounds = self.state.config.bounds;
        let is_proxy = self.state.config.trusts(peer);
        let network = ClientNetwork::of_ip(peer);
        // All clients are behind the proxies: only the bound on all connections is theirs. IPv4 networks are not held together.
        let (by, wide, idle) = if is_proxy {
            ((Holder::Proxies, Weight::ALL), Weight::ALL, bounds.idle_of_proxies)
        } else {
            ((Holder::Network(network), Weight::QUARTER), if network.wide().is_some() { Weight::HALF } else { Weight::ALL }, bounds.idle)
        };
        let holders = [by, (Holder::Wide(network.wide()), wide)];
        let Some(place) = self.places.take(holders) else {
            metrics::counter!("buildkeep_connections_refused_total").increment(1);
            return Err(io::ErrorKind::ConnectionRefused.into());
        };
        let tick =
            bounds.first_request.min(bounds.idle).min(bounds.stall).div_f32(4.0).clamp(Duration::from_millis(5), Duration::from_secs(5));
        Ok(Guarded {
            stream,
            connection: Arc::new(Connection::new(bounds, idle, (self.by_http2.clone(), holders))),
            guard: self.clone(),
            blocked: None,
            tick,
            clock: Box::pin(sleep(tick)),
            _place: place,
        })
    }
}

impl<S> Accept<TcpStream, S> for Guard {
    type Stream = Guarded;
    type Service = Counted<S>;
    type Future = Ready<io::Result<(Guarded, Counted<S>)>>;

    fn accept(&self, stream: TcpStream, service: S) -> Self::Future {
        ready(self.admit(stream).map(|stream| {
            let service = Counted::new(service, stream.connection.clone());
            (stream, service)
        }))
    }
}

/// A connection that is cut when the other side keeps it without using it.
pub struct Guarded {
    stream: TcpStream,
    connection: Arc<Connection>,
    guard: Guard,
    /// Since when nothing could be written.
    blocked: Option<Instant>,
    tick: Duration,
    clock: Pin<Box<Sleep>>,
    _place: Place<Holder, 2>,
}

impl Guarded {
    /// An error when the connection has to go; else whoever polls is woken for the next look.
    fn look(&mut self, cx: &mut Context<'_>) -> io::Result<()> {
        while self.clock.as_mut().poll(cx).is_ready() {
            let is_blocked = self.blocked.is_some_and(|since| since.elapsed() > self.connection.bounds().stall);
            let why = if is_blocked { Some("not read") } else { self.connection.fault(self.guard.is_crowded()) };
            if let Some(why) = why {
                metrics::counter!("buildkeep_connections_cut_total", "why" => why).increment(1);
                return Err(io::ErrorKind::TimedOut.into());
            }
            self.clock.as_mut().reset(Instant::now() + self.tick);
        }
        Ok(())
    }

    fn written(&mut self, cx: &mut Context<'_>, written: Poll<io::Result<usize>>) -> Poll<io::Result<usize>> {
        if written.is_ready() {
            self.blocked = None;
            return written;
        }
        self.blocked.get_or_insert_with(Instant::now);
        self.look(cx)?;
        Poll::Pending
    }
}

impl AsyncRead for Guarded {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        if let Poll::Ready(read) = Pin::new(&mut this.stream).poll_read(cx, buffer) {
            return Poll::Ready(read);
        }
        this.look(cx)?;
        Poll::Pending
    }
}

impl AsyncWrite for Guarded {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        let written = Pin::new(&mut this.stream).poll_write(cx, bytes);
        this.written(cx, written)
    }

    fn poll_write_vectored(self: Pin<&mut Self>, cx: &mut Context<'_>, parts: &[io::IoSlice<'_>]) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        let written = Pin::new(&mut this.stream).poll_write_vectored(cx, parts);
        this.written(cx, written)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().stream).poll_flush(cx)
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().stream).poll_shutdown(cx)
    }
}
