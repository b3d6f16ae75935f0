//! Providers that people may sign in with: `[auth.oidc.NAME]`.

use std::path::PathBuf;

use karen_auth::{Role, TenantId};
use serde::{Deserialize, Serialize};

use super::Secret;
use crate::{Code, Error, Result};

/// `[auth.oidc.NAME]`: an OpenID Connect provider. It is told to send people back to
/// `PUBLIC_URL/api/v1/auth/oidc/NAME/callback`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct OidcSettings {
    /// What people know it by. Empty: its name.
    pub label: String,
    /// Its address, as it says itself.
    pub issuer: String,
    /// What it knows Karen by.
    pub client_id: String,
    /// What proves it, for a provider that asks for it.
    pub client_secret: Secret,
    /// A file to read the secret from, instead of `client_secret`.
    pub client_secret_file: PathBuf,
    /// What is asked to know beside who somebody is.
    pub scopes: Vec<String>,
    /// The tenant whose members sign in with it.
    pub tenant: String,
    /// The role of strangers who come with a confirmed address. Empty: they are turned away.
    pub sign_up: String,
    /// The domains of addresses that strangers may come with. Empty: all.
    pub email_domains: Vec<String>,
}

impl Default for OidcSettings {
    fn default() -> Self {
        Self {
            label: String::new(),
            issuer: String::new(),
            client_id: String::new(),
            client_secret: Secret::default(),
            client_secret_file: PathBuf::new(),
            scopes: vec!["email".to_owned(), "profile".to_owned()],
            tenant: TenantId::default().to_string(),
            sign_up: String::new(),
            email_domains: Vec::new(),
        }
    }
}

impl OidcSettings {
    pub(super) fn validate(&self, name: &str) -> Result<()> {
        let refused = |what: &str| {
            let message = format!("auth.oidc.{name}: {what}");
            Err(Error::new(Code::InvalidArgument, message))
        };
        let is_plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
        if name.is_empty() || name.len() > 32 || !name.chars().all(is_plain) {
            return refused("its name is 1 to 32 lower-case letters, digits and hyphens");
        }
        if self.issuer.is_empty() || self.client_id.is_empty() {
            return refused("set issuer and client_id, as the provider says");
        }
        if !self.client_secret.is_empty() && !self.client_secret_file.as_os_str().is_empty() {
            return refused("set client_secret or client_secret_file, not both");
        }
        if TenantId::parse(&self.tenant).is_err() {
            return refused("tenant is no name of a tenant");
        }
        if !self.sign_up.is_empty() && self.role().is_none() {
            return refused("sign_up is one of admin, developer, member, viewer, or empty");
        }
        Ok(())
    }

    /// What strangers become.
    pub(crate) fn role(&self) -> Option<Role> {
        let roles = [Role::Admin, Role::Developer, Role::Member, Role::Viewer];
        roles.into_iter().find(|role| role.as_str() == self.sign_up)
    }
}
