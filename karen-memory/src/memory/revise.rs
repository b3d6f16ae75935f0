//! Correcting what is remembered, and looking at what it was.

use karen_sql::now_ms;
use serde::{Deserialize, Serialize};

use super::Memory;
use crate::{
    Consent, Edit, Link, MemoryError, MemoryErrorKind, Record, RecordId, RecordKind, RecordStore,
    Revision, Scope, Version,
};

/// What somebody thinks of a record that was recalled.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum Feedback {
    /// It was of use: it ages more slowly.
    Used,
    /// It was beside the point: it matters a little less.
    Ignored,
    /// It is not true and never was: no recall brings it again.
    Wrong,
}

/// What being beside the point takes from an importance: five times, and it is half of what it was.
const IGNORED_FACTOR: f32 = 0.87;

impl Memory {
    /// Corrects a record, and keeps what it was in its [`history`](Self::history); gives what it has
    /// become, or `None` if there is none.
    ///
    /// # Errors
    /// `Invalid` for other words of a turn, which are what was said, for what
    /// [`remember`](Self::remember) refuses, and for the words of another record; `TooLarge`, `Full`,
    /// `ReadOnly`.
    pub async fn update(
        &self,
        scope: &Scope,
        id: &RecordId,
        edit: Edit,
    ) -> Result<Option<Record>, MemoryError> {
        let Some(record) = self.get(scope, id).await? else {
            return Ok(None);
        };
        if record.kind == RecordKind::Turn && edit.text.is_some() {
            let subject = "the words of a turn";
            return Err(MemoryError::new(
                MemoryErrorKind::Invalid,
                "change",
                subject,
            ));
        }
        let (revision, mut edited) = (Revision::Edit(edit), record);
        revision.apply(&mut edited, now_ms());
        self.check(&edited)?;
        self.revise(scope, id, &revision).await
    }

    /// Pins a record, so that it never ages and is never cleaned up, or unpins it.
    ///
    /// # Errors
    /// As [`update`](Self::update).
    pub async fn pin(
        &self,
        scope: &Scope,
        id: &RecordId,
        pinned: bool,
    ) -> Result<Option<Record>, MemoryError> {
        let edit = Edit {
            pinned: Some(pinned),
            ..Edit::default()
        };
        self.update(scope, id, edit).await
    }

    /// Learns from what somebody thinks of a record; gives what it has become.
    ///
    /// # Errors
    /// `Full`, `ReadOnly`, `Unavailable`.
    pub async fn feedback(
        &self,
        scope: &Scope,
        id: &RecordId,
        feedback: Feedback,
    ) -> Result<Option<Record>, MemoryError> {
        let Some(record) = self.get(scope, id).await? else {
            return Ok(None);
        };
        let revision = match feedback {
            Feedback::Used => Revision::Use,
            Feedback::Ignored => Revision::Edit(Edit {
                importance: Some(record.importance * IGNORED_FACTOR),
                ..Edit::default()
            }),
            Feedback::Wrong => Revision::Retire {
                valid_to: record.lifetime.valid_from,
                superseded_by: None,
            },
        };
        self.revise(scope, id, &revision).await
    }

    /// Brings a record back from where cleaning up put it, as long as it is there.
    ///
    /// # Errors
    /// `Full`, `ReadOnly`, `Unavailable`.
    pub async fn restore(
        &self,
        scope: &Scope,
        id: &RecordId,
    ) -> Result<Option<Record>, MemoryError> {
        self.revise(scope, id, &Revision::Restore).await
    }

    /// What a record was before each of its changes, oldest first.
    ///
    /// # Errors
    /// `Unavailable`, `Corrupt`.
    pub async fn history(&self, scope: &Scope, id: &RecordId) -> Result<Vec<Version>, MemoryError> {
        self.shared.store.history(scope, id).await
    }

    /// What a record says of others, and others of it.
    ///
    /// # Errors
    /// `Unavailable`, `Corrupt`.
    pub async fn links(&self, scope: &Scope, id: &RecordId) -> Result<Vec<Link>, MemoryError> {
        self.shared.store.links(scope, id).await
    }

    /// Whether the scope's session, or without one everything, may be remembered.
    ///
    /// # Errors
    /// `Unavailable`.
    pub async fn consent(&self, scope: &Scope) -> Result<Consent, MemoryError> {
        self.shared.store.consent(scope).await
    }

    /// Decides whether the scope's session, or everything of its user, may be remembered from now
    /// on. A refusal for everything holds in every session.
    ///
    /// # Errors
    /// `Full`, `ReadOnly`, `Unavailable`.
    pub async fn set_consent(&self, scope: &Scope, consent: Consent) -> Result<(), MemoryError> {
        self.shared.store.set_consent(scope, consent).await
    }

    async fn revise(
        &self,
        scope: &Scope,
        id: &RecordId,
        revision: &Revision,
    ) -> Result<Option<Record>, MemoryError> {
        self.shared
            .store
            .revise(scope, id, revision, now_ms())
            .await
    }
}
