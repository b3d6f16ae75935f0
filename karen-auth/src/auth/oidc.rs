//! Signing in by way of a provider: out to it, back from it, and what links it to an account.

use super::Auth;
use crate::account::checked_name;
use crate::oidc::{Flow, OidcProvider, Person};
use crate::password::Password;
use crate::token::draw;
use crate::{
    Account, AccountId, AccountState, AuditAction, AuthError, AuthErrorKind, Device, Email,
    ForeignIdentity, Identity, Link, LogIn, OidcAnswer, OidcProviderInfo, OidcStart, Principal,
    Role, TenantId, TenantState,
};

/// What came of a browser that is back.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum OidcDone {
    /// Somebody is signed in, or needs a code to be.
    LogIn(Box<LogIn>),
    /// The account that began it has a link.
    Linked,
}

impl Auth {
    /// The providers that people may sign in with, in the order of the settings.
    #[must_use]
    pub fn oidc_providers(&self) -> Vec<OidcProviderInfo> {
        let info = |provider: &OidcProvider| OidcProviderInfo {
            name: provider.config.name.clone(),
            label: provider.config.label.clone(),
        };
        self.shared.oidc.iter().map(info).collect()
    }

    /// Begins to sign in with a provider. `back` is the address that the provider sends the browser
    /// to, as it was registered there; [`finish_oidc`](Self::finish_oidc) takes the same.
    ///
    /// # Errors
    /// `NotFound` for a provider that is not configured; `Unavailable` when it does not answer.
    pub async fn begin_oidc(&self, provider: &str, back: &str) -> Result<OidcStart, AuthError> {
        let flow = Flow::begin(self.now_ms(), None);
        self.begin_flow(provider, back, &flow).await
    }

    /// Begins to link the principal's account with who they are at a provider.
    ///
    /// # Errors
    /// `LoginNotRecent`; `Denied` for an API key; else as [`begin_oidc`](Self::begin_oidc).
    pub async fn begin_oidc_link(
        &self,
        principal: &Principal,
        provider: &str,
        back: &str,
    ) -> Result<OidcStart, AuthError> {
        self.require_recent(principal).await?;
        let account = (principal.tenant(), principal.account());
        let flow = Flow::begin(self.now_ms(), Some(account));
        self.begin_flow(provider, back, &flow).await
    }

    async fn begin_flow(
        &self,
        provider: &str,
        back: &str,
        flow: &Flow,
    ) -> Result<OidcStart, AuthError> {
        let url = self.provider(provider)?.page(flow, back, self.now_ms());
        Ok(OidcStart {
            url: url.await?,
            flow: flow.seal(&self.shared.sealer, provider),
        })
    }

    /// Finishes what `flow` began. The provider vouches for who it is; an account with a second
    /// factor is asked for its code all the same.
    ///
    /// # Errors
    /// `Unauthenticated` for an answer that cannot be believed: another browser's, another
    /// provider's, one that is late, used or changed; `Denied` for somebody without an account who
    /// may not have one; `Conflict` when an account has the address but no link, or the link is
    /// another's; `Unavailable` when the provider does not answer.
    pub async fn finish_oidc(
        &self,
        provider: &str,
        flow: &str,
        answer: &OidcAnswer,
        back: &str,
        device: Device,
    ) -> Result<OidcDone, AuthError> {
        let name = provider;
        let (provider, now_ms) = (self.provider(name)?, self.now_ms());
        let flow = Flow::open(&self.shared.sealer, name, flow, &answer.state, now_ms);
        let flow = flow.ok_or_else(begin_again)?;
        let person = provider.person(&flow, answer, back, now_ms).await?;
        let foreign = ForeignIdentity {
            issuer: provider.config.issuer.clone(),
            subject: person.subject.clone(),
        };
        if let Some((tenant, account)) = flow.link_to() {
            let account = self.still_active(&tenant, &account).await?;
            self.link(&foreign, &account, &device).await?;
            return Ok(OidcDone::Linked);
        }
        let identity = match self.shared.ports.links.find(&foreign).await? {
            Some(account) => self.member(provider, &account).await?,
            None => self.welcome(provider, &foreign, person, &device).await?,
        };
        let begun = self.admit(identity, device).await?;
        Ok(OidcDone::LogIn(Box::new(begun)))
    }

    /// The links of the principal's account, ordered by issuer.
    ///
    /// # Errors
    /// What the store reports.
    pub async fn oidc_links(&self, principal: &Principal) -> Result<Vec<Link>, AuthError> {
        self.shared.ports.links.list(principal.account()).await
    }

    /// Ends the link of the principal's account with a provider.
    ///
    /// # Errors
    /// `NotFound` without one; `LoginNotRecent`; `Denied` for an API key.
    pub async fn unlink_oidc(
        &self,
        principal: &Principal,
        provider: &str,
    ) -> Result<(), AuthError> {
        self.require_recent(principal).await?;
        let issuer = &self.provider(provider)?.config.issuer;
        let ports = &self.shared.ports;
        if !ports.links.delete(principal.account(), issuer).await? {
            let reason = "your account is not linked with it";
            return Err(AuthError::new(AuthErrorKind::NotFound, "unlink", reason));
        }
        let subject = principal.account().as_str();
        let event = self.event_by(principal, AuditAction::Unlinked, subject);
        ports.audit.append(&event).await.map(drop)
    }

    /// The name of the provider with this issuer, if it is still configured.
    #[must_use]
    pub fn oidc_provider_of(&self, link: &Link) -> Option<String> {
        let mut providers = self.shared.oidc.iter();
        let provider = providers.find(|provider| provider.config.issuer == link.issuer);
        provider.map(|provider| provider.config.name.clone())
    }

    fn provider(&self, name: &str) -> Result<&OidcProvider, AuthError> {
        let mut providers = self.shared.oidc.iter();
        let found = providers.find(|provider| provider.config.name == name);
        found.ok_or_else(|| {
            let reason = "there is no such provider";
            AuthError::new(AuthErrorKind::NotFound, "sign in", reason)
        })
    }

    /// The account that began to link, unless it was shut out in the meantime.
    async fn still_active(
        &self,
        tenant: &TenantId,
        account: &AccountId,
    ) -> Result<Account, AuthError> {
        let identity = self.shared.ports.identities.get(tenant, account).await?;
        let identity = identity.filter(Identity::is_active);
        identity.map(|i| i.account).ok_or_else(begin_again)
    }

    async fn link(
        &self,
        foreign: &ForeignIdentity,
        account: &Account,
        device: &Device,
    ) -> Result<(), AuthError> {
        let ports = &self.shared.ports;
        let event = self.event(account, AuditAction::Linked, device);
        ports.audit.append(&event).await?;
        let at_ms = self.now_ms();
        if ports.links.insert(foreign, &account.id, at_ms).await? {
            return Ok(());
        }
        let reason = "it is linked already: end the other link first";
        Err(AuthError::new(AuthErrorKind::Conflict, "link", reason))
    }

    /// A linked account, if it may come into the provider's tenant.
    async fn member(
        &self,
        provider: &OidcProvider,
        account: &AccountId,
    ) -> Result<Identity, AuthError> {
        let identities = &self.shared.ports.identities;
        let identity = identities.get(&provider.config.tenant, account).await?;
        identity.filter(Identity::is_active).ok_or_else(|| {
            let reason = "your account may not come in: ask an administrator";
            AuthError::new(AuthErrorKind::Unauthenticated, "sign in", reason)
        })
    }

    /// An account for somebody who comes for the first time. One with the same address is not
    /// theirs before they have shown so: a provider's word on addresses opens no other doors.
    async fn welcome(
        &self,
        provider: &OidcProvider,
        foreign: &ForeignIdentity,
        person: Person,
        device: &Device,
    ) -> Result<Identity, AuthError> {
        let email = person.email.as_deref().map(Email::parse).transpose()?;
        let ports = &self.shared.ports;
        if let Some(email) = &email
            && ports.identities.find_by_email(email).await?.is_some()
        {
            let reason = "an account has your address: sign in to it, and link it there";
            return Err(AuthError::new(AuthErrorKind::Conflict, "sign in", reason));
        }
        let (role, email) = provider.admits(email)?;
        let identity = self.newcomer(provider, role, email, person.name).await?;
        let event = self.event(&identity.account, AuditAction::AccountCreated, device);
        ports.audit.append(&event).await?;
        ports.identities.create(&identity).await?;
        self.link(foreign, &identity.account, device).await?;
        Ok(identity)
    }

    /// Its password is nobody's: whoever wants one has it reset by way of a mail.
    async fn newcomer(
        &self,
        provider: &OidcProvider,
        role: Role,
        email: Email,
        name: Option<String>,
    ) -> Result<Identity, AuthError> {
        let name = name.and_then(|name| checked_name(&name).ok());
        let nobody = Password::of(&draw(""))?;
        let now_ms = self.now_ms();
        Ok(Identity {
            account: Account {
                id: AccountId::random(),
                tenant: provider.config.tenant.clone(),
                name: name.unwrap_or_else(|| email.as_str().to_owned()),
                email,
                email_verified_at_ms: Some(now_ms),
                role,
                custom_role: None,
                state: AccountState::Active,
                created_at_ms: now_ms,
            },
            tenant_state: TenantState::Active,
            password: self.shared.hashing.hash(nobody).await?,
            epoch: 0,
        })
    }
}

impl OidcProvider {
    /// What a stranger becomes, and their address.
    fn admits(&self, email: Option<Email>) -> Result<(Role, Email), AuthError> {
        let is_welcome = |email: &Email| {
            let domain = email.as_str().rsplit_once('@').map_or("", |(_, d)| d);
            let domains = &self.config.email_domains;
            domains.is_empty() || domains.iter().any(|d| d.eq_ignore_ascii_case(domain))
        };
        let email = email.filter(is_welcome);
        self.config.sign_up.zip(email).ok_or_else(|| {
            let reason = "you have no account here: ask an administrator for one";
            AuthError::new(AuthErrorKind::Denied, "sign in", reason)
        })
    }
}

fn begin_again() -> AuthError {
    let reason = "it was begun elsewhere or too long ago: begin again";
    AuthError::new(AuthErrorKind::Unauthenticated, "sign in", reason)
}
