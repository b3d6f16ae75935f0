//! A session as bytes: its name, its records, its postings.

use super::session::{Document, Posting, Session};
use crate::segments::{Source, put_facets, put_text};
use crate::{RecordId, SessionId};

/// A posting in bytes: term and place.
const POSTING_BYTES: usize = 8;

impl Session {
    /// Nothing for a session without records.
    pub(super) fn write(&self, to: &mut Vec<u8>) {
        if self.documents.is_empty() {
            return;
        }
        put_text(to, &self.name);
        let of = self.documents[0].facets.session.as_ref();
        put_text(to, of.map_or("", SessionId::as_str));
        to.push(u8::from(of.is_some()));
        to.extend((self.documents.len() as u32).to_le_bytes());
        for document in &self.documents {
            document.write(to);
        }
        for posting in &self.postings {
            to.extend(posting.term.to_le_bytes());
            to.extend(posting.place.to_le_bytes());
        }
    }

    /// A session as it was written.
    pub(super) fn read(mut from: Source<'_>) -> Option<Self> {
        let mut session = Self::default();
        if from.is_empty() {
            return Some(session);
        }
        session.name = from.text()?.to_owned();
        let of = from.text()?;
        let of = (from.array()? == [1]).then(|| SessionId::new(of));
        for _ in 0..from.u32()? {
            session
                .documents
                .push(Document::read(&mut from, of.as_ref())?);
        }
        let (postings, rest) = from.rest().as_chunks::<POSTING_BYTES>();
        session.postings = postings.iter().map(Posting::read).collect();
        session.measure();
        let is_sound = rest.is_empty() && session.is_in_order();
        is_sound.then_some(session)
    }

    /// Whether searches can rely on the order of records and postings.
    fn is_in_order(&self) -> bool {
        let records = self.documents.is_sorted_by_key(|d| (d.at, &d.id));
        let postings = self.postings.is_sorted_by_key(|p| (p.term, p.place));
        let places = self.postings.iter().map(|p| p.position());
        records && postings && places.max().is_none_or(|last| last < self.documents.len())
    }
}

impl Document {
    fn write(&self, to: &mut Vec<u8>) {
        to.extend(self.id.to_bytes());
        to.extend(self.at.to_le_bytes());
        to.extend(self.length.to_le_bytes());
        put_facets(to, &self.facets);
    }

    fn read(from: &mut Source<'_>, session: Option<&SessionId>) -> Option<Self> {
        Some(Self {
            id: RecordId::of_bytes(from.array()?),
            at: from.i64()?,
            length: from.u32()?,
            facets: from.facets(session)?,
        })
    }
}

impl Posting {
    fn read(bytes: &[u8; POSTING_BYTES]) -> Self {
        let [t0, t1, t2, t3, p0, p1, p2, p3] = *bytes;
        Self {
            term: u32::from_le_bytes([t0, t1, t2, t3]),
            place: u32::from_le_bytes([p0, p1, p2, p3]),
        }
    }
}
