//! One server or a cluster: a connection that is made when it is needed, and mends itself.

use std::sync::Arc;
use std::time::Duration;

use ::redis::aio::{ConnectionLike, ConnectionManager, ConnectionManagerConfig};
use ::redis::cluster::ClusterClient;
use ::redis::cluster_async::ClusterConnection;
use ::redis::{Client, Cmd, FromRedisValue, RedisError, ScriptInvocation};
use tokio::sync::OnceCell;

use super::RedisConfig;
use crate::{AuthError, AuthErrorKind};

/// How long an answer is waited for: somebody is waiting to get in.
const ANSWER_MAX: Duration = Duration::from_millis(500);
/// How long a connection may take.
const CONNECT_MAX: Duration = Duration::from_secs(2);
/// Attempts at one call before it fails; a later call tries again.
const RETRIES_MAX: u32 = 1;

#[derive(Clone)]
pub(super) enum Connection {
    Server(ConnectionManager),
    Cluster(Arc<ClusterNodes>),
}

/// The nodes of a cluster, and the connection to them once there is one.
pub(super) struct ClusterNodes {
    client: ClusterClient,
    known: OnceCell<ClusterConnection>,
}

impl ClusterNodes {
    async fn connection(&self) -> Result<ClusterConnection, RedisError> {
        let connect = || self.client.get_async_connection();
        self.known.get_or_try_init(connect).await.cloned()
    }
}

impl Connection {
    /// Reaches nobody yet.
    pub(super) fn new(config: &RedisConfig) -> Result<Self, AuthError> {
        let of = |error| wrong(error);
        if let [node] = &config.nodes[..] {
            let client = Client::open(node.as_str()).map_err(of)?;
            let settings = ConnectionManagerConfig::new()
                .set_connection_timeout(Some(CONNECT_MAX))
                .set_response_timeout(Some(ANSWER_MAX))
                .set_number_of_retries(RETRIES_MAX as usize);
            let manager = ConnectionManager::new_lazy_with_config(client, settings);
            return manager.map(Self::Server).map_err(of);
        }
        let client = ClusterClient::builder(config.nodes.clone())
            .connection_timeout(CONNECT_MAX)
            .response_timeout(ANSWER_MAX)
            .retries(RETRIES_MAX)
            .build()
            .map_err(of)?;
        let known = OnceCell::new();
        Ok(Self::Cluster(Arc::new(ClusterNodes { client, known })))
    }

    pub(super) async fn run<T: FromRedisValue>(
        &self,
        script: &ScriptInvocation<'_>,
    ) -> Result<T, AuthError> {
        match self {
            Self::Server(server) => script.invoke_async(&mut server.clone()).await,
            Self::Cluster(nodes) => match nodes.connection().await {
                Ok(mut cluster) => script.invoke_async(&mut cluster).await,
                Err(error) => Err(error),
            },
        }
        .map_err(silent)
    }

    pub(super) async fn send(&self, command: &Cmd) -> Result<(), AuthError> {
        match self {
            Self::Server(server) => query(command, &mut server.clone()).await,
            Self::Cluster(nodes) => match nodes.connection().await {
                Ok(mut cluster) => query(command, &mut cluster).await,
                Err(error) => Err(error),
            },
        }
        .map_err(silent)
    }
}

async fn query(command: &Cmd, connection: &mut impl ConnectionLike) -> Result<(), RedisError> {
    command.exec_async(connection).await
}

pub(super) fn wrong(error: RedisError) -> AuthError {
    let reason = "the address is none such as redis://host:port";
    AuthError::new(AuthErrorKind::Invalid, "use Redis", reason).caused_by(error)
}

pub(super) fn silent(error: RedisError) -> AuthError {
    let reason = "it does not answer: try again";
    AuthError::new(AuthErrorKind::Unavailable, "use Redis", reason).caused_by(error)
}
