//! Who is at the other end of a connection.

use std::net::SocketAddr;

/// The other end, as an extension of each request.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Peer {
    /// Somebody at this address.
    Network(SocketAddr),
    /// The operating-system user who runs the server, over the local socket.
    Owner,
}
