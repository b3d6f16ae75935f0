//! One server or a cluster: a connection that mends itself.

use std::time::Duration;

use ::redis::aio::{ConnectionManager, ConnectionManagerConfig};
use ::redis::cluster::ClusterClient;
use ::redis::cluster_async::ClusterConnection;
use ::redis::{Client, ErrorKind, FromRedisValue, RedisError, ScriptInvocation};

use tokio::sync::OnceCell;

use crate::{MemoryError, MemoryErrorKind};

/// How long an answer is waited for: working memory that is slower than the truth is of no use.
const ANSWER_MAX: Duration = Duration::from_millis(500);
/// How long a connection may take.
const CONNECT_MAX: Duration = Duration::from_secs(2);
/// Attempts at one call before it fails; a later call tries again.
const RETRIES_MAX: u32 = 1;

pub(super) enum Connection {
    Server(ConnectionManager),
    Cluster(Box<ClusterClient>, OnceCell<ClusterConnection>),
}

impl Connection {
    /// Connects to nothing yet.
    pub(super) fn new(nodes: Vec<String>) -> Result<Self, MemoryError> {
        let of = |error| failed("open", error);
        if let [node] = &nodes[..] {
            let client = Client::open(node.as_str()).map_err(of)?;
            let config = ConnectionManagerConfig::new()
                .set_connection_timeout(Some(CONNECT_MAX))
                .set_response_timeout(Some(ANSWER_MAX))
                .set_number_of_retries(RETRIES_MAX as usize);
            let manager = ConnectionManager::new_lazy_with_config(client, config);
            return manager.map(Self::Server).map_err(of);
        }
        let client = ClusterClient::builder(nodes)
            .connection_timeout(CONNECT_MAX)
            .response_timeout(ANSWER_MAX)
            .retries(RETRIES_MAX)
            .build()
            .map_err(of)?;
        Ok(Self::Cluster(Box::new(client), OnceCell::new()))
    }

    pub(super) async fn run<T: FromRedisValue>(
        &self,
        operation: &'static str,
        script: &ScriptInvocation<'_>,
    ) -> Result<T, MemoryError> {
        let answer = match self {
            Self::Server(server) => script.invoke_async(&mut server.clone()).await,
            Self::Cluster(client, made) => match cluster(client, made).await {
                Ok(mut cluster) => script.invoke_async(&mut cluster).await,
                Err(error) => Err(error),
            },
        };
        answer.map_err(|error| failed(operation, error))
    }

    pub(super) async fn ping(&self) -> Result<(), MemoryError> {
        let ping = ::redis::cmd("PING");
        let answer = match self {
            Self::Server(server) => ping.exec_async(&mut server.clone()).await,
            Self::Cluster(client, made) => match cluster(client, made).await {
                Ok(mut cluster) => ping.exec_async(&mut cluster).await,
                Err(error) => Err(error),
            },
        };
        answer.map_err(|error| failed("ask", error))
    }
}

/// The connection, made at the first call.
async fn cluster(
    client: &ClusterClient,
    made: &OnceCell<ClusterConnection>,
) -> Result<ClusterConnection, RedisError> {
    let connection = made.get_or_try_init(|| client.get_async_connection());
    connection.await.cloned()
}

fn failed(operation: &'static str, error: RedisError) -> MemoryError {
    let kind = match error.kind() {
        ErrorKind::InvalidClientConfig | ErrorKind::AuthenticationFailed => {
            MemoryErrorKind::Invalid
        }
        _ => MemoryErrorKind::Unavailable,
    };
    MemoryError::new(kind, operation, "working memory in Redis").caused_by(error)
}
