//! A bell for instances of one process.

use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use tokio::sync::mpsc;

use super::{Bell, Ending, Heard};
use crate::AuthError;

/// Heard by everything in this process that holds a clone.
#[derive(Clone, Debug, Default)]
pub struct InProcessBell(Arc<Mutex<Vec<mpsc::UnboundedSender<Heard>>>>);

#[async_trait]
impl Bell for InProcessBell {
    async fn ring(&self, ending: &Ending) -> Result<(), AuthError> {
        let mut listeners = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        listeners.retain(|listener| listener.send(Heard::Ended(ending.clone())).is_ok());
        Ok(())
    }

    async fn listen(&self) -> Result<mpsc::UnboundedReceiver<Heard>, AuthError> {
        let (listener, heard) = mpsc::unbounded_channel();
        let mut listeners = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        listeners.push(listener);
        Ok(heard)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::bell;
    use crate::testing::stores::fails;

    #[tokio::test]
    async fn it_keeps_the_contract() {
        bell(&InProcessBell::default()).await;
    }

    /// Tells nobody of tenants.
    struct Deaf(InProcessBell);

    #[async_trait]
    impl Bell for Deaf {
        async fn ring(&self, ending: &Ending) -> Result<(), AuthError> {
            match ending {
                Ending::Tenant(_) => Ok(()),
                ending => self.0.ring(ending).await,
            }
        }

        async fn listen(&self) -> Result<mpsc::UnboundedReceiver<Heard>, AuthError> {
            self.0.listen().await
        }
    }

    #[tokio::test]
    async fn a_bell_that_is_not_heard_fails_the_suite() {
        assert!(fails(async { bell(&Deaf(InProcessBell::default())).await }).await);
    }
}
