//! Values as bytes: numbers little-endian, texts after their length.

use crate::{AgentId, Facets, Lifetime, RecordKind, SessionId};

/// Stands for no time in place of one: before anything that a calendar knows.
const NO_TIME: i64 = i64::MIN;
/// Stands for no text in place of a length.
const NO_TEXT: u32 = u32::MAX;

/// Bytes that are read from their start.
pub(crate) struct Source<'a>(&'a [u8]);

impl<'a> Source<'a> {
    pub(crate) fn new(bytes: &'a [u8]) -> Self {
        Self(bytes)
    }

    pub(crate) fn take(&mut self, bytes: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.0.split_at_checked(bytes)?;
        self.0 = rest;
        Some(taken)
    }

    pub(crate) fn array<const N: usize>(&mut self) -> Option<[u8; N]> {
        self.take(N)?.try_into().ok()
    }

    pub(crate) fn rest(self) -> &'a [u8] {
        self.0
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(crate) fn u32(&mut self) -> Option<u32> {
        self.array().map(u32::from_le_bytes)
    }

    pub(crate) fn u64(&mut self) -> Option<u64> {
        self.array().map(u64::from_le_bytes)
    }

    pub(crate) fn i64(&mut self) -> Option<i64> {
        self.array().map(i64::from_le_bytes)
    }

    pub(crate) fn f32(&mut self) -> Option<f32> {
        self.array().map(f32::from_le_bytes)
    }

    pub(crate) fn text(&mut self) -> Option<&'a str> {
        self.optional_text()?
    }

    /// The outer `None` is for what cannot be read.
    fn optional_text(&mut self) -> Option<Option<&'a str>> {
        match self.u32()? {
            NO_TEXT => Some(None),
            bytes => Some(Some(str::from_utf8(self.take(bytes as usize)?).ok()?)),
        }
    }

    fn time(&mut self) -> Option<Option<i64>> {
        let time = self.i64()?;
        Some((time != NO_TIME).then_some(time))
    }

    /// Facets as [`put_facets`] writes them.
    pub(crate) fn facets(&mut self, session: Option<&SessionId>) -> Option<Facets> {
        let [kind] = self.array()?;
        Some(Facets {
            session: session.cloned(),
            kind: *RecordKind::ALL.get(usize::from(kind))?,
            agent: self.optional_text()?.map(AgentId::new),
            source: self.optional_text()?.map(str::to_owned),
            tags: (0..self.u32()?)
                .map(|_| self.text().map(str::to_owned))
                .collect::<Option<_>>()?,
            at: self.i64()?,
            importance: self.f32()?,
            lifetime: Lifetime {
                valid_from: self.i64()?,
                valid_to: self.time()?,
                recorded_at: self.i64()?,
                retired_at: self.time()?,
                archived_at: self.time()?,
            },
        })
    }
}

pub(crate) fn put_text(to: &mut Vec<u8>, text: &str) {
    to.extend((text.len() as u32).to_le_bytes());
    to.extend(text.as_bytes());
}

/// Writes facets without their session, which others may share.
pub(crate) fn put_facets(to: &mut Vec<u8>, facets: &Facets) {
    let kind = RecordKind::ALL.iter().position(|kind| *kind == facets.kind);
    to.push(kind.expect("all kinds are listed") as u8);
    put_optional_text(to, facets.agent.as_ref().map(AgentId::as_str));
    put_optional_text(to, facets.source.as_deref());
    to.extend((facets.tags.len() as u32).to_le_bytes());
    facets.tags.iter().for_each(|tag| put_text(to, tag));
    to.extend(facets.at.to_le_bytes());
    to.extend(facets.importance.to_le_bytes());
    let lifetime = &facets.lifetime;
    let ends = [lifetime.valid_to, lifetime.retired_at, lifetime.archived_at];
    let [valid_to, retired_at, archived_at] = ends.map(|time| time.unwrap_or(NO_TIME));
    for time in [
        lifetime.valid_from,
        valid_to,
        lifetime.recorded_at,
        retired_at,
        archived_at,
    ] {
        to.extend(time.to_le_bytes());
    }
}

fn put_optional_text(to: &mut Vec<u8>, text: Option<&str>) {
    match text {
        Some(text) => put_text(to, text),
        None => to.extend(NO_TEXT.to_le_bytes()),
    }
}
