//! The first account.

use std::sync::PoisonError;

use super::Auth;
use crate::token::{SETUP_PREFIX, draw};
use crate::{
    AuditAction, AuthError, AuthErrorKind, Device, NewAccount, Role, SetupToken, SignedIn,
    TenantId, TokenHash,
};

impl Auth {
    /// Whether there is no account yet.
    ///
    /// # Errors
    /// `Unavailable` and what else the database reports.
    pub async fn setup_needed(&self) -> Result<bool, AuthError> {
        self.shared.ports.identities.is_empty().await
    }

    /// The token that creates the first account; `None` once there is one.
    ///
    /// Each open draws a new one and makes those before it void. Only its hash is stored: show it
    /// to whoever can see the terminal, and to nobody else.
    ///
    /// # Errors
    /// As [`setup_needed`](Self::setup_needed).
    pub async fn setup_token(&self) -> Result<Option<SetupToken>, AuthError> {
        let needed = self.setup_needed().await?;
        let token = self
            .shared
            .setup_token
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        Ok(token.clone().filter(|_| needed))
    }

    /// Creates the first account, owner of the tenant `default`, and logs it in.
    ///
    /// # Errors
    /// `Conflict` once there is an account; `Unauthenticated` for a wrong token; `Invalid` for an
    /// email, a name or a password that will not do, after which the token is still good.
    pub async fn set_up(
        &self,
        token: &str,
        account: NewAccount,
        device: Device,
    ) -> Result<SignedIn, AuthError> {
        if !self.setup_needed().await? {
            let reason = "the first account exists already: log in with it";
            return Err(AuthError::new(AuthErrorKind::Conflict, "set up", reason));
        }
        let tenant = TenantId::default();
        let identity = self.new_identity(account, tenant, Role::Owner).await?;
        let identities = &self.shared.ports.identities;
        identities
            .create_first(&TokenHash::of(token), &identity)
            .await?;
        let account = identity.account;
        // Only the store can tell whether the token was right, so this entry follows.
        let event = self.event(&account, AuditAction::SetUp, &device);
        self.shared.ports.audit.append(&event).await?;
        self.open_session(account, identity.epoch, device).await
    }

    pub(super) async fn draw_setup_token(&self) -> Result<(), AuthError> {
        let token = draw(SETUP_PREFIX);
        let identities = &self.shared.ports.identities;
        identities
            .put_setup(&TokenHash::of(&token), self.now_ms())
            .await?;
        let mut kept = self
            .shared
            .setup_token
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        *kept = Some(SetupToken::new(token));
        Ok(())
    }
}
