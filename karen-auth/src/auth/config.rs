//! The settings.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use karen_sql::Database;

use super::Lifetimes;
use crate::oidc::{OidcProvider, is_private};
use crate::{
    AuthError, AuthErrorKind, Bell, Breaches, Clock, HashingConfig, InProcessRateLimiter, Mailer,
    OidcConfig, OidcTransport, PasswordPolicy, PlanName, RateLimiter, Signing, SigningSecret,
    SystemClock, TenantLimits,
};

/// How accounts and sessions are kept. Begin with [`AuthConfig::new`] and change what differs.
#[derive(Clone)]
pub struct AuthConfig {
    /// Where accounts, sessions and the audit log live.
    pub database: Database,
    /// What tokens are signed with and secrets encrypted under; the same on every instance.
    pub secret: SigningSecret,
    /// Secrets that were in use before: what they have signed and encrypted is still good. Take
    /// them away after [`Auth::tend`](crate::Auth::tend) has run and the sessions of that time have
    /// been refreshed. Default none.
    pub earlier_secrets: Vec<SigningSecret>,
    /// What access tokens are signed with. Default [`Signing::Secret`].
    pub signing: Signing,
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
    /// For how long after somebody has shown their credentials they may do what is dangerous.
    /// Default 10 minutes.
    pub recent: Duration,
    /// How long entries of the audit log are kept; [`Auth::tend`](crate::Auth::tend) deletes older
    /// ones. Default for ever.
    pub audit_retention: Option<Duration>,
    /// What people know the installation by, in their authenticator and in mails. Default `Karen`.
    pub display_name: String,
    /// Where people reach the installation: the beginning of the links in mails, and whom passkeys
    /// are made for, which takes a name over https, or `localhost`. Another name later makes every
    /// passkey void. Default `http://127.0.0.1:8000`.
    pub public_url: String,
    /// What carries mails. Without one there are no invitations and no links; default none.
    pub mailer: Option<Arc<dyn Mailer>>,
    /// Providers that people may sign in with, each under a name of its own. Default none.
    pub oidc: Vec<OidcConfig>,
    /// What reaches them; needed for any. Default none.
    pub oidc_transport: Option<Arc<dyn OidcTransport>>,
    /// Who may make an account. Default closed.
    pub registration: Registration,
    /// The `iss` of access tokens. Default `karen`.
    pub issuer: String,
    /// The `aud` of access tokens. Default `karen`.
    pub audience: String,
    /// Which passwords people may choose.
    pub passwords: PasswordPolicy,
    /// Whom new passwords are asked for beside the common ones. Default nobody.
    pub breaches: Option<Breaches>,
    /// What the tenants of each plan may use up; it is put into force at every open. Default none.
    pub plans: BTreeMap<PlanName, TenantLimits>,
    /// The plan that new tenants are given. Default none: they are not limited.
    pub plan: Option<PlanName>,
    /// What a password hash costs.
    pub hashing: HashingConfig,
    /// What counts tries; share one between instances that shall count together. Default in this
    /// process.
    pub limiter: Option<Arc<dyn RateLimiter>>,
    /// What tells the other instances at once of what this one ends. Default none: they find out
    /// within [`recheck`](Self::recheck).
    pub bell: Option<Arc<dyn Bell>>,
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
            earlier_secrets: Vec::new(),
            signing: Signing::default(),
            access_lifetime: 5 * MINUTE,
            refresh_idle: 30 * DAY,
            refresh_absolute: 90 * DAY,
            refresh_grace: Duration::from_secs(10),
            recheck: Duration::from_secs(2),
            recent: 10 * MINUTE,
            audit_retention: None,
            display_name: "Karen".to_owned(),
            public_url: "http://127.0.0.1:8000".to_owned(),
            mailer: None,
            oidc: Vec::new(),
            oidc_transport: None,
            registration: Registration::default(),
            issuer: "karen".to_owned(),
            audience: "karen".to_owned(),
            passwords: PasswordPolicy::default(),
            breaches: None,
            plans: BTreeMap::new(),
            plan: None,
            hashing: HashingConfig::default(),
            limiter: None,
            bell: None,
            clock: Arc::new(SystemClock),
        }
    }

    pub(super) fn limiter(&self) -> Arc<dyn RateLimiter> {
        let own = || Arc::new(InProcessRateLimiter::new(Arc::clone(&self.clock)));
        self.limiter.clone().unwrap_or_else(|| own())
    }

    pub(super) fn oidc_providers(&self) -> Result<Vec<OidcProvider>, AuthError> {
        let refused =
            |reason: String| AuthError::new(AuthErrorKind::Invalid, "use a provider", reason);
        let mut providers: Vec<OidcProvider> = Vec::new();
        for config in &self.oidc {
            let name = &config.name;
            if providers
                .iter()
                .any(|other| other.config.name == *name || other.config.issuer == config.issuer)
            {
                return Err(refused(format!(
                    "{name}: another has its name or its issuer"
                )));
            }
            if !is_private(&config.issuer) {
                return Err(refused(format!("{name}: its issuer begins with https://")));
            }
            let transport = self.oidc_transport.clone();
            let transport =
                transport.ok_or_else(|| refused(format!("{name}: nothing reaches it")))?;
            providers.push(OidcProvider::new(config.clone(), transport));
        }
        Ok(providers)
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
            recent: ms(self.recent),
            audit: self.audit_retention.map(ms),
        })
    }
}

/// Bounded so that adding it to a time of day never overflows.
fn ms(duration: Duration) -> i64 {
    i64::try_from(duration.as_millis()).map_or(i64::MAX / 4, |ms| ms.min(i64::MAX / 4))
}
