//! Accounts and sign-ins, as a host calls them.

mod data;
mod mail;
mod roles;
mod second_factors;
mod tenants;

use std::time::Duration;

use karen_core::auth::{
    AccountId, ApiKeyId, AuditCheckpoint, Auth, AuthError, Device, NewAccount, NewApiKey,
    NewImport, Page, Permissions, Principal, SessionId,
};
use serde::Deserialize;

pub use data::{
    Account, ApiKey, AuditEntry, Enrolment, Invitation, LogIn, MadeApiKey, MadeTenant, Role,
    SecondFactor, SignInSession, SignedIn, Tenant, TenantLimits, TenantUsage,
};
pub use mail::Mail;
pub use roles::Roles;
pub use second_factors::SecondFactors;
pub use tenants::Tenants;

use crate::{Failure, Karen, Session};

/// Accounts, sign-ins and keys of one Karen.
#[derive(Clone)]
pub struct Accounts {
    karen: Karen,
}

/// What somebody gives to get an account.
#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Credentials {
    /// What it signs in with.
    pub email: String,
    /// What the person wants to be called.
    pub name: String,
    /// 15 to 128 characters.
    pub password: String,
}

impl From<Credentials> for NewAccount {
    fn from(credentials: Credentials) -> Self {
        Self {
            email: credentials.email,
            name: credentials.name,
            password: credentials.password,
        }
    }
}

impl Accounts {
    pub(crate) fn new(karen: Karen) -> Self {
        Self { karen }
    }

    /// Whether there is no account yet.
    ///
    /// # Errors
    /// `UNAVAILABLE`.
    pub async fn setup_needed(&self) -> Result<bool, Failure> {
        Ok(self.auth()?.setup_needed().await?)
    }

    /// The token that makes the first account; `None` once there is one.
    ///
    /// # Errors
    /// `UNAVAILABLE`.
    pub async fn setup_token(&self) -> Result<Option<String>, Failure> {
        let token = self.auth()?.setup_token().await?;
        Ok(token.map(|token| token.expose().to_owned()))
    }

    /// Makes the first account and signs it in.
    ///
    /// # Errors
    /// `CONFLICT`, `UNAUTHENTICATED`, `INVALID_ARGUMENT`.
    pub async fn set_up(&self, token: &str, who: Credentials) -> Result<SignedIn, Failure> {
        let signed_in = self.auth()?.set_up(token, who.into(), Device::default());
        Ok(signed_in.await?.into())
    }

    /// Makes an account for whoever asks, and signs it in.
    ///
    /// # Errors
    /// `FORBIDDEN` while registration is closed, `CONFLICT`, `INVALID_ARGUMENT`, `RATE_LIMITED`.
    pub async fn register(
        &self,
        who: Credentials,
        device: Option<String>,
    ) -> Result<SignedIn, Failure> {
        let signed_in = self.auth()?.register(who.into(), named(device));
        Ok(signed_in.await?.into())
    }

    /// Signs in.
    ///
    /// # Errors
    /// `UNAUTHENTICATED`, `RATE_LIMITED`, `UNAVAILABLE`; `FORBIDDEN` for an account with a second
    /// factor, which signs in by [`begin_log_in`](Self::begin_log_in).
    pub async fn log_in(
        &self,
        email: &str,
        password: &str,
        device: Option<String>,
    ) -> Result<SignedIn, Failure> {
        let signed_in = self.auth()?.log_in(email, password, named(device));
        Ok(signed_in.await?.into())
    }

    /// Signs in as far as the password goes.
    ///
    /// # Errors
    /// `UNAUTHENTICATED`, `RATE_LIMITED`, `UNAVAILABLE`.
    pub async fn begin_log_in(
        &self,
        email: &str,
        password: &str,
        device: Option<String>,
    ) -> Result<LogIn, Failure> {
        let begun = self.auth()?.begin_log_in(email, password, named(device));
        Ok(begun.await?.into())
    }

    /// Signs in with the code of an authenticator, or with a recovery code.
    ///
    /// # Errors
    /// `UNAUTHENTICATED`, `RATE_LIMITED`, `UNAVAILABLE`.
    pub async fn finish_log_in(&self, challenge: &str, code: &str) -> Result<SignedIn, Failure> {
        Ok(self.auth()?.finish_log_in(challenge, code).await?.into())
    }

    /// Checks that the session's password was given a moment ago, as what is dangerous needs.
    ///
    /// # Errors
    /// `UNAUTHENTICATED`, `FORBIDDEN`.
    pub async fn require_recent(&self, session: &Session) -> Result<(), Failure> {
        Ok(self.auth()?.require_recent(who(session)?).await?)
    }

    /// Takes the password once more, and a code from an account with a second factor.
    ///
    /// # Errors
    /// `UNAUTHENTICATED`, `RATE_LIMITED`, `FORBIDDEN`.
    pub async fn reauthenticate(
        &self,
        session: &Session,
        password: &str,
        code: Option<&str>,
    ) -> Result<(), Failure> {
        let auth = self.auth()?;
        Ok(auth.reauthenticate(who(session)?, password, code).await?)
    }

    /// Gives new tokens for a refresh token, which must not be used again.
    ///
    /// # Errors
    /// `UNAUTHENTICATED`, `UNAVAILABLE`.
    pub async fn refresh(&self, token: &str) -> Result<SignedIn, Failure> {
        Ok(self.auth()?.refresh(token).await?.into())
    }

    /// Ends the sign-in that `session` was made from.
    ///
    /// # Errors
    /// `FORBIDDEN` for a session that was not made by signing in.
    pub async fn log_out(&self, session: &Session) -> Result<(), Failure> {
        Ok(self.auth()?.log_out(who(session)?).await?)
    }

    /// Ends every sign-in of the session's account.
    ///
    /// # Errors
    /// As [`log_out`](Self::log_out).
    pub async fn log_out_everywhere(&self, session: &Session) -> Result<(), Failure> {
        Ok(self.auth()?.log_out_everywhere(who(session)?).await?)
    }

    /// The sign-ins of the session's account, newest first.
    ///
    /// # Errors
    /// What the store reports.
    pub async fn sessions(&self, session: &Session) -> Result<Vec<SignInSession>, Failure> {
        let sessions = self.auth()?.sessions(who(session)?).await?;
        Ok(sessions.into_iter().map(Into::into).collect())
    }

    /// Calls the device of one sign-in of the session's account by a name.
    ///
    /// # Errors
    /// `NOT_FOUND`, `FORBIDDEN`, `INVALID_ARGUMENT`.
    pub async fn name_session(
        &self,
        session: &Session,
        id: &str,
        name: &str,
    ) -> Result<(), Failure> {
        let id = SessionId::parse(id)?;
        let auth = self.auth()?;
        Ok(auth.name_session(who(session)?, &id, name).await?)
    }

    /// Ends one sign-in of the session's account.
    ///
    /// # Errors
    /// `NOT_FOUND`, `FORBIDDEN`, `INVALID_ARGUMENT`.
    pub async fn revoke_session(&self, session: &Session, id: &str) -> Result<(), Failure> {
        let id = SessionId::parse(id)?;
        Ok(self.auth()?.revoke_session(who(session)?, &id).await?)
    }

    /// Changes the password of the session's account, and ends its other sign-ins.
    ///
    /// # Errors
    /// `UNAUTHENTICATED`, `INVALID_ARGUMENT`, `FORBIDDEN`, `RATE_LIMITED`, `CONFLICT`.
    pub async fn change_password(
        &self,
        session: &Session,
        current: &str,
        new: &str,
    ) -> Result<(), Failure> {
        let auth = self.auth()?;
        Ok(auth.change_password(who(session)?, current, new).await?)
    }

    /// The session's own account.
    ///
    /// # Errors
    /// `NOT_FOUND` for the local user, who has none.
    pub async fn own_account(&self, session: &Session) -> Result<Account, Failure> {
        Ok(self.auth()?.own_account(who(session)?).await?.into())
    }

    /// One account of the session's tenant.
    ///
    /// # Errors
    /// `NOT_FOUND`, `FORBIDDEN`, `INVALID_ARGUMENT`.
    pub async fn get(&self, session: &Session, account: &str) -> Result<Account, Failure> {
        let account = AccountId::parse(account)?;
        Ok(self.auth()?.account(who(session)?, &account).await?.into())
    }

    /// The accounts of the session's tenant, ordered by id.
    ///
    /// # Errors
    /// `FORBIDDEN`, `INVALID_ARGUMENT`.
    pub async fn list(
        &self,
        session: &Session,
        after: Option<&str>,
        limit: u32,
    ) -> Result<Vec<Account>, Failure> {
        let after = after.map(AccountId::parse).transpose()?;
        let page = Page {
            limit,
            after: after.as_ref(),
        };
        let accounts = self.auth()?.accounts(who(session)?, page).await?;
        Ok(accounts.into_iter().map(Into::into).collect())
    }

    /// Makes an account in the session's tenant.
    ///
    /// # Errors
    /// `FORBIDDEN`, `CONFLICT`, `INVALID_ARGUMENT`.
    pub async fn create(
        &self,
        session: &Session,
        account: Credentials,
        role: &str,
    ) -> Result<Account, Failure> {
        let (auth, role) = (self.auth()?, role.parse()?);
        let account = auth.create_account(who(session)?, account.into(), role);
        Ok(account.await?.into())
    }

    /// Makes an account in the session's tenant whose password another program has hashed, by
    /// bcrypt or argon2id.
    ///
    /// # Errors
    /// `FORBIDDEN`, `CONFLICT`, `INVALID_ARGUMENT`.
    pub async fn import(
        &self,
        session: &Session,
        email: String,
        name: String,
        password_hash: String,
        role: &str,
    ) -> Result<Account, Failure> {
        let new = NewImport {
            email,
            name,
            password_hash,
        };
        let (auth, role) = (self.auth()?, role.parse()?);
        let account = auth.import_account(who(session)?, new, role);
        Ok(account.await?.into())
    }

    /// Takes an account out of the session's tenant; one that is in no other is deleted.
    ///
    /// # Errors
    /// `FORBIDDEN`, `CONFLICT` for one's own, `NOT_FOUND`, `INVALID_ARGUMENT`.
    pub async fn remove(&self, session: &Session, account: &str) -> Result<(), Failure> {
        let account = AccountId::parse(account)?;
        Ok(self.auth()?.remove_member(who(session)?, &account).await?)
    }

    /// Shuts an account out.
    ///
    /// # Errors
    /// `FORBIDDEN`, `CONFLICT` for one's own, `NOT_FOUND`, `INVALID_ARGUMENT`.
    pub async fn disable(&self, session: &Session, account: &str) -> Result<(), Failure> {
        let account = AccountId::parse(account)?;
        let auth = self.auth()?;
        Ok(auth.disable_account(who(session)?, &account).await?)
    }

    /// Lets a disabled account sign in again.
    ///
    /// # Errors
    /// As [`disable`](Self::disable).
    pub async fn enable(&self, session: &Session, account: &str) -> Result<(), Failure> {
        let account = AccountId::parse(account)?;
        Ok(self.auth()?.enable_account(who(session)?, &account).await?)
    }

    /// Makes an API key; its secret is given here and never again. `lifetime` is in seconds.
    ///
    /// # Errors
    /// `FORBIDDEN`, `INVALID_ARGUMENT`, `CONFLICT`.
    pub async fn create_api_key(
        &self,
        session: &Session,
        name: String,
        permissions: Option<Vec<String>>,
        lifetime: Option<f64>,
    ) -> Result<MadeApiKey, Failure> {
        let permissions = permissions.map(|names| named_permissions(&names));
        let new = NewApiKey {
            name,
            permissions: permissions.transpose()?,
            lifetime: lifetime.map(seconds).transpose()?,
        };
        let made = self.auth()?.create_api_key(who(session)?, new).await?;
        Ok(made.into())
    }

    /// The API keys of the session's account, newest first.
    ///
    /// # Errors
    /// What the store reports.
    pub async fn api_keys(&self, session: &Session) -> Result<Vec<ApiKey>, Failure> {
        let keys = self.auth()?.api_keys(who(session)?).await?;
        Ok(keys.into_iter().map(Into::into).collect())
    }

    /// Ends an API key of the session's account.
    ///
    /// # Errors
    /// `NOT_FOUND`, `FORBIDDEN`, `INVALID_ARGUMENT`.
    pub async fn revoke_api_key(&self, session: &Session, id: &str) -> Result<(), Failure> {
        let id = ApiKeyId::parse(id)?;
        Ok(self.auth()?.revoke_api_key(who(session)?, &id).await?)
    }

    /// Entries of the tenant's audit log whose number is above `after`.
    ///
    /// # Errors
    /// `FORBIDDEN`.
    pub async fn audit_log(
        &self,
        session: &Session,
        after: u64,
        limit: u32,
    ) -> Result<Vec<AuditEntry>, Failure> {
        let entries = self.auth()?.audit_log(who(session)?, after, limit).await?;
        Ok(entries.into_iter().map(Into::into).collect())
    }

    /// Checks the tenant's audit log from its beginning, and that nothing is gone that `checkpoints`
    /// signed; gives how many entries it has.
    ///
    /// # Errors
    /// `FORBIDDEN`, `CORRUPT`, `INVALID_ARGUMENT` for what is no checkpoint of the tenant's.
    pub async fn verify_audit_log(
        &self,
        session: &Session,
        checkpoints: &[String],
    ) -> Result<u64, Failure> {
        let kept = checkpoints.iter().map(|line| line.parse());
        let kept: Vec<AuditCheckpoint> = kept.collect::<Result<_, AuthError>>()?;
        let chain = self.auth()?.verify_audit_log(who(session)?, &kept).await?;
        Ok(chain.head().0)
    }

    /// Checks the tenant's audit log and signs where it ends: a line to be kept elsewhere.
    ///
    /// # Errors
    /// As [`verify_audit_log`](Self::verify_audit_log).
    pub async fn audit_checkpoint(&self, session: &Session) -> Result<String, Failure> {
        let checkpoint = self.auth()?.audit_checkpoint(who(session)?).await?;
        Ok(checkpoint.to_string())
    }

    fn auth(&self) -> Result<&Auth, Failure> {
        self.karen.auth()
    }
}

fn who(session: &Session) -> Result<&Principal, Failure> {
    Ok(session.core()?.principal())
}

fn named(device: Option<String>) -> Device {
    Device {
        name: device,
        ..Device::default()
    }
}

fn named_permissions(names: &[String]) -> Result<Permissions, Failure> {
    Ok(names.join(" ").parse()?)
}

fn seconds(number: f64) -> Result<Duration, Failure> {
    Duration::try_from_secs_f64(number)
        .map_err(|_| Failure::invalid("a lifetime is a number of seconds, 0 or more"))
}

impl From<AuthError> for Failure {
    fn from(error: AuthError) -> Self {
        karen_core::Error::from(error).into()
    }
}
