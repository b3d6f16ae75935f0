//! The settings.

use std::sync::Arc;
use std::time::Duration;

use karen_sql::Database;

use super::Lifetimes;
use crate::{AuthError, AuthErrorKind, Clock, HashingConfig, SigningSecret, SystemClock};

/// How accounts and sessions are kept. Begin with [`AuthConfig::new`] and change what differs.
#[derive(Clone)]
pub struct AuthConfig {
    /// Where accounts, sessions and the audit log live.
    pub database: Database,
    /// What tokens are signed with; the same on every instance.
    pub secret: SigningSecret,
    /// How long an access token is good for, at least one second. Default 5 minutes.
    pub access_lifetime: Duration,
    /// After how long without a refresh a session ends. Default 30 days.
    pub refresh_idle: Duration,
    /// After how long a session ends however much it is used. Default 90 days.
    pub refresh_absolute: Duration,
    /// For how long after a refresh any earlier token still gets the current one, so that two tabs
    /// at once log nobody out. Default 10 s.
    pub refresh_grace: Duration,
    /// How long a session ended by another instance may live on in this one. What this instance
    /// ends is dead at the next request. Default 2 s.
    pub recheck: Duration,
    /// Who may make an account. Default closed.
    pub registration: Registration,
    /// The `iss` of access tokens. Default `karen`.
    pub issuer: String,
    /// The `aud` of access tokens. Default `karen`.
    pub audience: String,
    /// What a password hash costs.
    pub hashing: HashingConfig,
    /// Where the time comes from. Default the machine's clock.
    pub clock: Arc<dyn Clock>,
}

/// Who may make an account.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum Registration {
    /// Only somebody who may manage users.
    #[default]
    Closed,
    /// Anybody, as a member of the tenant `default`.
    Open,
}

const MINUTE: Duration = Duration::from_secs(60);
const DAY: Duration = Duration::from_secs(24 * 60 * 60);

impl AuthConfig {
    /// The defaults, over `database`.
    #[must_use]
    pub fn new(database: Database, secret: SigningSecret) -> Self {
        Self {
            database,
            secret,
            access_lifetime: 5 * MINUTE,
            refresh_idle: 30 * DAY,
            refresh_absolute: 90 * DAY,
            refresh_grace: Duration::from_secs(10),
            recheck: Duration::from_secs(2),
            registration: Registration::default(),
            issuer: "karen".to_owned(),
            audience: "karen".to_owned(),
            hashing: HashingConfig::default(),
            clock: Arc::new(SystemClock),
        }
    }

    pub(super) fn lifetimes(&self) -> Result<Lifetimes, AuthError> {
        if self.access_lifetime < Duration::from_secs(1) {
            let reason = "it lasts at least one second";
            let operation = "set the lifetime of access tokens";
            return Err(AuthError::new(AuthErrorKind::Invalid, operation, reason));
        }
        Ok(Lifetimes {
            access: ms(self.access_lifetime),
            refresh_idle: ms(self.refresh_idle),
            refresh_absolute: ms(self.refresh_absolute),
            refresh_grace: ms(self.refresh_grace),
            recheck: ms(self.recheck),
        })
    }
}

/// Bounded so that adding it to a time of day never overflows.
fn ms(duration: Duration) -> i64 {
    i64::try_from(duration.as_millis()).map_or(i64::MAX / 4, |ms| ms.min(i64::MAX / 4))
}
