//! The keys of access tokens: showing the public ones, and rotating them.

use super::Auth;
use crate::{AuditAction, AuthError, AuthErrorKind, JwkSet, Permission, Principal, TenantId};

impl Auth {
    /// The public keys that access tokens can be checked with: the one that signs, and those whose
    /// tokens are still in force. Empty with [`Signing::Secret`](crate::Signing::Secret).
    ///
    /// # Errors
    /// What the store of keys reports.
    pub async fn jwks(&self) -> Result<JwkSet, AuthError> {
        Ok(self.shared.signing.current().await?.jwks(self.now_ms()))
    }

    /// Signs with a new key from here on. Tokens of the one before it stay good until they expire;
    /// other instances follow within half a minute.
    ///
    /// # Errors
    /// `Denied` without `system:write` in the tenant `default`; `Invalid` unless the keys are
    /// [`Signing::Stored`](crate::Signing::Stored); `Conflict` when another instance rotated them
    /// at the same time.
    pub async fn rotate_signing_key(&self, principal: &Principal) -> Result<(), AuthError> {
        principal.require(Permission::SystemWrite)?;
        if principal.tenant() != &TenantId::default() {
            let reason = "the keys belong to the installation: ask its operator";
            let operation = "rotate the signing keys";
            return Err(AuthError::new(AuthErrorKind::Denied, operation, reason));
        }
        let event = self.event_by(principal, AuditAction::SigningKeyRotated, "default");
        self.shared.ports.audit.append(&event).await?;
        self.shared.signing.rotate().await
    }
}
