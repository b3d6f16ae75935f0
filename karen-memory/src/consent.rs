//! Whether somebody wants to be remembered.

use serde::{Deserialize, Serialize};

use crate::SessionId;

/// Whether memory may keep what is said.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Consent {
    /// It may.
    #[default]
    Remember,
    /// Nothing is kept from now on; what is there stays until it is forgotten.
    DoNotRemember,
}

/// What a user decided, for everything and for single sessions.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Consents {
    pub(crate) everything: Consent,
    pub(crate) sessions: Vec<(SessionId, Consent)>,
}

impl Consents {
    /// A refusal for everything holds in every session: a session can only refuse more.
    pub(crate) fn may_remember(&self, session: Option<&SessionId>) -> bool {
        let refuses = |(name, consent): &(SessionId, Consent)| {
            Some(name) == session && *consent == Consent::DoNotRemember
        };
        self.everything == Consent::Remember && !self.sessions.iter().any(refuses)
    }
}
