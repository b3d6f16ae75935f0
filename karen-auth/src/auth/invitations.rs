//! Inviting people into a tenant.

use std::net::IpAddr;

use serde::{Deserialize, Serialize};

use super::Auth;
use super::accounts::require_power_over;
use super::links::Link;
use super::log_in::wrong_password;
use crate::password::{Password, Verdict};
use crate::{
    Account, AccountId, AccountState, AuditAction, AuditEvent, AuthError, AuthErrorKind, Email,
    Identity, NewAccount, OneTimeToken, OneTimeTokenId, Outcome, Permission, Principal, Purpose,
    Role, TenantId,
};

/// Somebody who is invited and has not come yet.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Invitation {
    /// The id, for [`Auth::revoke_invitation`].
    pub id: OneTimeTokenId,
    /// Who is invited.
    pub email: Email,
    /// What they will be.
    pub role: Role,
    /// Unix milliseconds.
    pub created_at_ms: i64,
    /// Unix milliseconds.
    pub expires_at_ms: i64,
}

/// What an invitation remembers.
#[derive(Serialize, Deserialize)]
struct Invited {
    email: String,
    role: String,
    /// The account that invited; nobody, where registration is open.
    by: Option<String>,
}

impl Auth {
    /// Mails an invitation into the principal's tenant, good for seven days.
    ///
    /// # Errors
    /// `Denied` without `users:write`, or for a role that may do more than the principal; `Invalid`
    /// for the email; `RateLimited`; `Unavailable` when mail is not set up.
    pub async fn invite(
        &self,
        principal: &Principal,
        email: &str,
        role: Role,
    ) -> Result<Invitation, AuthError> {
        principal.require(Permission::UsersWrite)?;
        require_power_over(principal, role)?;
        self.mailer()?;
        let email = Email::parse(email)?;
        self.shared.throttle.mail(email.as_str(), None).await?;
        let event = self.event_by(principal, AuditAction::Invited, role.as_str());
        self.shared.ports.audit.append(&event).await?;
        let link = Link {
            purpose: Purpose::Invitation,
            tenant: principal.tenant().clone(),
            account: None,
            to: Some(email.clone()),
            detail: Invited {
                email: email.as_str().to_owned(),
                role: role.as_str().to_owned(),
                by: Some(principal.account().to_string()),
            },
        };
        let token = self.send_link(link).await?;
        Ok(invitation(token, email, role))
    }

    /// Mails an invitation into the tenant `default` to whoever asks for one, where registration is
    /// open. Unlike [`register`](Self::register), the answer does not tell whether there is an
    /// account with that address: who has one is told so by following the link.
    ///
    /// # Errors
    /// `Denied` while registration is closed; `Invalid` for what is no address; `RateLimited`;
    /// `Unavailable` when mail is not set up.
    pub async fn request_registration(
        &self,
        email: &str,
        address: Option<IpAddr>,
    ) -> Result<(), AuthError> {
        self.require_open_registration()?;
        self.mailer()?;
        let email = Email::parse(email)?;
        self.shared.throttle.mail(email.as_str(), address).await?;
        let link = Link {
            purpose: Purpose::Invitation,
            tenant: TenantId::default(),
            account: None,
            to: Some(email.clone()),
            detail: Invited {
                email: email.as_str().to_owned(),
                role: Role::Member.as_str().to_owned(),
                by: None,
            },
        };
        self.send_link(link).await.map(drop)
    }

    /// The invitations of the principal's tenant that wait, the oldest first.
    ///
    /// # Errors
    /// `Denied` without `users:read`.
    pub async fn invitations(&self, principal: &Principal) -> Result<Vec<Invitation>, AuthError> {
        principal.require(Permission::UsersRead)?;
        let one_time = &self.shared.ports.one_time;
        let tokens = one_time.list(principal.tenant(), Purpose::Invitation, self.now_ms());
        tokens.await?.into_iter().map(read).collect()
    }

    /// Makes an invitation void.
    ///
    /// # Errors
    /// `Denied` without `users:write`; `NotFound` when the tenant has no such invitation.
    pub async fn revoke_invitation(
        &self,
        principal: &Principal,
        invitation: &OneTimeTokenId,
    ) -> Result<(), AuthError> {
        principal.require(Permission::UsersWrite)?;
        let (one_time, tenant) = (&self.shared.ports.one_time, principal.tenant());
        if !one_time
            .delete(tenant, Purpose::Invitation, invitation)
            .await?
        {
            let reason = "there is no such invitation";
            let operation = "revoke the invitation";
            return Err(AuthError::new(AuthErrorKind::NotFound, operation, reason));
        }
        let action = AuditAction::InvitationRevoked;
        let event = self.event_by(principal, action, invitation.as_str());
        self.shared.ports.audit.append(&event).await.map(drop)
    }

    /// Accepts the invitation whose link `token` is. Who has no account gets one, with this name
    /// and password; who has one shows its password, and becomes a member of one more tenant.
    ///
    /// # Errors
    /// `NotFound` for a link that is wrong, expired or was used; `Invalid` for a name or a password
    /// that will not do; `Unauthenticated` for the wrong password of an account; `RateLimited`;
    /// `Conflict` for a member; `Quota` where the tenant has as many members as it may. The link
    /// stays good after all of these.
    pub async fn accept_invitation(
        &self,
        token: &str,
        name: &str,
        password: &str,
    ) -> Result<Account, AuthError> {
        let purpose = Purpose::Invitation;
        let (link, invited) = self.find_link::<Invited>(purpose, token).await?;
        let (email, role) = (Email::parse(&invited.email)?, invited.role.parse::<Role>()?);
        let known = self.shared.ports.identities.find_by_email(&email).await?;
        let is_known = known.is_some();
        let identity = match known {
            Some(identity) => self.joining(identity, &link.tenant, role, password).await?,
            None => {
                let new = NewAccount {
                    email: invited.email.clone(),
                    name: name.to_owned(),
                    password: password.to_owned(),
                };
                self.new_identity(new, link.tenant.clone(), role).await?
            }
        };
        self.require_room_for_member(&link.tenant).await?;
        self.take_link(purpose, token).await?;
        self.admit_invited(identity, is_known, &invited).await
    }

    /// Writes it down and opens the door, in this order.
    async fn admit_invited(
        &self,
        mut identity: Identity,
        is_known: bool,
        invited: &Invited,
    ) -> Result<Account, AuthError> {
        let (identities, now_ms) = (&self.shared.ports.identities, self.now_ms());
        let account = &mut identity.account;
        let event = AuditEvent {
            tenant: account.tenant.clone(),
            at_ms: now_ms,
            action: AuditAction::InvitationAccepted,
            outcome: Outcome::Allowed,
            actor: invited
                .by
                .as_deref()
                .and_then(|id| AccountId::parse(id).ok()),
            subject: Some(account.id.to_string()),
            address: None,
        };
        self.shared.ports.audit.append(&event).await?;
        // Who has the link reads the address.
        account.email_verified_at_ms = Some(now_ms);
        match is_known {
            true => identities.join(account).await?,
            false => identities.create(&identity).await?,
        }
        Ok(identity.account)
    }

    /// An account as a member of one more tenant, if its owner it is who joins.
    async fn joining(
        &self,
        identity: Identity,
        tenant: &TenantId,
        role: Role,
        password: &str,
    ) -> Result<Identity, AuthError> {
        let email = identity.account.email.as_str();
        self.shared.throttle.log_in(email, None).await?;
        let (password, stored) = (Password::of(password)?, identity.password.clone());
        if self.shared.hashing.verify(password, stored).await? == Verdict::Mismatch {
            let event = self.refused_log_in(Some(&identity.account), None);
            self.shared.ports.audit.append(&event).await?;
            return Err(wrong_password());
        }
        self.shared.throttle.forgive(email).await?;
        let id = &identity.account.id;
        if self
            .shared
            .ports
            .identities
            .get(tenant, id)
            .await?
            .is_some()
        {
            let reason = "you are a member already: log in";
            let operation = "accept the invitation";
            return Err(AuthError::new(AuthErrorKind::Conflict, operation, reason));
        }
        let account = Account {
            tenant: tenant.clone(),
            role,
            custom_role: None,
            state: AccountState::Active,
            created_at_ms: self.now_ms(),
            ..identity.account
        };
        Ok(Identity {
            account,
            ..identity
        })
    }
}

fn invitation(token: OneTimeToken, email: Email, role: Role) -> Invitation {
    Invitation {
        id: token.id,
        email,
        role,
        created_at_ms: token.created_at_ms,
        expires_at_ms: token.expires_at_ms,
    }
}

fn read(token: OneTimeToken) -> Result<Invitation, AuthError> {
    let invited: Invited = serde_json::from_str(&token.detail)
        .map_err(|e| crate::stored::damaged("detail").caused_by(e))?;
    let (email, role) = (Email::parse(&invited.email)?, invited.role.parse()?);
    Ok(invitation(token, email, role))
}
