//! Encryption at rest for the rest of the program.

use super::Auth;
use crate::AuthError;
use crate::seal::Place;

impl Auth {
    /// Encrypts a small secret under the installation's secret. It opens for the same purpose and
    /// owner, the id of its row, and nowhere else.
    #[must_use]
    pub fn seal(&self, purpose: &'static str, owner: &str, plain: &[u8]) -> Vec<u8> {
        self.shared.sealer.seal(Place { purpose, owner }, plain)
    }

    /// Decrypts what [`seal`](Self::seal) gave.
    ///
    /// # Errors
    /// `Corrupt` when it was changed, belongs elsewhere, or was sealed under a secret that is not
    /// configured any more.
    pub fn open_sealed(
        &self,
        purpose: &'static str,
        owner: &str,
        sealed: &[u8],
    ) -> Result<Vec<u8>, AuthError> {
        self.shared.sealer.open(Place { purpose, owner }, sealed)
    }
}
