//! Records as lines of JSON, with everything that became of them.

use serde::{Deserialize, Serialize};

use crate::{Cursor, Link, Record, Version};

/// A record, what it was, and what it says of others.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Exported {
    /// The record.
    pub record: Record,
    /// What it was before each of its changes, oldest first.
    pub history: Vec<Version>,
    /// The links from it, in order.
    pub links: Vec<Link>,
}

/// A part of an export.
#[derive(Clone, Debug)]
pub struct ExportPage {
    /// One line of JSON a record, newest first, without line breaks.
    pub lines: Vec<String>,
    /// Where the next page starts; `None` at the end.
    pub next: Option<Cursor>,
}

/// What came of an import.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Imported {
    /// Records that are there now and were not before.
    pub stored: u64,
    /// Records that were there, by their id or by what they say.
    pub known: u64,
}
