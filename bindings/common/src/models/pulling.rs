//! A model on its way from a hub.

use futures::StreamExt;
use karen_core::infer::{HubModel, ModelName, PullEvent};
use serde::Serialize;

use super::Models;
use crate::{Failure, Merge, Pump};

/// How far a pull is; what follows at once replaces it.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(transparent)]
pub struct PullStep(PullEvent);

impl Models {
    /// Fetches a model from the hub, checks it and adds it, while its steps are read. What is dropped
    /// goes on from there when it is pulled again.
    ///
    /// # Errors
    /// `INVALID_ARGUMENT`. In the steps also `FORBIDDEN`, `CONFLICT`, `CORRUPT` for what is not as the
    /// hub announced it, `UNAVAILABLE`, `TIMEOUT`, `RATE_LIMITED`, `STORAGE_FULL`, `UNSUPPORTED`.
    pub fn pull(&self, model: &str, name: Option<&str>) -> Result<Pump<PullStep>, Failure> {
        let (model, name) = (
            HubModel::parse(model)?,
            name.map(ModelName::parse).transpose()?,
        );
        let steps = self.core()?.pull(model, name);
        Ok(Pump::new(steps.map(|step| Ok(PullStep(step?)))))
    }
}

impl Merge for PullStep {
    fn merge(&mut self, next: Self) -> Result<(), Self> {
        match (&self.0, &next.0) {
            (PullEvent::Fetched { .. }, PullEvent::Fetched { .. }) => {
                *self = next;
                Ok(())
            }
            _ => Err(next),
        }
    }
}
