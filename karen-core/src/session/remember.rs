//! Remembering a note.

use std::future::IntoFuture;

use futures::future::{BoxFuture, FutureExt};
use karen_memory::{NewRecord, Remembered};

use super::Session;
use crate::Result;

/// A note about to be remembered; awaiting it keeps it.
#[must_use = "nothing is remembered until it is awaited"]
pub struct RememberBuilder {
    session: Session,
    text: String,
    tags: Vec<String>,
}

impl RememberBuilder {
    pub(super) fn new(session: Session, text: String) -> Self {
        Self {
            session,
            text,
            tags: Vec::new(),
        }
    }

    /// Adds a tag to find it by.
    pub fn tag(mut self, tag: impl Into<String>) -> Self {
        self.tags.push(tag.into());
        self
    }

    async fn keep(self) -> Result<Remembered> {
        let record = NewRecord::fact(self.text).tags(self.tags);
        self.session.memories().remember(record).await
    }
}

impl IntoFuture for RememberBuilder {
    type Output = Result<Remembered>;
    type IntoFuture = BoxFuture<'static, Self::Output>;

    /// When it is ready the note is durable, and the next recall finds it.
    fn into_future(self) -> Self::IntoFuture {
        self.keep().boxed()
    }
}
