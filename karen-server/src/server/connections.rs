//! Connections: how many, how patient, and how they end.
//!
//! HTTP/1.1 only: hyper's detection of HTTP/2 waits for a silent client without a limit of time.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::GracefulShutdown;
use karen_core::config::ServerSettings;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream, UnixStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tower::Service;

use crate::peer::Peer;

/// The connections of a server.
pub(super) struct Connections {
    protocol: http1::Builder,
    graceful: GracefulShutdown,
    places: Arc<Semaphore>,
}

/// A connection with its place among those allowed.
pub(super) struct Accepted {
    stream: TcpStream,
    address: SocketAddr,
    place: OwnedSemaphorePermit,
}

impl Connections {
    pub(super) fn new(settings: &ServerSettings) -> Self {
        let mut protocol = http1::Builder::new();
        // Counted from the moment that a request could begin: silent clients are cut off too.
        protocol
            .timer(TokioTimer::new())
            .header_read_timeout(Duration::from_secs(u64::from(settings.header_seconds)));
        let places = usize::try_from(settings.connections_max).unwrap_or(Semaphore::MAX_PERMITS);
        Self {
            protocol,
            graceful: GracefulShutdown::new(),
            places: Arc::new(Semaphore::new(places)),
        }
    }

    /// Waits for a place, then for a client. Clients beyond the limit wait in the system's queue.
    pub(super) async fn accept(&self, listener: &TcpListener) -> io::Result<Accepted> {
        let place = Arc::clone(&self.places).acquire_owned().await;
        let place = place.expect("the semaphore is never closed");
        let (stream, address) = listener.accept().await?;
        // Small frames of a stream go out at once.
        stream.set_nodelay(true)?;
        Ok(Accepted {
            stream,
            address,
            place,
        })
    }

    pub(super) fn serve(&self, accepted: Accepted, router: Router) {
        let Accepted {
            stream,
            address,
            place,
        } = accepted;
        self.spawn(stream, Peer::Network(address), router, Some(place));
    }

    /// The owner is always let in.
    pub(super) fn serve_owner(&self, stream: UnixStream, router: Router) {
        self.spawn(stream, Peer::Owner, router, None);
    }

    fn spawn<I>(&self, stream: I, peer: Peer, router: Router, place: Option<OwnedSemaphorePermit>)
    where
        I: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
        let service = service_fn(move |request: hyper::Request<Incoming>| {
            let mut request = request.map(Body::new);
            request.extensions_mut().insert(peer);
            router.clone().call(request)
        });
        let connection = self
            .protocol
            .serve_connection(TokioIo::new(stream), service);
        let connection = self.graceful.watch(connection);
        tokio::spawn(async move {
            if let Err(error) = connection.await {
                tracing::debug!(
                    error = &error as &dyn std::error::Error,
                    "a connection broke"
                );
            }
            drop(place);
        });
    }

    /// Ends idle connections and waits for the others.
    pub(super) async fn shutdown(self) {
        self.graceful.shutdown().await;
    }
}
