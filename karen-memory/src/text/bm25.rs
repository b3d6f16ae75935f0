//! Okapi BM25 (Robertson and Zaragoza 2009), in Lucene's form, whose idf is never negative.

/// How soon more of the same word stops counting.
pub(super) const K1: f32 = 0.9;
/// How much its length is held against a document.
pub(super) const B: f32 = 0.4;

/// The weight of a word that `containing` of `documents` have.
pub(super) fn idf(documents: usize, containing: usize) -> f32 {
    let (documents, containing) = (documents as f32, containing as f32);
    ((documents - containing + 0.5) / (containing + 0.5)).ln_1p()
}

/// What is held against documents for their length.
#[derive(Clone, Copy, Debug)]
pub(super) struct Norm {
    least: f32,
    per_word: f32,
}

impl Norm {
    pub(super) fn new(length_mean: f32) -> Self {
        match length_mean > 0.0 {
            true => Self {
                least: K1 * (1.0 - B),
                per_word: K1 * B / length_mean,
            },
            false => Self {
                least: K1,
                per_word: 0.0,
            },
        }
    }

    /// Against a document that is `length` words long.
    pub(super) fn of(self, length: f32) -> f32 {
        self.least + self.per_word * length
    }
}

/// What `count` occurrences are worth in a document of this [norm](Norm::of).
pub(super) fn saturation(count: f32, norm: f32) -> f32 {
    count * (K1 + 1.0) / (count + norm)
}
