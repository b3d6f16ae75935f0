//! What has to be done now and then.

use super::Auth;
use crate::AuthError;

impl Auth {
    /// Forgets what has expired, shortens audit logs, rotates stored signing keys that are due, and re-encrypts what an
    /// earlier secret has encrypted. Call it every minute or so, on any instance or on all.
    ///
    /// # Errors
    /// What the stores report; what was left undone is done by the next call.
    pub async fn tend(&self) -> Result<(), AuthError> {
        let ports = &self.shared.ports;
        let now_ms = self.now_ms();
        ports.sessions.delete_expired(now_ms).await?;
        ports.one_time.delete_expired(now_ms).await?;
        ports.mail.delete_expired(now_ms).await?;
        self.shorten_audit_logs().await?;
        self.reseal_seeds().await?;
        self.shared.signing.tend().await
    }
}
