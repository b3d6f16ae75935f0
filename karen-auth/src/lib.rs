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
//! Passwords are kept as argon2id hashes, tokens and keys as SHA-256 hashes, refresh tokens not at
//! all. What ends a session (logging out, a new password, a disabled account) takes effect at the
//! next request. A program that one person uses needs none of this: [`Principal::local`].
//!
//! It is not for: cookies, headers and other matters of HTTP; deciding who may see one document of
//! many; being an OpenID provider.
//!
//! | feature | gives | costs |
//! |---|---|---|
//! | `postgres` | accounts in PostgreSQL, through `karen-sql` | a dozen dependencies |
//! | `testing` | the conformance suites of the ports, and a clock to drive by hand | nothing at run time; for tests only |

mod account;
mod api_key;
mod audit;
mod auth;
mod clock;
mod email;
mod error;
mod id;
mod identity;
mod live;
mod password;
mod permission;
mod principal;
mod rate;
mod role;
mod schema;
mod secret;
mod session;
mod stored;
#[cfg(any(test, feature = "testing"))]
pub mod testing;
mod throttle;
mod token;

pub use account::{Account, AccountState, Device, NewAccount, Page};
pub use api_key::{ApiKey, ApiKeyStore, SqlApiKeyStore};
pub use audit::{AuditAction, AuditChain, AuditEntry, AuditEvent, AuditLog, Outcome, SqlAuditLog};
pub use auth::{Auth, AuthConfig, NewApiKey, Registration, migrate};
pub use clock::{Clock, SystemClock};
pub use email::Email;
pub use error::{AuthError, AuthErrorKind};
pub use id::{AccountId, ApiKeyId, SessionId, TenantId};
pub use identity::{Identity, IdentityStore, SqlIdentityStore};
pub use password::HashingConfig;
pub use permission::{Permission, Permissions};
pub use principal::Principal;
pub use rate::{Grant, InProcessRateLimiter, Quota, RateKey, RateLimiter};
pub use role::Role;
pub use secret::SigningSecret;
pub use session::{Session, SessionInfo, SessionKey, SessionStore, SqlSessionStore};
pub use token::{AccessToken, ApiKeySecret, RefreshToken, SetupToken, SignedIn, TokenHash};
