//! The handle to accounts and sessions, and how it opens.

mod accounts;
mod api_keys;
mod audit;
mod authenticate;
mod config;
mod log_in;
mod password;
mod refresh;
mod sessions;
mod set_up;

use std::sync::{Arc, Mutex};

use karen_sql::Database;

pub use api_keys::NewApiKey;
pub use config::{AuthConfig, Registration};

use crate::live::LiveCredentials;
use crate::password::Hashing;
use crate::schema::{COMPONENT, MIGRATIONS};
use crate::throttle::Throttle;
use crate::token::{AccessKey, RefreshKey};
use crate::{
    ApiKeyStore, AuditLog, AuthError, Clock, IdentityStore, InProcessRateLimiter, RateLimiter,
    SessionStore, SetupToken, SqlApiKeyStore, SqlAuditLog, SqlIdentityStore, SqlSessionStore,
    TenantId,
};

/// Accounts, sessions and principals. Clones share them; any thread may use them.
///
/// What opens a door (a login, a new account, a new key) is written to the audit log before it
/// happens, what closes one after; where the log cannot be written the call fails.
#[derive(Clone)]
pub struct Auth {
    shared: Arc<Shared>,
}

struct Shared {
    ports: Ports,
    throttle: Throttle,
    access: AccessKey,
    refresh: RefreshKey,
    hashing: Hashing,
    live: LiveCredentials,
    /// The text of the setup token, until the first account exists.
    setup_token: Mutex<Option<SetupToken>>,
    lifetimes: Lifetimes,
    registration: Registration,
}

/// What the flows need of the world.
#[derive(Clone)]
struct Ports {
    identities: Arc<dyn IdentityStore>,
    sessions: Arc<dyn SessionStore>,
    api_keys: Arc<dyn ApiKeyStore>,
    audit: Arc<dyn AuditLog>,
    limiter: Arc<dyn RateLimiter>,
    clock: Arc<dyn Clock>,
}

/// How long things last, in milliseconds.
#[derive(Clone, Copy)]
struct Lifetimes {
    access: i64,
    refresh_idle: i64,
    refresh_absolute: i64,
    refresh_grace: i64,
    recheck: i64,
}

/// Gives `database` the tables of this crate, for stores that are used without [`Auth`].
///
/// # Errors
/// `TooNew` when a newer program has migrated further, and what the database reports.
pub async fn migrate(database: &Database) -> Result<(), AuthError> {
    Ok(database.migrate(COMPONENT, MIGRATIONS).await?)
}

impl Auth {
    /// Opens accounts and sessions in `config.database`, making the tables and the tenant
    /// `default` when they are absent.
    ///
    /// While there is no account, a fresh [setup token](Auth::setup_token) is drawn.
    ///
    /// # Errors
    /// `Invalid` for a setting out of range; `TooNew`, `Corrupt`, `ReadOnly`, `Full` or
    /// `Unavailable` of the database.
    pub async fn open(config: AuthConfig) -> Result<Self, AuthError> {
        migrate(&config.database).await?;
        let ports = Ports::sql(&config);
        Self::start(&config, ports).await
    }

    async fn start(config: &AuthConfig, ports: Ports) -> Result<Self, AuthError> {
        let now_ms = ports.clock.now_ms();
        let tenant = TenantId::default();
        ports
            .identities
            .put_tenant(&tenant, tenant.as_str(), now_ms)
            .await?;
        ports.sessions.delete_expired(now_ms).await?;
        let auth = Self {
            shared: Arc::new(Shared::new(config, ports)?),
        };
        if auth.setup_needed().await? {
            auth.draw_setup_token().await?;
        }
        Ok(auth)
    }

    fn now_ms(&self) -> i64 {
        self.shared.ports.clock.now_ms()
    }
}

impl Shared {
    fn new(config: &AuthConfig, ports: Ports) -> Result<Self, AuthError> {
        Ok(Self {
            throttle: Throttle::new(Arc::clone(&ports.limiter)),
            ports,
            access: AccessKey::new(&config.secret, &config.issuer, &config.audience),
            refresh: RefreshKey::new(&config.secret),
            hashing: Hashing::new(&config.hashing)?,
            live: LiveCredentials::default(),
            setup_token: Mutex::default(),
            lifetimes: config.lifetimes()?,
            registration: config.registration,
        })
    }
}

impl Ports {
    fn sql(config: &AuthConfig) -> Self {
        let database = &config.database;
        Self {
            identities: Arc::new(SqlIdentityStore::new(database.clone())),
            sessions: Arc::new(SqlSessionStore::new(database.clone())),
            api_keys: Arc::new(SqlApiKeyStore::new(database.clone())),
            audit: Arc::new(SqlAuditLog::new(database.clone())),
            limiter: Arc::new(InProcessRateLimiter::new(Arc::clone(&config.clock))),
            clock: Arc::clone(&config.clock),
        }
    }
}

#[cfg(test)]
mod tests;
