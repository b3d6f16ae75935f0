//! The bell over Redis, which any node of a cluster passes on.

use std::time::Duration;

use ::redis::aio::PubSubStream;
use ::redis::{Client, Cmd};
use async_trait::async_trait;
use futures::StreamExt;
use karen_redis::{Connection, RedisConfig};
use tokio::sync::mpsc;
use tokio::time::{sleep, timeout};

use super::{silent, wrong};
use crate::{AuthError, AuthErrorKind, Bell, Ending, Heard};

/// How long a connection may take.
const CONNECT_MAX: Duration = Duration::from_secs(2);
/// After a connection was lost.
const REST: Duration = Duration::from_millis(250);

/// A bell that every instance on the same Redis hears. A listener whose connection is lost connects
/// again, and hears that it may have missed something.
pub struct RedisBell {
    connection: Connection,
    listening: Client,
    channel: String,
}

impl RedisBell {
    /// A bell that connects when it is first used.
    ///
    /// # Errors
    /// `Invalid` for an address that is none.
    pub fn new(config: &RedisConfig) -> Result<Self, AuthError> {
        let first = config.nodes.first().map_or("", String::as_str);
        Ok(Self {
            connection: Connection::new(config).map_err(wrong)?,
            listening: Client::open(first).map_err(wrong)?,
            channel: format!("{}:auth:ended", config.namespace),
        })
    }
}

#[async_trait]
impl Bell for RedisBell {
    async fn ring(&self, ending: &Ending) -> Result<(), AuthError> {
        let message = Cmd::publish(&self.channel, ending.to_string());
        let sent = message.exec_async(&mut self.connection.clone()).await;
        sent.map_err(silent)
    }

    /// Nothing is heard while Redis cannot be reached; that is no error.
    async fn listen(&self) -> Result<mpsc::UnboundedReceiver<Heard>, AuthError> {
        let (client, channel) = (self.listening.clone(), self.channel.clone());
        let first = subscribe(&client, &channel).await.ok();
        let (listener, heard) = mpsc::unbounded_channel();
        tokio::spawn(pass_on(client, channel, first, listener));
        Ok(heard)
    }
}

async fn subscribe(client: &Client, channel: &str) -> Result<PubSubStream, AuthError> {
    let late = |_| {
        let reason = "it does not answer: try again";
        AuthError::new(AuthErrorKind::Unavailable, "listen to Redis", reason)
    };
    let connected = timeout(CONNECT_MAX, client.get_async_pubsub()).await;
    let mut connection = connected.map_err(late)?.map_err(silent)?;
    connection.subscribe(channel).await.map_err(silent)?;
    Ok(connection.into_on_message())
}

/// Until nobody listens any more.
async fn pass_on(
    client: Client,
    channel: String,
    mut messages: Option<PubSubStream>,
    listener: mpsc::UnboundedSender<Heard>,
) {
    loop {
        if let Some(mut messages) = messages.take() {
            tokio::select! {
                () = tell(&mut messages, &listener) => {}
                () = listener.closed() => return,
            }
        }
        tokio::select! {
            () = sleep(REST) => {}
            () = listener.closed() => return,
        }
        messages = subscribe(&client, &channel).await.ok();
        if messages.is_some() && listener.send(Heard::Missed).is_err() {
            return;
        }
    }
}

/// Until the connection is lost. What no instance of this version tells of may have been anything.
async fn tell(messages: &mut PubSubStream, listener: &mpsc::UnboundedSender<Heard>) {
    while let Some(message) = messages.next().await {
        let text = message.get_payload::<String>().unwrap_or_default();
        let heard = Ending::parse(&text).map_or(Heard::Missed, Heard::Ended);
        if listener.send(heard).is_err() {
            return;
        }
    }
}
