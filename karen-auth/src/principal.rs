//! Who is asking: the key to every store.

use crate::{
    Account, AccountId, ApiKeyId, AuthError, AuthErrorKind, Permission, Permissions, Role,
    SessionId, TenantId,
};

/// Somebody whose credentials have been checked, and what they may do.
///
/// There are two ways to get one: [`Auth::authenticate`](crate::Auth::authenticate), and
/// [`Principal::local`] in a program that one person uses, which may also
/// [act for an account](crate::Auth::act_for). Holding one is the proof.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Principal {
    tenant: TenantId,
    account: AccountId,
    credential: Credential,
    role: Role,
    permissions: Permissions,
}

/// What the principal showed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Credential {
    /// Nothing: it is the program itself.
    Local,
    Session(SessionId),
    ApiKey(ApiKeyId),
}

impl Principal {
    /// The owner of the default tenant, user `local`: for a program with one user, who needs no
    /// account. Never make one on behalf of somebody across a network.
    #[must_use]
    pub fn local() -> Self {
        Self {
            tenant: TenantId::default(),
            account: AccountId::local(),
            credential: Credential::Local,
            role: Role::Owner,
            permissions: Role::Owner.permissions(),
        }
    }

    /// An account, as the owner of the data acts for it.
    pub(crate) fn for_account(account: &Account) -> Self {
        Self::of(account, Credential::Local, account.permissions())
    }

    /// Passes for [`Principal::local`] alone.
    pub(crate) fn require_local(&self) -> Result<(), AuthError> {
        if *self == Self::local() {
            return Ok(());
        }
        let reason = "only the owner of the data may, by a command on the machine";
        Err(AuthError::new(AuthErrorKind::Denied, "do this", reason))
    }

    pub(crate) fn of_session(account: &Account, session: SessionId) -> Self {
        Self::of(account, Credential::Session(session), account.permissions())
    }

    /// A key never allows more than its owner's role does at this moment.
    pub(crate) fn of_key(account: &Account, key: ApiKeyId, granted: Permissions) -> Self {
        let permissions = granted.and(account.permissions());
        Self::of(account, Credential::ApiKey(key), permissions)
    }

    fn of(account: &Account, credential: Credential, permissions: Permissions) -> Self {
        Self {
            tenant: account.tenant.clone(),
            account: account.id.clone(),
            credential,
            role: account.role,
            permissions,
        }
    }

    /// Whether it is the program itself, or the owner of the data acting for an account: who holds
    /// the data folder needs no credentials.
    pub(crate) fn is_owner(&self) -> bool {
        self.credential == Credential::Local
    }

    pub(crate) fn credential(&self) -> &Credential {
        &self.credential
    }

    /// The tenant whose data this principal reaches.
    #[must_use]
    pub fn tenant(&self) -> &TenantId {
        &self.tenant
    }

    /// The account, which is the user's id.
    #[must_use]
    pub fn account(&self) -> &AccountId {
        &self.account
    }

    /// The session; `None` for an API key and for [`Principal::local`].
    #[must_use]
    pub fn session(&self) -> Option<&SessionId> {
        match &self.credential {
            Credential::Session(session) => Some(session),
            Credential::Local | Credential::ApiKey(_) => None,
        }
    }

    /// The API key that was shown, if one was.
    #[must_use]
    pub fn api_key(&self) -> Option<&ApiKeyId> {
        match &self.credential {
            Credential::ApiKey(key) => Some(key),
            Credential::Local | Credential::Session(_) => None,
        }
    }

    /// The role within the tenant.
    #[must_use]
    pub fn role(&self) -> Role {
        self.role
    }

    /// What the principal may do; for an API key less than its role, perhaps.
    #[must_use]
    pub fn permissions(&self) -> Permissions {
        self.permissions
    }

    /// Passes if the principal may do `permission`.
    ///
    /// # Errors
    /// `Denied` otherwise.
    pub fn require(&self, permission: Permission) -> Result<(), AuthError> {
        if self.permissions.contains(permission) {
            return Ok(());
        }
        let reason = format!("it needs the permission {permission}; an administrator can grant it");
        Err(AuthError::new(AuthErrorKind::Denied, "do this", reason))
    }

    /// The session, for what only a person who has logged in may do.
    pub(crate) fn require_session(&self) -> Result<&SessionId, AuthError> {
        self.session().ok_or_else(|| {
            let reason = "it needs a session: log in with email and password";
            AuthError::new(AuthErrorKind::Denied, "do this", reason)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_allows_no_more_than_its_owner() {
        let viewer = Account::example(Role::Viewer);
        let key = Principal::of_key(&viewer, ApiKeyId::random(), Permissions::all());
        assert_eq!(key.permissions(), Role::Viewer.permissions());
        let refused = key.require(Permission::ChatUse).expect_err("a viewer");
        assert_eq!(refused.kind(), AuthErrorKind::Denied);
        assert!(refused.to_string().contains("chat:use"));
    }

    #[test]
    fn the_local_user_owns_the_default_tenant() {
        let local = Principal::local();
        assert_eq!(local.tenant().as_str(), "default");
        assert_eq!(local.account().as_str(), "local");
        assert_eq!(local.permissions(), Permissions::all());
        assert_eq!(local.session(), None);
    }
}
