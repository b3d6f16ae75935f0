//! What is worth keeping: a fact that memory does not hold yet, and that is nobody's echo.
//!
//! Of what an assistant's memory keeps without a gate, most is its own prompts and its own recalls
//! (an audit of 10,134 memories found 97.8 % junk). No two texts count as the same when a number, a
//! date, a name, a negation or a word such as "before" or "will" tells them apart, however alike the
//! rest is.

mod boilerplate;
mod echoes;
mod statement;
mod words;

pub(crate) use boilerplate::Boilerplate;
pub(crate) use echoes::{Echoes, echoed};
pub(crate) use statement::{Statement, sentences, strip_openers, tokens};

use crate::{Record, RecordId, Refusal};

/// Shared three-letter shingles of two texts that are nearly the same (Graphiti's threshold).
const JACCARD_MIN: f32 = 0.9;
/// Bits a letter below which a text is too monotonous to be compared by its letters.
const ENTROPY_MIN: f32 = 1.5;
/// A cosine from which two texts may mean the same (mem0 merges entities at it).
pub(crate) const COSINE_MIN: f32 = 0.95;

/// Why `text` is not worth keeping beside `known` records, and which of them says it already.
pub(crate) fn repeats(text: &str, known: &[Record]) -> Option<(RecordId, Refusal)> {
    type Test = fn(&Statement, &Statement) -> bool;
    let new = Statement::of(text);
    let old: Vec<Statement> = known
        .iter()
        .map(|record| Statement::of(&record.text))
        .collect();
    let reasons: [(Refusal, Test); 3] = [
        (Refusal::Same, Statement::has_words_of),
        (Refusal::Near, is_near),
        (Refusal::Covered, Statement::is_covered_by),
    ];
    reasons.into_iter().find_map(|(refusal, says)| {
        let same = old.iter().position(|old| says(&new, old))?;
        Some((known[same].id.clone(), refusal))
    })
}

/// The records that hold the words of `text` in another order: whether they mean the same is for
/// their meanings to say.
pub(crate) fn rearranged<'a>(text: &str, known: &'a [Record]) -> impl Iterator<Item = &'a Record> {
    let new = Statement::of(text);
    known
        .iter()
        .filter(move |record| new.agrees_with(&Statement::of(&record.text)))
}

fn is_near(new: &Statement, old: &Statement) -> bool {
    new.entropy() >= ENTROPY_MIN
        && new.jaccard(old) >= JACCARD_MIN
        && new.is_covered_by(old)
        && old.is_covered_by(new)
}

#[cfg(test)]
mod tests;
