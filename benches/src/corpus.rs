//! A made-up user's records: words by Zipf's law (exponent 1) from a vocabulary of 200,000, 5 to 60 words
//! a record, sessions of 20 records a minute apart. Queries have 3 to 12 words, drawn as the corpus' are,
//! so most hold words that nearly every session has.

use karen_memory::{SessionId, Turn};
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};

const VOCABULARY: usize = 200_000;
/// Records of a session.
pub(crate) const SESSION: usize = 20;
const MINUTE_MS: i64 = 60_000;
const SYLLABLES: &[&str] = &[
    "ba", "de", "fi", "go", "ku", "la", "me", "ni", "po", "ru", "sa", "te", "vi", "zo",
];

pub(crate) struct Corpus {
    random: StdRng,
    /// How much of the corpus the words up to each rank make.
    cumulated: Vec<f64>,
}

impl Corpus {
    pub(crate) fn new() -> Self {
        let mut sum = 0.0;
        let mut add = |rank: usize| {
            sum += 1.0 / rank as f64;
            sum
        };
        Self {
            random: StdRng::seed_from_u64(1),
            cumulated: (1..=VOCABULARY).map(&mut add).collect(),
        }
    }

    pub(crate) fn turn(&mut self, index: usize) -> Turn {
        let words = self.random.random_range(5..=60);
        Turn {
            source_id: format!("msg_{index}"),
            session: SessionId::new(format!("conv_{}", index / SESSION)),
            speaker: "user".to_owned(),
            text: self.text(words),
            caption: None,
            at: index as i64 * MINUTE_MS,
        }
    }

    pub(crate) fn query(&mut self) -> String {
        let words = self.random.random_range(3..=12);
        self.text(words)
    }

    fn text(&mut self, words: usize) -> String {
        let all = self.cumulated.last().copied().unwrap_or_default();
        let drawn = |_| {
            let at = self.random.random_range(0.0..all);
            word(self.cumulated.partition_point(|sum| *sum < at))
        };
        (0..words).map(drawn).collect::<Vec<_>>().join(" ")
    }
}

/// The word of a rank, which no other has: its digits as syllables.
fn word(mut rank: usize) -> String {
    let mut text = String::from("x");
    loop {
        text.push_str(SYLLABLES[rank % SYLLABLES.len()]);
        rank /= SYLLABLES.len();
        if rank == 0 {
            return text;
        }
    }
}
