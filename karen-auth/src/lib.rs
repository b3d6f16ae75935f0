//! Accounts, sessions, tokens and principals, with or without a server.
//!
//! ```
//! use karen_auth::{Auth, AuthConfig, AuthError, Device, NewAccount, Permission, SigningSecret};
//! use karen_sql::{Database, Location};
//!
//! # #[tokio::main]
//! # async fn main() -> Result<(), AuthError> {
//! let database = Database::open(Location::Memory).await?;
//! let auth = Auth::open(AuthConfig::new(database, SigningSecret::random())).await?;
//!
//! // The first account takes a one-time token that only the operator sees.
//! let setup = auth.setup_token().await?.expect("there is no account yet");
//! let ada = NewAccount {
//!     email: "ada@example.com".to_owned(),
//!     name: "Ada".to_owned(),
//!     password: "a handful of plain words".to_owned(),
//! };
//! let signed_in = auth.set_up(setup.expose(), ada, Device::default()).await?;
//!
//! // Each request shows its access token, or an API key, and gets a principal.
//! let principal = auth.authenticate(signed_in.access.expose()).await?;
//! principal.require(Permission::ChatUse)?;
//!
//! auth.log_out(&principal).await?;
//! assert!(auth.authenticate(signed_in.access.expose()).await.is_err());
//! # Ok(())
//! # }
//! ```
//!
//! A [`Principal`] is proof that credentials were checked; hand it to whatever touches data.
//! Passwords are kept as argon2id hashes, tokens, keys and codes as SHA-256 hashes, refresh tokens
//! not at all; seeds of authenticators, signing keys and waiting mails are encrypted under the
//! installation's secret. What ends a session (logging out, a new password, a disabled account, a
//! suspended tenant) takes effect at the next request. A program that one person uses needs none of
//! this: [`Principal::local`].
//!
//! An account with a second factor logs in by [`Auth::begin_log_in`] and [`Auth::finish_log_in`].
//! One with a [passkey](Auth::begin_passkey) needs nothing else:
//! [`Auth::finish_passkey_log_in`]. [`Auth::tend`] is to be called every minute or so; where [`AuthConfig::mailer`] is set,
//! [`Auth::mail_queued`] and [`Auth::deliver_mail`] are to be looped over.
//!
//! It is not for: cookies, headers and other matters of HTTP; deciding who may see one document of
//! many; being an OpenID provider.
//!
//! | feature | gives | costs |
//! |---|---|---|
//! | `breaches` | refusing passwords that breaches gave away, by a list behind HTTP | an HTTP client with TLS |
//! | `oidc` | signing in with OpenID Connect providers, over HTTP | an HTTP client with TLS |
//! | `postgres` | accounts in PostgreSQL, through `karen-sql` | a dozen dependencies |
//! | `redis` | limits that instances share, and their bell, through Redis or Redis Cluster | thirty dependencies |
//! | `smtp` | mails over SMTP, through `lettre` | sixteen dependencies, TLS among them |
//! | `testing` | the conformance suites of the ports, and a clock to drive by hand | nothing at run time; for tests only |

mod account;
mod api_key;
mod audit;
mod auth;
mod bell;
mod clock;
mod email;
mod error;
mod factor;
#[cfg(any(feature = "breaches", feature = "oidc"))]
mod http;
mod id;
mod identity;
mod link;
mod live;
mod mail;
mod oidc;
mod one_time;
mod passkey;
mod password;
mod permission;
mod principal;
mod rate;
mod recovery_code;
#[cfg(feature = "redis")]
mod redis;
mod role;
mod schema;
mod seal;
mod secret;
mod session;
mod signing;
mod stored;
mod tenant;
#[cfg(any(test, feature = "testing"))]
pub mod testing;
mod throttle;
mod token;
mod totp;

pub use account::{Account, AccountState, Device, KnownDevice, NewAccount, Page};
pub use api_key::{ApiKey, ApiKeyStore, SqlApiKeyStore};
pub use audit::{
    AuditAction, AuditChain, AuditCheckpoint, AuditEntry, AuditEvent, AuditFormat, AuditLog,
    Outcome, SqlAuditLog,
};
pub use auth::{
    Auth, AuthConfig, Delivery, Directory, DirectoryEntry, Invitation, NewApiKey, NewImport,
    NewPasskey, OidcDone, PersonalData, Registration, RoleChoice, TenantData, migrate,
};
pub use bell::{Bell, Ending, Heard, InProcessBell};
pub use clock::{Clock, SystemClock};
pub use email::Email;
pub use error::{AuthError, AuthErrorKind};
pub use factor::{FactorStore, SecondFactor, SqlFactorStore, TotpFactor};
pub use id::{AccountId, ApiKeyId, OneTimeTokenId, PasskeyId, SessionId, TenantId};
pub use identity::{Identity, IdentityStore, PasswordChange, SqlIdentityStore};
pub use link::{ForeignIdentity, Link, LinkStore, SqlLinkStore};
pub use mail::{FileOutbox, Mail, MailQueue, Mailer, QueuedMail, QueuedMailId, SqlMailQueue};
#[cfg(feature = "smtp")]
pub use mail::{SmtpConfig, SmtpMailer, SmtpTls};
#[cfg(feature = "oidc")]
pub use oidc::HttpTransport;
pub use oidc::{
    ClientSecret, OidcAnswer, OidcConfig, OidcProviderInfo, OidcStart, OidcTransport, TokenAnswer,
};
pub use one_time::{OneTimeToken, OneTimeTokenStore, Purpose, SqlOneTimeTokenStore};
pub use passkey::{
    Passkey, PasskeyAssertion, PasskeyAttestation, PasskeyCreation, PasskeyHandle, PasskeyRequest,
    PasskeyStore, PasskeyUse, SqlPasskeyStore, UserVerification,
};
#[cfg(feature = "breaches")]
pub use password::HttpBreachList;
pub use password::{BreachList, Breaches, HashingConfig, PasswordPolicy};
pub use permission::{Permission, Permissions};
pub use principal::Principal;
pub use rate::{Grant, InProcessRateLimiter, Quota, RateKey, RateLimiter};
pub use recovery_code::RecoveryCodes;
#[cfg(feature = "redis")]
pub use redis::{RedisBell, RedisConfig, RedisRateLimiter};
pub use role::Role;
pub use secret::SigningSecret;
pub use session::{Session, SessionInfo, SessionKey, SessionStore, SqlSessionStore};
pub use signing::{
    Jwk, JwkSet, PrivateKeyPem, SealedSigningKey, Signing, SigningAlgorithm, SigningKey,
    SigningKeyStore, SqlSigningKeyStore,
};
pub use tenant::{
    CustomRole, PlanName, RoleName, SqlTenantStore, Tenant, TenantLimits, TenantState, TenantStore,
    UseLimits,
};
pub use token::{
    AccessToken, ApiKeySecret, DeviceToken, LogIn, LogInChallenge, OidcFlow, RefreshToken,
    SetupToken, SignedIn, TokenHash,
};
pub use totp::TotpEnrolment;
