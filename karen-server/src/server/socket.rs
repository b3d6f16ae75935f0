//! The local socket, through which commands reach a running server.

use std::fs::Permissions;
use std::io;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use karen_core::{Code, Error, Result, socket_path};
use tokio::net::{UnixListener, UnixStream};

/// A Unix socket in the data folder that answers its owner only. Gone when dropped.
pub(super) struct LocalSocket {
    listener: UnixListener,
    path: PathBuf,
}

impl LocalSocket {
    /// Whoever holds the folder's lock may replace the socket that a crash left behind.
    pub(super) fn bind(folder: &Path) -> Result<Self> {
        let path = socket_path(folder);
        let listener = replace(&path).map_err(|error| {
            let message = format!(
                "{} cannot be made: choose a data folder with a shorter path",
                path.display()
            );
            Error::new(Code::Unavailable, message).caused_by(error)
        })?;
        Ok(Self { listener, path })
    }

    /// The next connection of this operating-system user; others are turned away.
    pub(super) async fn accept(&self) -> io::Result<UnixStream> {
        loop {
            let (stream, _) = self.listener.accept().await?;
            let peer = stream.peer_cred()?.uid();
            if peer == rustix::process::geteuid().as_raw() {
                return Ok(stream);
            }
            tracing::warn!(uid = peer, "another user tried the local socket");
        }
    }
}

impl Drop for LocalSocket {
    fn drop(&mut self) {
        if let Err(error) = std::fs::remove_file(&self.path) {
            tracing::debug!(%error, "the local socket was gone already");
        }
    }
}

fn replace(path: &Path) -> io::Result<UnixListener> {
    match std::fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let listener = UnixListener::bind(path)?;
    std::fs::set_permissions(path, Permissions::from_mode(0o600))?;
    Ok(listener)
}
