//! How the servers do, and bringing what waits to them.

use std::time::Duration;

use tokio::time::timeout;

use super::Memory;
use crate::health::timed;
use crate::{Lag, MemoryError, MemoryErrorKind, ServerHealth};

/// How long a server may take to say that it is there.
const ANSWER_MAX: Duration = Duration::from_secs(2);

impl Memory {
    /// How each server does that keeps something of this memory besides the records: all are asked at
    /// once, and one that says nothing for two seconds does not answer. Empty where everything is in
    /// this process.
    pub async fn health(&self) -> Vec<ServerHealth> {
        let (store, projector) = (&self.shared.store, &self.shared.projector);
        let (working, text) = (&store.working, &projector.text);
        let vectors = projector.vectors();
        let ping_vectors = async {
            match vectors {
                Some(vectors) => vectors.ping().await,
                None => Ok(()),
            }
        };
        let backlog = &projector.backlog;
        let (working, text, vectors) = tokio::join!(
            asked(working.server(), working.ping(), Lag::default()),
            asked(text.server(), text.ping(), backlog.text.lag()),
            asked(
                vectors.and_then(|vectors| vectors.server()),
                ping_vectors,
                backlog.vectors.lag()
            ),
        );
        [working, text, vectors].into_iter().flatten().collect()
    }

    /// Whether anything is kept on servers besides the records.
    #[must_use]
    pub fn uses_servers(&self) -> bool {
        let (store, projector) = (&self.shared.store, &self.shared.projector);
        let servers = [
            store.working.server(),
            projector.text.server(),
            projector.vectors().and_then(|vectors| vectors.server()),
        ];
        servers.iter().any(Option::is_some)
    }

    /// Brings to the servers what was written through this memory and is not there yet. A recall does
    /// the same for one user; this is for whoever has the time in between, and after a server was away.
    ///
    /// # Errors
    /// `Unavailable` when one does not answer; what is not brought waits on.
    pub async fn catch_up(&self) -> Result<(), MemoryError> {
        self.shared.projector.catch_up_waiting().await
    }
}

async fn asked(
    server: Option<&'static str>,
    ping: impl Future<Output = Result<(), MemoryError>>,
    lag: Lag,
) -> Option<ServerHealth> {
    let server = server?;
    let silent = |error| {
        let subject = format!("{server} whether it is there");
        Err(MemoryError::new(MemoryErrorKind::Unavailable, "ask", subject).caused_by(error))
    };
    Some(ServerHealth {
        server,
        answered: timeout(ANSWER_MAX, timed(ping))
            .await
            .unwrap_or_else(silent),
        lag,
    })
}
