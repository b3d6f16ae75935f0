//! Who is at the other end of a connection.

use std::net::{IpAddr, SocketAddr};

/// The other end, as an extension of each request.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Peer {
    /// Somebody at this address.
    Network(SocketAddr),
    /// The operating-system user who runs the server, over the local socket.
    Owner,
}

/// Where the client is, behind the proxies that are trusted; an extension of each request that
/// comes from a network.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ClientAddress(pub(crate) IpAddr);
