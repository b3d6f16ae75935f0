//! A way to a server that can be cut, as when the server dies, and mended.

use std::net::SocketAddr;
use std::sync::Arc;

use tokio::io::copy_bidirectional;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Mutex;
use tokio::task::JoinSet;

/// The connections that are passed on; none while the way is cut.
type Connections = Arc<Mutex<Option<JoinSet<()>>>>;

/// Passes connections on to a server while it is not cut.
pub(crate) struct Relay {
    address: SocketAddr,
    connections: Connections,
}

impl Relay {
    /// To the server of a URL such as `redis://127.0.0.1:6379`.
    pub(crate) async fn to(url: &str) -> Self {
        let server = authority(url).to_owned();
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("its address");
        let connections = Arc::new(Mutex::new(Some(JoinSet::new())));
        tokio::spawn(serve(listener, server, Arc::clone(&connections)));
        Self {
            address,
            connections,
        }
    }

    /// The URL with the relay in the place of the server.
    pub(crate) fn url(&self, url: &str) -> String {
        url.replacen(authority(url), &self.address.to_string(), 1)
    }

    /// Drops every connection, and takes none. They are gone when this returns.
    pub(crate) async fn cut(&self) {
        if let Some(mut connections) = self.connections.lock().await.take() {
            connections.shutdown().await;
        }
    }

    pub(crate) async fn mend(&self) {
        *self.connections.lock().await = Some(JoinSet::new());
    }
}

/// The host and port of a URL.
fn authority(url: &str) -> &str {
    let (_, rest) = url.split_once("://").expect("a scheme");
    let end = rest.find('/').unwrap_or(rest.len());
    let (_, host) = rest[..end].rsplit_once('@').unwrap_or(("", &rest[..end]));
    host
}

async fn serve(listener: TcpListener, server: String, connections: Connections) {
    while let Ok((client, _)) = listener.accept().await {
        if let Some(connections) = connections.lock().await.as_mut() {
            connections.spawn(pass(client, server.clone()));
        }
    }
}

async fn pass(mut client: TcpStream, server: String) {
    let mut server = TcpStream::connect(server).await.expect("the server");
    // How it ends is for the two to see.
    let _ = copy_bidirectional(&mut client, &mut server).await;
}
