//! Serving: listeners, connections, and the way out.

mod connections;
mod socket;
mod tls;

use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use axum::extract::DefaultBodyLimit;
use axum::{Extension, Router};
use karen_core::config::Config;
use karen_core::{Code, Error, Karen, Result};
use tokio::net::TcpListener;
use tokio::time::timeout;

use self::connections::Connections;
use self::socket::LocalSocket;
use self::tls::Tls;
use crate::app::App;
use crate::peer::Peer;
use crate::router::{routed, router_of};

/// What running answers get to come to their end by themselves.
const DRAIN: Duration = Duration::from_secs(10);
/// What connections get to pass on the end of the turns that closing stopped.
const LAST_WORDS: Duration = Duration::from_secs(2);
const TIDY_EVERY: Duration = Duration::from_secs(5);
/// The owner of the machine may import what fits in memory.
const OWNER_BODY_BYTES_MAX: usize = 1 << 30;

/// Karen, about to be served.
pub struct Server {
    app: App,
    listener: TcpListener,
    address: SocketAddr,
    tls: Option<Tls>,
    socket: Option<LocalSocket>,
}

impl Server {
    /// Takes the configured address, and the local socket in the data folder.
    ///
    /// # Errors
    /// `UNAVAILABLE` when the address cannot be taken, `INVALID_ARGUMENT` when it can be reached
    /// from other machines and no secret is configured, or when the certificate cannot be used.
    pub async fn bind(karen: Karen) -> Result<Self> {
        check_secret(karen.config())?;
        let tls = Tls::open(&karen.config().server)?;
        let listen = karen.config().server.listen;
        let listener = TcpListener::bind(listen)
            .await
            .map_err(|e| refused(listen, e))?;
        let address = listener.local_addr().map_err(|e| refused(listen, e))?;
        let socket = karen
            .folder()
            .map(|folder| LocalSocket::bind(&folder))
            .transpose()?;
        Ok(Self {
            app: App::new(karen),
            listener,
            address,
            tls,
            socket,
        })
    }

    /// Where it listens; with port 0 configured, the port that was free.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Where it is reached on this machine.
    #[must_use]
    pub fn url(&self) -> String {
        let scheme = if self.tls.is_some() { "https" } else { "http" };
        format!("{scheme}://{}", self.address)
    }

    /// Serves until `shutdown` is ready, lets running answers end, and closes Karen.
    ///
    /// # Errors
    /// As [`Karen::close`].
    pub async fn run(mut self, shutdown: impl Future<Output = ()>) -> Result<()> {
        let connections = Connections::new(&self.app.karen.config().server, self.tls.take());
        let public = router_of(&self.app);
        let owner = owned(&self.app);
        let mut tidy = tokio::time::interval(TIDY_EVERY);
        let mut shutdown = std::pin::pin!(shutdown);
        loop {
            tokio::select! {
                () = &mut shutdown => break,
                accepted = connections.accept(&self.listener) => match accepted {
                    Ok(accepted) => connections.serve(accepted, public.clone()),
                    Err(error) => tired(error).await,
                },
                accepted = accept_owner(self.socket.as_ref()) => match accepted {
                    Ok(stream) => connections.serve_owner(stream, owner.clone()),
                    Err(error) => tired(error).await,
                },
                _ = tidy.tick() => self.app.metrics.tidy(),
            }
        }
        self.leave(connections).await
    }

    async fn leave(self, connections: Connections) -> Result<()> {
        self.app.leave();
        drop(self.listener);
        let mut drained = std::pin::pin!(connections.shutdown());
        let in_time = timeout(DRAIN, &mut drained).await.is_ok();
        self.app.karen.clone().close().await?;
        if !in_time && timeout(LAST_WORDS, drained).await.is_err() {
            tracing::warn!("connections were cut off at the end");
        }
        Ok(())
    }
}

/// The router as the owner of the machine sees it: no token is needed. For programs that hold the
/// data folder themselves; never to be served on a network.
pub fn local_router(karen: Karen) -> Router {
    owned(&App::new(karen))
}

fn owned(app: &App) -> Router {
    routed(app.clone())
        .layer(DefaultBodyLimit::max(OWNER_BODY_BYTES_MAX))
        .layer(Extension(Peer::Owner))
}

async fn accept_owner(socket: Option<&LocalSocket>) -> io::Result<tokio::net::UnixStream> {
    match socket {
        Some(socket) => socket.accept().await,
        None => std::future::pending().await,
    }
}

/// Accepting fails when the process has no more files to open: it waits for some to close.
async fn tired(error: io::Error) {
    tracing::warn!(
        error = &error as &dyn std::error::Error,
        "a connection was not accepted"
    );
    tokio::time::sleep(Duration::from_millis(100)).await;
}

/// A secret that was made up at the first start is fine on one's own machine, and nowhere else.
fn check_secret(config: &Config) -> Result<()> {
    let listen = config.server.listen;
    if config.auth.has_secret() || listen.ip().is_loopback() {
        return Ok(());
    }
    let message = format!(
        "{listen} can be reached from other machines, and no secret is set: put the output of \
         `openssl rand -hex 32` into a file and name it in auth.secret_file"
    );
    Err(Error::new(Code::InvalidArgument, message))
}

fn refused(address: SocketAddr, error: io::Error) -> Error {
    let message = match error.kind() {
        io::ErrorKind::AddrInUse => {
            format!("{address} is in use: stop what listens there, or choose another with --listen")
        }
        _ => format!("{address} cannot be listened on: choose another with --listen"),
    };
    Error::new(Code::Unavailable, message).caused_by(error)
}
