//! How much the members of a tenant keep together, and whether there is room for more.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use karen_auth::Principal;
use karen_memory::TenantId;
use karen_sql::now_ms;

use crate::karen::Shared;
use crate::{Code, Error, Result};

/// For how long a sum counts on, with what was added to it since.
const COUNTED_MS: i64 = 60_000;
/// For how long one does that leaves no room: somebody may have deleted something.
const FULL_MS: i64 = 5_000;

/// Sums of a moment ago, by tenant: to take one, every word is looked at.
#[derive(Default)]
pub(crate) struct Storage(Mutex<HashMap<String, Sum>>);

#[derive(Clone, Copy)]
struct Sum {
    bytes: u64,
    taken_at_ms: i64,
}

impl Storage {
    /// The sum, if it counts still, after `more` bytes were added to it.
    fn add(&self, tenant: &str, more: u64, bytes_max: u64, now_ms: i64) -> Option<u64> {
        let mut sums = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let sum = sums.get_mut(tenant)?;
        let bytes = sum.bytes.saturating_add(more);
        let counts_ms = match bytes > bytes_max {
            true => FULL_MS,
            false => COUNTED_MS,
        };
        if now_ms - sum.taken_at_ms >= counts_ms {
            return None;
        }
        if bytes <= bytes_max {
            sum.bytes = bytes;
        }
        Some(bytes)
    }

    fn keep(&self, tenant: &str, bytes: u64, taken_at_ms: i64) {
        let mut sums = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        sums.retain(|_, sum| taken_at_ms - sum.taken_at_ms < COUNTED_MS);
        sums.insert(tenant.to_owned(), Sum { bytes, taken_at_ms });
    }
}

impl Shared {
    /// Passes while the tenant has room for `more` bytes of words.
    ///
    /// What is written through other instances in the same minute is not seen yet.
    ///
    /// # Errors
    /// `QUOTA`.
    pub(crate) async fn admit_bytes(&self, by: &Principal, more: usize) -> Result<()> {
        let storage_mib = self.auth.tenant_limits(by).await?.storage_mib;
        if storage_mib == 0 {
            return Ok(());
        }
        let (tenant, more) = (by.tenant().as_str(), more as u64);
        let (bytes_max, now) = (u64::from(storage_mib) << 20, now_ms());
        let bytes = match self.storage.add(tenant, more, bytes_max, now) {
            Some(bytes) => bytes,
            None => {
                let bytes = self.stored_bytes(tenant).await?;
                self.storage.keep(tenant, bytes, now);
                self.storage
                    .add(tenant, more, bytes_max, now)
                    .unwrap_or(bytes)
            }
        };
        if bytes <= bytes_max {
            return Ok(());
        }
        let message = format!(
            "the tenant keeps the {storage_mib} MiB that it may: delete something, or have the limit raised"
        );
        Err(Error::new(Code::Quota, message))
    }

    /// What all members of a tenant have said, been answered and noted.
    pub(crate) async fn stored_bytes(&self, tenant: &str) -> Result<u64> {
        let said = self.conversations.bytes(tenant).await?;
        Ok(said + self.memory.bytes(&TenantId::new(tenant)).await?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sum_counts_on_and_a_full_one_is_taken_again_soon() {
        let storage = Storage::default();
        assert_eq!(storage.add("a", 1, 10, 0), None, "it was never taken");
        storage.keep("a", 4, 0);
        assert_eq!(storage.add("a", 3, 10, 1), Some(7));
        assert_eq!(storage.add("a", 3, 10, 2), Some(10), "to the last byte");
        assert_eq!(storage.add("a", 1, 10, 3), Some(11), "and not beyond");
        assert_eq!(
            storage.add("a", 0, 10, 4),
            Some(10),
            "what was refused is not kept"
        );
        assert_eq!(storage.add("a", 1, 10, FULL_MS), None);
        assert_eq!(storage.add("a", 0, 10, FULL_MS), Some(10));
        assert_eq!(storage.add("a", 0, 10, COUNTED_MS), None);
        assert_eq!(storage.add("b", 0, 10, 1), None, "others have their own");
    }
}
