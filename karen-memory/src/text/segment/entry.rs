//! What a word comes to in one session, in eight bytes: there is one for each word of each session.

use super::SessionNumber;
use super::session::Summary;

/// The counts that four bits tell apart; what lies between two stands for the greater.
const COUNTS: [f32; 16] = [
    0.0, 1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0, 10.0, 12.0, 16.0, 24.0, 48.0, 128.0, MANY,
];
/// Stands for any count: a word is worth next to nothing more from here on.
const MANY: f32 = 1e6;

/// The index of [`COUNTS`] that stands for each count.
const CODES: [u16; 256] = {
    let mut codes = [0; 256];
    let mut count = 1;
    while count < u8::MAX as usize {
        let before = codes[count - 1];
        let is_more = count as f32 > COUNTS[before as usize];
        codes[count] = before + is_more as u16;
        count += 1;
    }
    codes[u8::MAX as usize] = COUNTS.len() as u16 - 1;
    codes
};

/// A word in a session.
#[derive(Clone, Copy, Debug)]
pub(super) struct Entry {
    pub(super) session: SessionNumber,
    /// Indexes of [`COUNTS`], four bits each.
    peaks: u16,
    pub(super) start: Start,
}

/// Where the postings of a word begin among those of its session.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Start(u16);

impl Entry {
    pub(super) fn new(session: SessionNumber, summary: &Summary) -> Self {
        let peaks = summary.peaks.map(|count| CODES[usize::from(count)]);
        Self {
            session,
            peaks: peaks.into_iter().rev().fold(0, |all, peak| all << 4 | peak),
            start: summary.start,
        }
    }

    /// No less than [`Summary::peaks`].
    pub(super) fn most(&self) -> [f32; 4] {
        [0, 4, 8, 12].map(|bits| COUNTS[usize::from(self.peaks >> bits & 0xf)])
    }
}

impl Start {
    /// The session does not have the word.
    pub(super) const NONE: Self = Self(u16::MAX);
    /// Too far to be told: it has to be searched for.
    pub(super) const FAR: Self = Self(u16::MAX - 1);

    pub(super) fn new(index: usize) -> Self {
        let far = usize::from(Self::FAR.0);
        Self(index.min(far) as u16)
    }

    /// `None` where it has to be searched for.
    pub(super) fn index(self) -> Option<usize> {
        (self.0 < Self::FAR.0).then_some(usize::from(self.0))
    }
}

impl Default for Start {
    fn default() -> Self {
        Self::NONE
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_entry_tells_no_less_than_a_word_counts() {
        for count in 0..=u8::MAX {
            let summary = Summary {
                peaks: [count, 0, count, 1],
                ..Summary::default()
            };
            let [own, near, around, session] = Entry::new(7, &summary).most();
            assert!(own >= f32::from(count) && own == around, "{count} as {own}");
            assert_eq!((near, session), (0.0, 1.0));
        }
    }
}
