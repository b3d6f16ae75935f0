//! One server or a cluster: a connection that is made when it is needed, and mends itself.

use std::time::Duration;

use ::redis::aio::{ConnectionManager, ConnectionManagerConfig};
use ::redis::cluster::ClusterClient;
use ::redis::cluster_async::ClusterConnection;
use ::redis::{Client, Cmd, FromRedisValue, RedisError};
use tokio::sync::OnceCell;

use super::failed;
use crate::{ModelError, ModelErrorKind};

/// How long an answer is waited for: a cache that is slower than a model is of no use.
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
    /// Reaches nobody yet.
    pub(super) fn new(nodes: Vec<String>) -> Result<Self, ModelError> {
        if let [node] = &nodes[..] {
            let client = Client::open(node.as_str()).map_err(wrong)?;
            let config = ConnectionManagerConfig::new()
                .set_connection_timeout(Some(CONNECT_MAX))
                .set_response_timeout(Some(ANSWER_MAX))
                .set_number_of_retries(RETRIES_MAX as usize);
            let manager = ConnectionManager::new_lazy_with_config(client, config);
            return manager.map(Self::Server).map_err(wrong);
        }
        let client = ClusterClient::builder(nodes)
            .connection_timeout(CONNECT_MAX)
            .response_timeout(ANSWER_MAX)
            .retries(RETRIES_MAX)
            .build()
            .map_err(wrong)?;
        Ok(Self::Cluster(Box::new(client), OnceCell::new()))
    }

    pub(super) async fn query<T: FromRedisValue>(&self, command: &Cmd) -> Result<T, ModelError> {
        let answer = match self {
            Self::Server(server) => command.query_async(&mut server.clone()).await,
            Self::Cluster(client, made) => match cluster(client, made).await {
                Ok(mut cluster) => command.query_async(&mut cluster).await,
                Err(error) => Err(error),
            },
        };
        answer.map_err(failed)
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

fn wrong(error: RedisError) -> ModelError {
    let why = "the address is none such as redis://host:port".to_owned();
    ModelError::new(ModelErrorKind::Invalid(why), "use", "Redis").caused_by(error)
}
