//! One projector a user and index at a time.

use std::collections::HashMap;
use std::sync::{Arc, PoisonError};

use tokio::sync::{Mutex, OwnedMutexGuard};

use crate::scope::Owner;
use crate::{MemoryError, ProjectorTurn, RecordStore, Scope};

/// The right to bring one index up to date, user by user.
pub(crate) struct Leases {
    /// The index, as instances that share it call it.
    index: String,
    is_shared: bool,
    users: std::sync::Mutex<HashMap<Owner, Arc<Mutex<bool>>>>,
}

/// Given back in this order.
pub(crate) struct Lease {
    _everywhere: Option<ProjectorTurn>,
    /// Whether the index is known to follow the user's log.
    pub(crate) is_confirmed: OwnedMutexGuard<bool>,
}

impl Leases {
    /// Of an index; instances share it, or it is this process's own.
    pub(crate) fn new(index: impl Into<String>, is_shared: bool) -> Self {
        Self {
            index: index.into(),
            is_shared,
            users: std::sync::Mutex::default(),
        }
    }

    /// Entries say what is true when they are read, so two readers who apply in another order than
    /// they read could bring a deleted record back: a user has one projector at a time, also among
    /// the instances that share an index.
    pub(crate) async fn take(
        &self,
        store: &dyn RecordStore,
        scope: &Scope,
    ) -> Result<Lease, MemoryError> {
        let lease = {
            let mut users = self.users.lock().unwrap_or_else(PoisonError::into_inner);
            Arc::clone(users.entry(scope.owner()).or_default())
        };
        let is_confirmed = lease.lock_owned().await;
        let everywhere = match self.is_shared {
            true => Some(store.projector_turn(scope, &self.index).await?),
            false => None,
        };
        Ok(Lease {
            _everywhere: everywhere,
            is_confirmed,
        })
    }
}
