//! Okapi BM25 (Robertson and Zaragoza 2009), in Lucene's form, whose idf is never negative.

/// How soon more of the same word stops counting.
const K1: f32 = 0.9;
/// How much its length is held against a document.
const B: f32 = 0.4;

/// The weight of a word that `containing` of `documents` have.
pub(super) fn idf(documents: usize, containing: usize) -> f32 {
    let (documents, containing) = (documents as f32, containing as f32);
    ((documents - containing + 0.5) / (containing + 0.5)).ln_1p()
}

/// What `count` occurrences are worth in a document that is `length` words long.
pub(super) fn saturation(count: f32, length: f32, length_mean: f32) -> f32 {
    let relative = if length_mean > 0.0 {
        length / length_mean
    } else {
        1.0
    };
    count * (K1 + 1.0) / (count + K1 * (1.0 - B + B * relative))
}
