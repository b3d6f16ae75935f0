//! Connections: how many, how patient, and how they end.
//!
//! HTTP/1.1 only: hyper's detection of HTTP/2 waits for a silent client without a limit of time.

use std::error::Error;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::http::HeaderValue;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::{GracefulShutdown, Watcher};
use karen_core::config::ServerSettings;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream, UnixStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::timeout;
use tower::Service;

use super::tls::Tls;
use crate::cookie::FORWARDED_PROTO;
use crate::peer::Peer;

/// The connections of a server.
pub(super) struct Connections {
    protocol: http1::Builder,
    tls: Option<Tls>,
    /// What a client gets for its greeting over TLS, and then for its headers.
    patience: Duration,
    graceful: GracefulShutdown,
    places: Arc<Semaphore>,
}

/// A connection with its place among those allowed.
pub(super) struct Accepted {
    stream: TcpStream,
    address: SocketAddr,
    place: OwnedSemaphorePermit,
}

/// What answers over one connection.
struct Line {
    protocol: http1::Builder,
    watcher: Watcher,
    peer: Peer,
    over_tls: bool,
    router: Router,
}

impl Connections {
    pub(super) fn new(settings: &ServerSettings, tls: Option<Tls>) -> Self {
        let patience = Duration::from_secs(u64::from(settings.header_seconds));
        let mut protocol = http1::Builder::new();
        // Counted from the moment that a request could begin: silent clients are cut off too.
        protocol
            .timer(TokioTimer::new())
            .header_read_timeout(patience);
        let places = usize::try_from(settings.connections_max).unwrap_or(Semaphore::MAX_PERMITS);
        Self {
            protocol,
            tls,
            patience,
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
        let line = self.line(Peer::Network(address), router);
        let (tls, patience) = (self.tls.clone(), self.patience);
        tokio::spawn(async move {
            match tls {
                None => line.run(stream).await,
                Some(tls) => match timeout(patience, tls.greet(stream)).await {
                    Ok(Ok(stream)) => line.run(stream).await,
                    Ok(Err(error)) => broken(&error),
                    Err(_) => tracing::debug!("a greeting over TLS took too long"),
                },
            }
            drop(place);
        });
    }

    /// The owner is always let in.
    pub(super) fn serve_owner(&self, stream: UnixStream, router: Router) {
        let mut line = self.line(Peer::Owner, router);
        line.over_tls = false;
        tokio::spawn(line.run(stream));
    }

    fn line(&self, peer: Peer, router: Router) -> Line {
        Line {
            protocol: self.protocol.clone(),
            watcher: self.graceful.watcher(),
            peer,
            over_tls: self.tls.is_some(),
            router,
        }
    }

    /// Ends idle connections and waits for the others.
    pub(super) async fn shutdown(self) {
        self.graceful.shutdown().await;
    }
}

impl Line {
    async fn run<I>(self, stream: I)
    where
        I: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
        let (peer, over_tls, router) = (self.peer, self.over_tls, self.router);
        let service = service_fn(move |request: hyper::Request<Incoming>| {
            let mut request = request.map(Body::new);
            request.extensions_mut().insert(peer);
            if over_tls {
                let https = HeaderValue::from_static("https");
                request.headers_mut().insert(FORWARDED_PROTO, https);
            }
            router.clone().call(request)
        });
        let connection = self
            .protocol
            .serve_connection(TokioIo::new(stream), service);
        if let Err(error) = self.watcher.watch(connection).await {
            broken(&error);
        }
    }
}

fn broken(error: &(dyn Error + 'static)) {
    tracing::debug!(error, "a connection broke");
}
