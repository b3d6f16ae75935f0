//! Signing in by way of others: OpenID Connect Core 1.0, the authorization code flow with PKCE
//! (RFC 7636) and the issuer's name in its answer (RFC 9207).

mod flow;
mod id_token;
mod provider;
#[cfg(feature = "oidc")]
mod reqwest;
#[cfg(test)]
pub(crate) mod testing;
mod transport;

use std::fmt;

use crate::{Role, TenantId};

pub(crate) use flow::Flow;
pub(crate) use id_token::Person;
pub(crate) use provider::{OidcProvider, is_private};
#[cfg(feature = "oidc")]
pub use reqwest::HttpTransport;
pub use transport::{OidcTransport, TokenAnswer};

/// A provider that people may sign in with.
#[derive(Clone, Debug)]
pub struct OidcConfig {
    /// What addresses and links call it: lower-case letters, digits and hyphens.
    pub name: String,
    /// What people know it by.
    pub label: String,
    /// Its address, as it says itself: `https://accounts.example.com`. Without TLS only on this
    /// machine.
    pub issuer: String,
    /// What the provider knows this installation by.
    pub client_id: String,
    /// What proves it, for a provider that asks for it.
    pub client_secret: Option<ClientSecret>,
    /// What is asked to know beside who somebody is, such as `email` and `profile`.
    pub scopes: Vec<String>,
    /// The tenant whose members sign in with it.
    pub tenant: TenantId,
    /// What strangers become who come with a confirmed address; `None`: they are turned away.
    pub sign_up: Option<Role>,
    /// The domains of addresses that strangers may come with; empty: all.
    pub email_domains: Vec<String>,
}

/// A secret that a provider gave out.
#[derive(Clone, PartialEq, Eq)]
pub struct ClientSecret(String);

impl ClientSecret {
    /// A secret from a file or the environment.
    #[must_use]
    pub fn new(text: String) -> Self {
        Self(text)
    }

    /// The secret itself, for the [`OidcTransport`] that shows it to its provider.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for ClientSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ClientSecret(***)")
    }
}

/// A provider, as those see it who may sign in with it.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct OidcProviderInfo {
    /// What addresses call it.
    pub name: String,
    /// What people know it by.
    pub label: String,
}

/// Where a browser goes to sign in, and what it brings back.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct OidcStart {
    /// The provider's page.
    pub url: String,
    /// Sealed; the browser keeps it until it comes back, good for ten minutes.
    pub flow: crate::OidcFlow,
}

/// What the provider sends a browser back with.
#[derive(Clone, Debug, Default)]
pub struct OidcAnswer {
    /// Tells this answer from one that was made for somebody else.
    pub state: String,
    /// Exchanged for who it is; absent when the provider refused.
    pub code: Option<String>,
    /// Who answers (RFC 9207).
    pub iss: Option<String>,
}
