//! What concerns encryption at rest: `[encryption]`.

use serde::{Deserialize, Serialize};

/// `[encryption]`
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct EncryptionSettings {
    /// Whether Karen refuses to write what people said, or a secret, to a disk of this machine as it
    /// is. Then the database is a PostgreSQL, the secret comes from elsewhere, mails leave or are
    /// none, and indexes and reports are made in memory at every start.
    pub required: bool,
}
