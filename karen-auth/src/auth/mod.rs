//! The handle to accounts and sessions, and how it opens.

mod accounts;
mod api_keys;
mod audit;
mod authenticate;
mod challenge;
mod config;
mod directory;
mod email;
mod ended;
mod hearing;
mod import;
mod invitations;
mod links;
mod log_in;
mod mail;
mod oidc;
mod passkey_log_in;
mod passkeys;
mod password;
mod plans;
mod privacy;
mod refresh;
mod reset;
mod roles;
mod sealing;
mod second_factor;
mod sessions;
mod set_up;
mod signing;
mod step_up;
mod tenants;
mod tend;

use std::sync::{Arc, Mutex};

use karen_sql::Database;
use tokio::sync::Notify;

pub use api_keys::NewApiKey;
pub use config::{AuthConfig, Registration};
pub use directory::{Directory, DirectoryEntry};
pub use import::NewImport;
pub use invitations::Invitation;
pub use mail::Delivery;
pub use oidc::OidcDone;
pub use passkeys::NewPasskey;
pub use privacy::{PersonalData, TenantData};
pub use roles::RoleChoice;

use hearing::Hearing;
use plans::{Allowances, Plans};

use crate::audit::CheckpointSigner;
use crate::live::LiveCredentials;
use crate::oidc::OidcProvider;
use crate::passkey::RelyingParty;
use crate::password::Hashing;
use crate::schema::{COMPONENT, MIGRATIONS};
use crate::seal::Sealer;
use crate::signing::{KeySource, SigningKeys};
use crate::throttle::Throttle;
use crate::token::{AccessTokens, BelievedTokens, DeviceKey, RefreshKey};
use crate::{
    ApiKeyStore, AuditLog, AuthError, Breaches, Clock, FactorStore, IdentityStore, LinkStore,
    MailQueue, Mailer, OneTimeTokenStore, PasskeyStore, PasswordPolicy, RateLimiter, SessionStore,
    SetupToken, SigningKeyStore, SqlApiKeyStore, SqlAuditLog, SqlFactorStore, SqlIdentityStore,
    SqlLinkStore, SqlMailQueue, SqlOneTimeTokenStore, SqlPasskeyStore, SqlSessionStore,
    SqlSigningKeyStore, SqlTenantStore, TenantId, TenantStore,
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
    signing: SigningKeys,
    access: AccessTokens,
    believed: BelievedTokens,
    refresh: RefreshKey,
    devices: DeviceKey,
    hashing: Hashing,
    passwords: PasswordPolicy,
    breaches: Option<Breaches>,
    plans: Plans,
    allowances: Allowances,
    sealer: Arc<Sealer>,
    checkpoints: CheckpointSigner,
    live: Arc<LiveCredentials>,
    _hearing: Option<Hearing>,
    /// The text of the setup token, until the first account exists.
    setup_token: Mutex<Option<SetupToken>>,
    lifetimes: Lifetimes,
    registration: Registration,
    display_name: String,
    public_url: String,
    oidc: Vec<OidcProvider>,
    /// Whom passkeys are made for; `None` where browsers make none.
    relying_party: Option<RelyingParty>,
    mailer: Option<Arc<dyn Mailer>>,
    mail_queued: Notify,
}

/// What the flows need of the world.
#[derive(Clone)]
struct Ports {
    identities: Arc<dyn IdentityStore>,
    sessions: Arc<dyn SessionStore>,
    api_keys: Arc<dyn ApiKeyStore>,
    signing_keys: Arc<dyn SigningKeyStore>,
    factors: Arc<dyn FactorStore>,
    links: Arc<dyn LinkStore>,
    passkeys: Arc<dyn PasskeyStore>,
    one_time: Arc<dyn OneTimeTokenStore>,
    mail: Arc<dyn MailQueue>,
    tenants: Arc<dyn TenantStore>,
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
    recent: i64,
    audit: Option<i64>,
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
        Plans::of(config)?.put_into_force(&*ports.tenants).await?;
        let auth = Self {
            shared: Arc::new(Shared::open(config, ports).await?),
        };
        if auth.setup_needed().await? {
            auth.draw_setup_token().await?;
        }
        Ok(auth)
    }

    /// What counts the tries of this installation, for other limits of the same program.
    #[must_use]
    pub fn limiter(&self) -> Arc<dyn RateLimiter> {
        Arc::clone(&self.shared.ports.limiter)
    }

    fn now_ms(&self) -> i64 {
        self.shared.ports.clock.now_ms()
    }
}

impl Shared {
    async fn open(config: &AuthConfig, ports: Ports) -> Result<Self, AuthError> {
        let (secret, earlier) = (&config.secret, &config.earlier_secrets);
        let lifetimes = config.lifetimes()?;
        let live = Arc::<LiveCredentials>::default();
        let sealer = Arc::new(Sealer::new(secret, earlier));
        let keys = KeySource {
            signing: config.signing.clone(),
            secret: secret.clone(),
            earlier_secrets: earlier.clone(),
            sealer: Arc::clone(&sealer),
            store: Arc::clone(&ports.signing_keys),
            clock: Arc::clone(&ports.clock),
            access_ms: lifetimes.access,
        };
        Ok(Self {
            throttle: Throttle::new(Arc::clone(&ports.limiter)),
            ports,
            signing: SigningKeys::open(keys).await?,
            access: AccessTokens::new(&config.issuer, &config.audience),
            believed: BelievedTokens::default(),
            refresh: RefreshKey::new(secret, earlier),
            devices: DeviceKey::new(secret, earlier),
            hashing: Hashing::new(&config.hashing)?,
            passwords: config.passwords.checked()?,
            breaches: config.breaches.clone(),
            plans: Plans::of(config)?,
            allowances: Allowances::default(),
            sealer,
            checkpoints: CheckpointSigner::new(secret, earlier),
            _hearing: hearing(config, &live).await,
            live,
            setup_token: Mutex::default(),
            lifetimes,
            registration: config.registration,
            display_name: config.display_name.clone(),
            public_url: config.public_url.trim_end_matches('/').to_owned(),
            oidc: config.oidc_providers()?,
            relying_party: RelyingParty::of(&config.public_url),
            mailer: config.mailer.clone(),
            mail_queued: Notify::new(),
        })
    }
}

async fn hearing(config: &AuthConfig, live: &Arc<LiveCredentials>) -> Option<Hearing> {
    match &config.bell {
        Some(bell) => Some(Hearing::begin(bell, live).await),
        None => None,
    }
}

impl Ports {
    fn sql(config: &AuthConfig) -> Self {
        let database = &config.database;
        Self {
            identities: Arc::new(SqlIdentityStore::new(database.clone())),
            sessions: Arc::new(SqlSessionStore::new(database.clone())),
            api_keys: Arc::new(SqlApiKeyStore::new(database.clone())),
            signing_keys: Arc::new(SqlSigningKeyStore::new(database.clone())),
            factors: Arc::new(SqlFactorStore::new(database.clone())),
            links: Arc::new(SqlLinkStore::new(database.clone())),
            passkeys: Arc::new(SqlPasskeyStore::new(database.clone())),
            one_time: Arc::new(SqlOneTimeTokenStore::new(database.clone())),
            mail: Arc::new(SqlMailQueue::new(database.clone())),
            tenants: Arc::new(SqlTenantStore::new(database.clone())),
            audit: Arc::new(SqlAuditLog::new(database.clone())),
            limiter: config.limiter(),
            clock: Arc::clone(&config.clock),
        }
    }
}

#[cfg(test)]
mod tests;
