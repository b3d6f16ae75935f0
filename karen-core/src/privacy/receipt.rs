//! What was erased, for whoever asked for it.

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::id::ErasureId;

/// That everything of a person or a tenant was erased: what, how much, and when.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Receipt {
    /// The erasure.
    pub id: ErasureId,
    /// The tenant that it was about.
    pub tenant: String,
    /// The account that it was about; `None` for the whole tenant.
    pub account: Option<String>,
    /// The account that asked for it.
    pub asked_by: String,
    /// Unix milliseconds.
    pub asked_at: i64,
    /// Unix milliseconds.
    pub finished_at: i64,
    /// How much it was.
    pub erased: Erased,
    /// The number of the entry that tells of it, in the audit log of the tenant that asked.
    pub audit_seq: u64,
    /// The hash of that entry, in hexadecimal.
    pub audit_hash: String,
    /// SHA-256 of this receipt as JSON, with this field empty; in hexadecimal.
    pub sha256: String,
}

/// How much was kept, when it began to be erased.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Erased {
    /// Accounts that were members.
    pub accounts: u64,
    /// Conversations.
    pub conversations: u64,
    /// Messages in them.
    pub messages: u64,
    /// Turns, with their events.
    pub turns: u64,
    /// Records of what turns used.
    pub usage_records: u64,
    /// Memories, with what they were before.
    pub memories: u64,
}

/// A page of receipts.
#[derive(Clone, Debug)]
pub struct ReceiptPage {
    /// The oldest first.
    pub receipts: Vec<Receipt>,
    /// Where the next page starts; `None` at the end.
    pub next: Option<ErasureId>,
}

impl Receipt {
    /// Whether nothing in it was changed since it was made.
    #[must_use]
    pub fn is_intact(&self) -> bool {
        self.sha256 == self.digest()
    }

    pub(super) fn sealed(mut self) -> Self {
        self.sha256 = self.digest();
        self
    }

    fn digest(&self) -> String {
        let unsealed = Self {
            sha256: String::new(),
            ..self.clone()
        };
        let json = serde_json::to_vec(&unsealed).expect("plain data");
        hex(&Sha256::digest(json))
    }
}

pub(super) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_receipt_that_was_changed_is_noticed() {
        let receipt = Receipt {
            id: ErasureId::fresh(),
            tenant: "default".to_owned(),
            account: Some("usr_1".to_owned()),
            asked_by: "usr_1".to_owned(),
            asked_at: 1,
            finished_at: 2,
            erased: Erased::default(),
            audit_seq: 7,
            audit_hash: hex(&[0; 32]),
            sha256: String::new(),
        };
        let receipt = receipt.sealed();
        assert!(receipt.is_intact());
        let erased = Erased {
            messages: 1,
            ..receipt.erased
        };
        assert!(!Receipt { erased, ..receipt }.is_intact());
    }
}
