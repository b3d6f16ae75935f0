//! A segment with its file.

use std::collections::HashSet;
use std::io;
use std::path::PathBuf;

use super::file::{Mark, SegmentFile};
use super::{Change, Segment};
use crate::{MemoryError, MemoryErrorKind, RecordId};

/// Changes that wait to be written together. A process that is killed applies as many again.
const UNWRITTEN_MAX: usize = 256;

/// A segment, and how much of the log it reflects.
#[derive(Debug)]
pub(crate) struct Held<S: Segment> {
    pub(crate) segment: S,
    mark: Option<Mark>,
    /// Changes that the file does not have.
    unwritten: usize,
    store: Store,
}

/// Where a segment is kept.
#[derive(Debug)]
enum Store {
    /// Nowhere.
    Nowhere,
    /// In a file that is yet to be made.
    New(PathBuf, [u8; 8]),
    File(SegmentFile),
}

impl<S: Segment> Default for Held<S> {
    fn default() -> Self {
        Self::empty(Store::Nowhere)
    }
}

impl<S: Segment> Held<S> {
    fn empty(store: Store) -> Self {
        Self {
            segment: S::default(),
            mark: None,
            unwritten: 0,
            store,
        }
    }

    /// Reads a segment from its file; an empty one if there is none, or none that is sound.
    pub(super) fn read(path: PathBuf, format: [u8; 8]) -> Self {
        let mut segment = S::default();
        let mut damaged = HashSet::new();
        let opened = SegmentFile::open(&path, format, |part| {
            let read = part
                .bytes
                .and_then(|bytes| segment.read(part.number, bytes));
            match read {
                Some(()) => damaged.remove(&part.number),
                None => damaged.insert(part.number),
            };
        });
        match opened {
            Ok(Some((file, mark))) if damaged.is_empty() && segment.complete().is_some() => Self {
                segment,
                mark: Some(mark),
                unwritten: 0,
                store: Store::File(file),
            },
            Ok(_) => Self::empty(Store::New(path, format)),
            Err(error) => {
                not_kept(&error);
                Self::default()
            }
        }
    }

    /// The sequence of the log that it reflects.
    pub(crate) fn mark(&self) -> i64 {
        self.mark.as_ref().map_or(0, |mark| mark.sequence)
    }

    /// The record that the entry at the mark is about.
    pub(crate) fn marked(&self) -> Option<&RecordId> {
        self.mark.as_ref().map(|mark| &mark.record)
    }

    /// Applies changes and moves the mark. What is deleted is gone from the file when this returns.
    pub(crate) fn apply(&mut self, changes: Vec<S::Change>, mark: i64) -> Result<(), MemoryError> {
        let Some(last) = changes.last() else {
            return Ok(());
        };
        self.mark = Some(Mark {
            sequence: mark,
            record: last.id().clone(),
        });
        self.unwritten += changes.len();
        let deletes = changes.iter().any(Change::deletes);
        self.segment.apply(changes);
        if deletes || self.unwritten >= UNWRITTEN_MAX {
            let saved = self.save(deletes);
            saved.or_else(|error| self.give_up(error))?;
        }
        Ok(())
    }

    /// Forgets everything, and removes the file.
    pub(super) fn clear(&mut self) -> io::Result<()> {
        self.segment = S::default();
        self.mark = None;
        self.unwritten = 0;
        let Store::File(file) = &self.store else {
            return Ok(());
        };
        let (path, format) = file.place();
        match std::mem::replace(&mut self.store, Store::New(path, format)) {
            Store::File(file) => file.remove(),
            Store::New(..) | Store::Nowhere => Ok(()),
        }
    }

    /// Writes what is not written, and goes on without a file. What cannot be written is applied again
    /// by the next process.
    pub(super) fn close(&mut self) {
        if self.unwritten > 0
            && let Err(error) = self.save(false)
        {
            not_kept(&error);
        }
        self.store = Store::Nowhere;
    }

    /// Writes what changed; overwrites what it was, if `scrubs`.
    fn save(&mut self, scrubs: bool) -> io::Result<()> {
        let changed = self.segment.take_changed();
        self.unwritten = 0;
        let Some(mark) = &self.mark else {
            return Ok(());
        };
        if let Store::New(path, format) = &self.store {
            self.store = Store::File(SegmentFile::create(path, *format)?);
        }
        let Store::File(file) = &mut self.store else {
            return Ok(());
        };
        let segment = &self.segment;
        let written = |number| {
            let mut part = Vec::new();
            segment.write(number, &mut part);
            (number, part)
        };
        let parts: Vec<_> = changed.iter().copied().map(written).collect();
        file.append(mark, &parts)?;
        if scrubs {
            file.scrub(changed)?;
        }
        if file.is_wasteful() {
            file.rewrite(mark, segment.parts().into_iter().map(written))?;
        }
        Ok(())
    }

    /// A segment whose file cannot be written does without; the next process builds it again.
    fn give_up(&mut self, error: io::Error) -> Result<(), MemoryError> {
        not_kept(&error);
        match std::mem::replace(&mut self.store, Store::Nowhere) {
            Store::File(file) => file.remove().map_err(|error| {
                let subject = "the file of an index";
                MemoryError::new(MemoryErrorKind::Unavailable, "erase", subject).caused_by(error)
            }),
            Store::New(..) | Store::Nowhere => Ok(()),
        }
    }
}

impl<S: Segment> Drop for Held<S> {
    fn drop(&mut self) {
        self.close();
    }
}

fn not_kept(error: &io::Error) {
    tracing::warn!(
        error = error as &dyn std::error::Error,
        "an index is not kept"
    );
}
