//! argon2id on threads of its own, so many at a time and no more.

use std::sync::Arc;
use std::thread::available_parallelism;
use std::time::Duration;

use argon2::password_hash::phc::PasswordHash;
use argon2::{Algorithm, Argon2, Params, PasswordHasher, PasswordVerifier, Version};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::task::spawn_blocking;

use super::Password;
use super::foreign::{is_bcrypt, verify_bcrypt};
use crate::{AuthError, AuthErrorKind};

/// What a password hash costs, and how many may be made at once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HashingConfig {
    /// Memory of one hash in KiB, at least 8. Default 19,456, which with `passes` 2 is the least
    /// that OWASP ASVS 5.0 approves.
    pub memory_kib: u32,
    /// Passes over the memory, at least 1. Default 2.
    pub passes: u32,
    /// Hashes at once. Default: one a core.
    pub at_once: usize,
    /// How long a caller waits for its turn before it is told `Busy`. Default 5 s.
    pub wait_max: Duration,
}

impl Default for HashingConfig {
    fn default() -> Self {
        Self {
            memory_kib: 19_456,
            passes: 2,
            at_once: available_parallelism().map_or(1, usize::from),
            wait_max: Duration::from_secs(5),
        }
    }
}

/// Hashes and verifies passwords.
pub(crate) struct Hashing {
    params: Params,
    permits: Arc<Semaphore>,
    wait_max: Duration,
}

/// What a stored hash says about a password.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    Match,
    /// It matches a hash that is cheaper than today's: hash it again.
    MatchOutdated,
    Mismatch,
}

impl Hashing {
    /// # Errors
    /// `Invalid` when argon2 knows no such cost.
    pub(crate) fn new(config: &HashingConfig) -> Result<Self, AuthError> {
        let params = Params::new(config.memory_kib, config.passes, 1, None).map_err(|e| {
            let reason = "argon2 takes at least 8 KiB and one pass";
            AuthError::new(AuthErrorKind::Invalid, "set the hashing cost", reason).caused_by(e)
        })?;
        Ok(Self {
            params,
            permits: Arc::new(Semaphore::new(config.at_once.max(1))),
            wait_max: config.wait_max,
        })
    }

    /// A PHC string with a fresh salt.
    pub(crate) async fn hash(&self, password: Password) -> Result<String, AuthError> {
        let argon2 = self.argon2();
        self.run(move || {
            let hash = argon2.hash_password(password.as_bytes());
            hash.map(|hash| hash.to_string()).map_err(broken)
        })
        .await
    }

    /// Whether `password` is the one that `stored`, a PHC string, was made from.
    pub(crate) async fn verify(
        &self,
        password: Password,
        stored: String,
    ) -> Result<Verdict, AuthError> {
        let argon2 = self.argon2();
        let params = self.params.clone();
        self.run(move || {
            if is_bcrypt(&stored) {
                return verify_bcrypt(&password, &stored);
            }
            let stored = PasswordHash::new(&stored).map_err(broken)?;
            Ok(match argon2.verify_password(password.as_bytes(), &stored) {
                Err(_) => Verdict::Mismatch,
                Ok(()) if is_weaker(&stored, &params) => Verdict::MatchOutdated,
                Ok(()) => Verdict::Match,
            })
        })
        .await
    }

    /// Takes as long as [`verify`](Self::verify): an account that is absent answers no faster.
    pub(crate) async fn verify_nobody(&self, password: Password) -> Result<(), AuthError> {
        self.hash(password).await.map(drop)
    }

    fn argon2(&self) -> Argon2<'static> {
        Argon2::new(Algorithm::Argon2id, Version::V0x13, self.params.clone())
    }

    async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> Result<T, AuthError> + Send + 'static,
    ) -> Result<T, AuthError> {
        let permit = self.permit().await?;
        // The permit goes along: a caller who gives up does not free the memory of its hash.
        let task = spawn_blocking(move || {
            let result = work();
            drop(permit);
            result
        });
        task.await.map_err(broken)?
    }

    async fn permit(&self) -> Result<OwnedSemaphorePermit, AuthError> {
        let permit = Arc::clone(&self.permits).acquire_owned();
        match tokio::time::timeout(self.wait_max, permit).await {
            Ok(permit) => Ok(permit.expect("the semaphore is never closed")),
            Err(_) => {
                let reason = "too many passwords are being checked: try again in a moment";
                let error = AuthError::new(AuthErrorKind::Busy, "check the password", reason);
                Err(error.after(Duration::from_secs(1)))
            }
        }
    }
}

fn is_weaker(stored: &PasswordHash, wanted: &Params) -> bool {
    let Ok(params) = Params::try_from(stored) else {
        return true;
    };
    stored.algorithm.as_str() != Algorithm::Argon2id.as_str()
        || params.m_cost() < wanted.m_cost()
        || params.t_cost() < wanted.t_cost()
}

pub(super) fn broken(source: impl std::error::Error + Send + Sync + 'static) -> AuthError {
    let reason = "the stored hash or the hashing thread is broken";
    AuthError::new(AuthErrorKind::Internal, "check the password", reason).caused_by(source)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cheap() -> HashingConfig {
        HashingConfig {
            memory_kib: 64,
            passes: 1,
            at_once: 1,
            wait_max: Duration::ZERO,
        }
    }

    fn password(text: &str) -> Password {
        Password::of(text).expect("short")
    }

    #[tokio::test]
    async fn the_default_is_the_least_that_asvs_approves() {
        let hashing = Hashing::new(&HashingConfig::default()).expect("params");
        let hash = hashing
            .hash(password("a few plain words"))
            .await
            .expect("hash");
        assert!(
            hash.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"),
            "{hash}"
        );
    }

    #[tokio::test]
    async fn only_the_same_password_matches() {
        let hashing = Hashing::new(&cheap()).expect("params");
        let long = "0123456789".repeat(12);
        let hash = hashing.hash(password(&long)).await.expect("hash");
        for (text, expect) in [
            (long.as_str(), Verdict::Match),
            (&long[..72], Verdict::Mismatch),
            ("", Verdict::Mismatch),
        ] {
            let verdict = hashing
                .verify(password(text), hash.clone())
                .await
                .expect("verify");
            assert_eq!(verdict, expect, "{text}");
        }
    }

    #[tokio::test]
    async fn a_cheaper_hash_is_outdated() {
        let cheap_hash = Hashing::new(&cheap()).expect("params");
        let hash = cheap_hash
            .hash(password("a few plain words"))
            .await
            .expect("hash");
        let dearer = Hashing::new(&HashingConfig {
            passes: 2,
            ..cheap()
        })
        .expect("params");
        let verdict = dearer
            .verify(password("a few plain words"), hash)
            .await
            .expect("verify");
        assert_eq!(verdict, Verdict::MatchOutdated);
    }

    #[tokio::test]
    async fn who_waits_too_long_is_told_to_come_back() {
        let hashing = Hashing::new(&cheap()).expect("params");
        let held = hashing.permit().await.expect("the only permit");
        let refused = hashing
            .hash(password("a few plain words"))
            .await
            .expect_err("busy");
        assert_eq!(refused.kind(), AuthErrorKind::Busy);
        assert!(refused.retry_after().is_some());
        drop(held);
        hashing
            .hash(password("a few plain words"))
            .await
            .expect("free again");
    }

    /// RFC 9106 section 5.3, by way of the parameters that the crate is driven with here.
    #[test]
    fn argon2id_gives_the_vector_of_the_rfc() {
        let data = argon2::AssociatedData::new(&[4; 12]).expect("12 bytes");
        let params = argon2::ParamsBuilder::new()
            .m_cost(32)
            .t_cost(3)
            .p_cost(4)
            .data(data)
            .output_len(32)
            .build()
            .expect("params");
        let secret = [3; 8];
        let argon2 = Argon2::new_with_secret(&secret, Algorithm::Argon2id, Version::V0x13, params);
        let mut out = [0; 32];
        argon2
            .expect("secret")
            .hash_password_into(&[1; 32], &[2; 16], &mut out)
            .expect("hash");
        let hex: String = out.iter().map(|byte| format!("{byte:02x}")).collect();
        assert_eq!(
            hex,
            "0d640df58d78766c08c037a34a8b53c9d01ef0452d75b65eb52520e96b01e659"
        );
    }
}
