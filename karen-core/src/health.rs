//! How each part is doing.

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
}

/// One part.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Check {
    /// The verdict.
    pub status: Status,
    /// What it rests on, for people.
    pub detail: String,
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
        Self {
            database: database(shared).await,
            memory: memory(shared).await,
            models: models(shared),
        }
    }

    /// The worst of the parts.
    #[must_use]
    pub fn status(&self) -> Status {
        self.database
            .status
            .max(self.memory.status)
            .max(self.models.status)
    }
}

async fn database(shared: &Shared) -> Check {
    let asked = shared.turn_log.running().await;
    match asked {
        Ok(running) => Check {
            status: Status::Ok,
            detail: format!("{} turns running", running.len()),
        },
        Err(error) => Check {
            status: Status::Failed,
            detail: error.code().to_string(),
        },
    }
}

async fn memory(shared: &Shared) -> Check {
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
