//! What a browser carries between leaving for a provider and coming back.

use aws_lc_rs::digest::{SHA256, digest};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};
use subtle::ConstantTimeEq;

use crate::seal::{Place, Sealer};
use crate::{AccountId, OidcFlow, TenantId};

/// How long somebody has to sign in at the provider.
const LIFETIME_MS: i64 = 10 * 60 * 1000;
const RANDOM_BYTES: usize = 32;

/// One sign-in on its way. It names the browser that began it: an answer without it is somebody
/// else's.
#[derive(Serialize, Deserialize)]
pub(crate) struct Flow {
    state: String,
    /// Comes back within the ID token.
    pub(crate) nonce: String,
    /// Comes back with the code (RFC 7636 section 4.1).
    pub(crate) verifier: String,
    until_ms: i64,
    link_to: Option<(String, String)>,
}

impl Flow {
    /// A fresh one; with `link_to`, the account that the provider's identity shall belong to.
    pub(crate) fn begin(now_ms: i64, link_to: Option<(&TenantId, &AccountId)>) -> Self {
        Self {
            state: random(),
            nonce: random(),
            verifier: random(),
            until_ms: now_ms + LIFETIME_MS,
            link_to: link_to.map(|(tenant, account)| (tenant.to_string(), account.to_string())),
        }
    }

    pub(crate) fn state(&self) -> &str {
        &self.state
    }

    /// RFC 7636 section 4.2.
    pub(crate) fn challenge(&self) -> String {
        URL_SAFE_NO_PAD.encode(digest(&SHA256, self.verifier.as_bytes()))
    }

    pub(crate) fn link_to(&self) -> Option<(TenantId, AccountId)> {
        let (tenant, account) = self.link_to.as_ref()?;
        Some((
            TenantId::parse(tenant).ok()?,
            AccountId::parse(account).ok()?,
        ))
    }

    pub(crate) fn seal(&self, sealer: &Sealer, provider: &str) -> OidcFlow {
        let plain = serde_json::to_vec(self).expect("it is plain JSON");
        OidcFlow::new(URL_SAFE_NO_PAD.encode(sealer.seal(place(provider), &plain)))
    }

    /// What `sealed` holds, if it was sealed here for `provider`, is in time and belongs to `state`.
    pub(crate) fn open(
        sealer: &Sealer,
        provider: &str,
        sealed: &str,
        state: &str,
        now_ms: i64,
    ) -> Option<Self> {
        let bytes = URL_SAFE_NO_PAD.decode(sealed).ok()?;
        let plain = sealer.open(place(provider), &bytes).ok()?;
        let flow: Self = serde_json::from_slice(&plain).ok()?;
        let is_own = bool::from(flow.state.as_bytes().ct_eq(state.as_bytes()));
        (is_own && now_ms < flow.until_ms).then_some(flow)
    }
}

fn place(provider: &str) -> Place<'_> {
    Place {
        purpose: "oidc flow",
        owner: provider,
    }
}

fn random() -> String {
    URL_SAFE_NO_PAD.encode(rand::random::<[u8; RANDOM_BYTES]>())
}
