//! One server or a cluster: a connection that is made when it is needed, and mends itself.

use std::sync::Arc;
use std::time::Duration;

use redis::aio::{ConnectionLike, ConnectionManager, ConnectionManagerConfig};
use redis::cluster::ClusterClient;
use redis::cluster_async::ClusterConnection;
use redis::{Client, Cmd, Pipeline, RedisError, RedisFuture, Value};
use tokio::sync::OnceCell;

use crate::RedisConfig;

/// How long an answer is waited for. All that is kept in Redis stands before something that can do
/// without it, and somebody waits.
const ANSWER_MAX: Duration = Duration::from_millis(500);
/// How long a connection may take.
const CONNECT_MAX: Duration = Duration::from_secs(2);
/// Attempts at one call before it fails; a later call tries again.
const RETRIES_MAX: u32 = 1;

/// A connection to one server or to a cluster, for the commands and scripts of `redis`. Copies share it.
#[derive(Clone)]
pub struct Connection(Kind);

#[derive(Clone)]
enum Kind {
    Server(ConnectionManager),
    Cluster(Arc<Cluster>),
}

/// The nodes of a cluster, and the connection to them once there is one.
struct Cluster {
    client: ClusterClient,
    made: OnceCell<ClusterConnection>,
}

impl Cluster {
    async fn connection(&self) -> Result<ClusterConnection, RedisError> {
        let connect = || self.client.get_async_connection();
        self.made.get_or_try_init(connect).await.cloned()
    }
}

impl Connection {
    /// Reaches nobody yet. One node is a server, several are a cluster's.
    ///
    /// # Errors
    /// `InvalidClientConfig` for an address that is none.
    pub fn new(config: &RedisConfig) -> Result<Self, RedisError> {
        let kind = match &config.nodes[..] {
            [node] => Kind::Server(server(node)?),
            nodes => Kind::Cluster(Arc::new(cluster(nodes)?)),
        };
        Ok(Self(kind))
    }
}

fn server(node: &str) -> Result<ConnectionManager, RedisError> {
    let settings = ConnectionManagerConfig::new()
        .set_connection_timeout(Some(CONNECT_MAX))
        .set_response_timeout(Some(ANSWER_MAX))
        .set_number_of_retries(RETRIES_MAX as usize);
    ConnectionManager::new_lazy_with_config(Client::open(node)?, settings)
}

fn cluster(nodes: &[String]) -> Result<Cluster, RedisError> {
    let client = ClusterClient::builder(nodes.iter().map(String::as_str))
        .connection_timeout(CONNECT_MAX)
        .response_timeout(ANSWER_MAX)
        .retries(RETRIES_MAX)
        .build()?;
    let made = OnceCell::new();
    Ok(Cluster { client, made })
}

impl ConnectionLike for Connection {
    fn req_packed_command<'a>(&'a mut self, command: &'a Cmd) -> RedisFuture<'a, Value> {
        match &mut self.0 {
            Kind::Server(server) => server.req_packed_command(command),
            Kind::Cluster(cluster) => Box::pin(async move {
                let mut cluster = cluster.connection().await?;
                cluster.req_packed_command(command).await
            }),
        }
    }

    fn req_packed_commands<'a>(
        &'a mut self,
        pipeline: &'a Pipeline,
        offset: usize,
        count: usize,
    ) -> RedisFuture<'a, Vec<Value>> {
        match &mut self.0 {
            Kind::Server(server) => server.req_packed_commands(pipeline, offset, count),
            Kind::Cluster(cluster) => Box::pin(async move {
                let mut cluster = cluster.connection().await?;
                cluster.req_packed_commands(pipeline, offset, count).await
            }),
        }
    }

    /// A cluster has one.
    fn get_db(&self) -> i64 {
        match &self.0 {
            Kind::Server(server) => server.get_db(),
            Kind::Cluster(_) => 0,
        }
    }
}
