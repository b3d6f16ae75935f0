//! How each part is doing.

use std::time::{Duration, Instant};

use karen_memory::{Lag, ServerHealth};
use serde::Serialize;

use crate::karen::Shared;

/// The parts, each asked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Health {
    /// Whether committed rows can be read.
    pub database: Check,
    /// Whether what is remembered can be searched.
    pub memory: Check,
    /// Whether there is a model to answer with.
    pub models: Check,
    /// The servers that keep something besides the database; without one, Karen answers with less.
    pub servers: Vec<ServerCheck>,
    /// How far analytics are behind; `None` where they are off.
    pub analytics: Option<AnalyticsCheck>,
}

/// What analytics have not been brought yet; a question brings it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct AnalyticsCheck {
    /// Users whose last words have been kept by this instance, and are in no batch yet.
    pub waiting_users: usize,
    /// Milliseconds for which the first of them has waited.
    pub lag_ms: u64,
}

/// One part.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Check {
    /// The verdict.
    pub status: Status,
    /// What it rests on, for people.
    pub detail: String,
}

/// A server that instances share.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ServerCheck {
    /// `redis`, `elasticsearch` or `milvus`.
    pub name: String,
    /// The verdict.
    pub status: Status,
    /// What it rests on, for people.
    pub detail: String,
    /// Users whose last words have been kept, and have not reached it through this instance.
    pub waiting_users: usize,
    /// Milliseconds for which the first of them has waited.
    pub lag_ms: u64,
}

/// How well a part does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Status {
    /// As it should.
    Ok,
    /// Karen answers, with less.
    Degraded,
    /// Karen cannot answer.
    Failed,
}

impl Health {
    pub(crate) async fn of(shared: &Shared) -> Self {
        let (database, memory, servers) =
            tokio::join!(database(shared), memory(shared), shared.memory.health());
        Self {
            database,
            memory,
            models: models(shared),
            servers: servers.into_iter().map(ServerCheck::from).collect(),
            analytics: shared.memory.analytics_lag().map(AnalyticsCheck::from),
        }
    }

    /// The worst of the parts.
    #[must_use]
    pub fn status(&self) -> Status {
        let parts = [&self.database, &self.memory, &self.models];
        let parts = parts.into_iter().map(|part| part.status);
        let servers = self.servers.iter().map(|server| server.status);
        parts.chain(servers).max().unwrap_or(Status::Ok)
    }
}

impl From<ServerHealth> for ServerCheck {
    fn from(health: ServerHealth) -> Self {
        let lag = told(health.lag);
        let (status, detail) = match &health.answered {
            Ok(after) => (Status::Ok, format!("answers in {}{lag}", millis(*after))),
            Err(error) => (Status::Degraded, format!("{error}{lag}")),
        };
        Self {
            name: health.server.to_owned(),
            status,
            detail,
            waiting_users: health.lag.users,
            lag_ms: lag_ms(health.lag),
        }
    }
}

impl From<Lag> for AnalyticsCheck {
    fn from(lag: Lag) -> Self {
        Self {
            waiting_users: lag.users,
            lag_ms: lag_ms(lag),
        }
    }
}

fn lag_ms(lag: Lag) -> u64 {
    u64::try_from(lag.oldest.as_millis()).unwrap_or(u64::MAX)
}

/// Nothing where nobody waits.
fn told(lag: Lag) -> String {
    match lag.users {
        0 => String::new(),
        users => format!(
            "; {users} users wait for it, for {} s",
            lag.oldest.as_secs()
        ),
    }
}

fn millis(time: Duration) -> String {
    format!("{:.1} ms", time.as_secs_f64() * 1e3)
}

async fn database(shared: &Shared) -> Check {
    let begun = Instant::now();
    match shared.turn_log.running().await {
        Ok(running) => {
            let (name, after) = (shared.database.dialect(), millis(begun.elapsed()));
            let running = running.len();
            Check {
                status: Status::Ok,
                detail: format!("{name} answers in {after}, {running} turns running"),
            }
        }
        Err(error) => Check {
            status: Status::Failed,
            detail: error.code().to_string(),
        },
    }
}

async fn memory(shared: &Shared) -> Check {
    let check = remembered(shared).await;
    let Some(progress) = shared.memory.reembedding() else {
        return check;
    };
    let (to, done) = (&progress.to, progress.users_done);
    Check {
        detail: format!("{}; {to} embeds anew: {done} users done", check.detail),
        ..check
    }
}

async fn remembered(shared: &Shared) -> Check {
    match shared.conversations.unremembered(1).await {
        Ok(missed) if missed.is_empty() => Check {
            status: Status::Ok,
            detail: "everything said is remembered or was not to be".to_owned(),
        },
        Ok(_) => Check {
            status: Status::Ok,
            detail: "a turn is on its way to memory".to_owned(),
        },
        Err(error) => Check {
            status: Status::Failed,
            detail: error.code().to_string(),
        },
    }
}

fn models(shared: &Shared) -> Check {
    match shared.models.resolve(None) {
        Ok(model) => Check {
            status: Status::Ok,
            detail: format!("{} answers", model.name),
        },
        Err(_) => Check {
            status: Status::Degraded,
            detail: "no model: memory is quoted instead".to_owned(),
        },
    }
}
