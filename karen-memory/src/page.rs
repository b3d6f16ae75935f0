//! Listing a scope, a page at a time.

use std::fmt;

use crate::{MemoryError, MemoryErrorKind, Record, RecordId, RecordKind, When};

/// Which part of a list is wanted.
#[derive(Clone, Debug)]
pub struct Page {
    /// Where the page before ended; `None` for the first.
    pub after: Option<Cursor>,
    /// Records at most, 1 to 1,000.
    pub limit: u32,
    /// This kind only; `None` stands for all.
    pub kind: Option<RecordKind>,
    /// Which states of memory: everything that was ever kept, unless told.
    pub when: When,
}

impl Page {
    /// Records in one page at most.
    pub const LIMIT_MAX: u32 = 1000;
}

/// The first fifty.
impl Default for Page {
    fn default() -> Self {
        Self {
            after: None,
            limit: 50,
            kind: None,
            when: When::Ever,
        }
    }
}

/// A part of a list, newest first; equal times order by id, the latest first.
#[derive(Clone, Debug)]
pub struct RecordPage {
    /// The records.
    pub records: Vec<Record>,
    /// Where the next page starts; `None` at the end.
    pub next: Option<Cursor>,
}

/// A place in a list. Its text is opaque to callers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cursor {
    pub(crate) at: i64,
    pub(crate) id: RecordId,
}

impl Cursor {
    /// Reads a cursor that a page gave.
    ///
    /// # Errors
    /// `Invalid` if no page gave it.
    pub fn parse(text: &str) -> Result<Self, MemoryError> {
        let parts = text.split_once('.');
        let read = |(at, id): (&str, &str)| Some((at.parse().ok()?, RecordId::parse(id).ok()?));
        match parts.and_then(read) {
            Some((at, id)) => Ok(Self { at, id }),
            None => Err(MemoryError::new(
                MemoryErrorKind::Invalid,
                "read",
                "a cursor",
            )),
        }
    }

    pub(crate) fn of(record: &Record) -> Self {
        Self {
            at: record.at,
            id: record.id.clone(),
        }
    }
}

impl fmt::Display for Cursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.at, self.id)
    }
}
