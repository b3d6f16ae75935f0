//! A model that is in memory, or not: it is loaded at its first use.

use std::sync::Arc;

use tokio::sync::Mutex;

use crate::{ModelError, ModelErrorKind};

/// A loaded model, or the place for it.
pub(crate) struct Loadable<T>(Mutex<Option<Arc<T>>>);

impl<T> Default for Loadable<T> {
    fn default() -> Self {
        Self(Mutex::default())
    }
}

impl<T: Send + Sync + 'static> Loadable<T> {
    /// The model, loaded with `load` if it is not. Who comes meanwhile waits for the same one.
    ///
    /// # Errors
    /// What `load` fails with; the next use tries again.
    pub(crate) async fn get(
        &self,
        load: impl FnOnce() -> Result<T, ModelError> + Send + 'static,
    ) -> Result<Arc<T>, ModelError> {
        let mut place = self.0.lock().await;
        if let Some(model) = &*place {
            return Ok(Arc::clone(model));
        }
        let model = Arc::new(blocking("load", load).await?);
        *place = Some(Arc::clone(&model));
        Ok(model)
    }

    /// Lets go of it; it ends with those who still use it.
    pub(crate) async fn unload(&self) {
        self.0.lock().await.take();
    }

    /// Whether it is loaded, and not just being loaded.
    pub(crate) fn is_loaded(&self) -> bool {
        self.0.try_lock().is_ok_and(|place| place.is_some())
    }
}

/// Works on a thread where blocking is fine.
pub(crate) async fn blocking<T: Send + 'static>(
    operation: &'static str,
    work: impl FnOnce() -> Result<T, ModelError> + Send + 'static,
) -> Result<T, ModelError> {
    let done = tokio::task::spawn_blocking(work).await;
    done.map_err(|e| {
        ModelError::new(ModelErrorKind::Internal, operation, "the model").caused_by(e)
    })?
}
