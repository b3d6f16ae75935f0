//! A segment as the parts of its file: sessions, and blocks of the words' hashes.

use std::thread;

use super::Segment;
use super::session::Session;
use crate::RecordId;
use crate::segments::{self, Change, Source};
use crate::text::TextChange;

impl segments::Segment for Segment {
    type Change = TextChange;

    fn apply(&mut self, changes: Vec<TextChange>) {
        self.apply(changes);
    }

    fn take_changed(&mut self) -> Vec<u32> {
        let sessions = std::mem::take(&mut self.changed);
        let blocks = self.words.take_changed();
        let sessions = sessions.into_iter().map(of_session);
        sessions.chain(blocks.into_iter().map(of_block)).collect()
    }

    fn parts(&self) -> Vec<u32> {
        let sessions = (0..).zip(&self.sessions);
        let used = sessions.filter(|(_, session)| !session.documents.is_empty());
        let sessions = used.map(|(number, _)| of_session(number));
        sessions
            .chain((0..self.words.blocks()).map(of_block))
            .collect()
    }

    fn write(&self, part: u32, to: &mut Vec<u8>) {
        match part % 2 {
            0 => self.sessions[part as usize / 2].write(to),
            _ => self.words.write(part / 2, to),
        }
    }

    fn read(&mut self, part: u32, from: &[u8]) -> Option<()> {
        let from = Source::new(from);
        if part % 2 == 1 {
            return self.words.read(part / 2, from);
        }
        let number = part as usize / 2;
        if number >= self.sessions.len() {
            self.sessions.resize_with(number + 1, Session::default);
        }
        self.sessions[number] = Session::read(from)?;
        Some(())
    }

    /// Words and records do not touch each other, and take about as long.
    fn complete(&mut self) -> Option<()> {
        let (sessions, words) = (&self.sessions, &mut self.words);
        thread::scope(|scope| {
            let words = scope.spawn(|| words.complete(sessions));
            self.least = sessions.iter().map(Session::least).collect();
            for (number, session) in (0..).zip(sessions) {
                self.totals.add(session);
                if session.documents.is_empty() {
                    self.free.push(number);
                } else {
                    self.by_name.insert(session.name.clone(), number);
                }
            }
            self.by_record.reserve(self.totals.documents);
            for (number, session) in (0..).zip(sessions) {
                let records = session.documents.iter();
                let places = records.map(|d| (d.id.clone(), (number, d.at)));
                self.by_record.extend(places);
            }
            words.join().expect("adding words does not panic")
        })
    }
}

impl Change for TextChange {
    fn id(&self) -> &RecordId {
        self.id()
    }

    fn deletes(&self) -> bool {
        matches!(self, Self::Delete(_))
    }
}

fn of_session(number: u32) -> u32 {
    number * 2
}

fn of_block(block: u32) -> u32 {
    block * 2 + 1
}
