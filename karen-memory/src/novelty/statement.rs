//! What a sentence says, in the words that tell it from others.

use std::collections::{HashMap, HashSet};

use unicode_normalization::UnicodeNormalization;

use super::words::{LIGHT, Mark, OPENERS, mark};

/// A shorter word may be another word rather than a slip.
const SLIP_LETTERS_MIN: usize = 6;
/// Words of content that two statements about the same have in common, of all that they have.
const LIKENESS_MIN: f32 = 0.33;

/// A text as its words, in order, with what must not differ between two texts that say the same.
#[derive(Debug)]
pub(crate) struct Statement {
    words: Vec<String>,
    /// Words that carry the meaning.
    content: Vec<String>,
    /// Numbers, dates, negations, quantities, tenses and conditions.
    firm: Vec<String>,
    /// Pronouns and prepositions.
    loose: Vec<String>,
    /// Words written as names are.
    names: HashSet<String>,
}

impl Statement {
    pub(crate) fn of(text: &str) -> Self {
        let (mut words, names) = tokens(text);
        strip_openers(&mut words);
        let (mut content, mut firm, mut loose) = (Vec::new(), Vec::new(), Vec::new());
        for word in &words {
            match mark(word) {
                Some(Mark::Firm(word)) => firm.push(word.to_owned()),
                Some(Mark::Loose(word)) => loose.push(word.to_owned()),
                None if LIGHT.contains(&word.as_str()) => {}
                None => content.push(word.clone()),
            }
        }
        Self {
            words,
            content,
            firm,
            loose,
            names,
        }
    }

    /// The same words in the same order.
    pub(super) fn has_words_of(&self, other: &Self) -> bool {
        !self.words.is_empty() && self.words == other.words
    }

    /// Whether `other` says all of it: its words are there, slips of the pen aside, in the same
    /// order, and nothing that tells statements apart differs.
    pub(crate) fn is_covered_by(&self, other: &Self) -> bool {
        !self.content.is_empty()
            && self.firm == other.firm
            && is_within(&self.loose, &other.loose, |a, b| a == b)
            && is_within(&self.content, &other.content, |a, b| {
                self.is_same_word(a, b, other)
            })
    }

    /// Whether both hold the same words in any order, and name names in the same one.
    pub(super) fn agrees_with(&self, other: &Self) -> bool {
        let sorted = |words: &[String]| {
            let mut words = words.to_vec();
            words.sort_unstable();
            words
        };
        let named = |words: &Self| {
            let is_name =
                |word: &&String| self.names.contains(*word) || other.names.contains(*word);
            words
                .content
                .iter()
                .filter(is_name)
                .cloned()
                .collect::<Vec<_>>()
        };
        !self.content.is_empty()
            && self.firm == other.firm
            && self.loose == other.loose
            && sorted(&self.content) == sorted(&other.content)
            && named(self) == named(other)
    }

    /// The share of words of content that two statements have in common.
    pub(crate) fn likeness(&self, other: &Self) -> f32 {
        let words = |of: &Self| of.content.iter().cloned().collect::<HashSet<String>>();
        let (a, b) = (words(self), words(other));
        let shared = a.intersection(&b).count();
        shared as f32 / (a.len() + b.len() - shared).max(1) as f32
    }

    /// Whether the two are about the same: a third of their words is.
    pub(crate) fn resembles(&self, other: &Self) -> bool {
        self.likeness(other) >= LIKENESS_MIN
    }

    /// Whether every name and number, and every negation and the like, is in one of `others` too.
    pub(crate) fn adds_nothing_to(&self, others: &[Self]) -> bool {
        let is_said = |word: &String| others.iter().any(|other| other.words.contains(word));
        !self.content.is_empty() && self.firm.iter().chain(&self.names).all(is_said)
    }

    fn is_same_word(&self, a: &str, b: &str, other: &Self) -> bool {
        a == b || (!self.names.contains(a) && !other.names.contains(b) && is_slip(a, b))
    }

    /// The share of three-letter shingles that two texts have in common (Broder 1997). A handful of
    /// neighbours is compared outright, so that nothing is estimated.
    pub(super) fn jaccard(&self, other: &Self) -> f32 {
        let (a, b) = (self.shingles(), other.shingles());
        let shared = a.intersection(&b).count();
        shared as f32 / (a.len() + b.len() - shared).max(1) as f32
    }

    fn shingles(&self) -> HashSet<[char; 3]> {
        let letters: Vec<char> = self.words.join(" ").chars().collect();
        letters.windows(3).map(|w| [w[0], w[1], w[2]]).collect()
    }

    /// Bits a letter (Shannon 1948).
    pub(super) fn entropy(&self) -> f32 {
        let mut counts: HashMap<char, f32> = HashMap::new();
        for letter in self.words.iter().flat_map(|word| word.chars()) {
            *counts.entry(letter).or_default() += 1.0;
        }
        let total: f32 = counts.values().sum();
        counts
            .values()
            .map(|n| -n / total * (n / total).log2())
            .sum()
    }
}

/// Lines and sentences of a text that say something.
pub(crate) fn sentences(text: &str) -> impl Iterator<Item = &str> {
    let ends = |c: char| matches!(c, '\n' | '!' | '?' | ';');
    text.split(ends)
        .flat_map(|line| line.split(". "))
        .map(str::trim)
        .filter(|sentence| sentence.chars().any(char::is_alphanumeric))
}

/// Words in lower case, contractions apart, and those that are written as names.
pub(crate) fn tokens(text: &str) -> (Vec<String>, HashSet<String>) {
    let folded: String = text
        .nfkc()
        .map(|c| if c == '’' { '\'' } else { c })
        .collect();
    let (mut words, mut names) = (Vec::new(), HashSet::new());
    let mut is_first = true;
    for word in folded
        .split(|c: char| c.is_whitespace() || matches!(c, ',' | ';' | '!' | '?' | '"' | '(' | ')'))
    {
        let bare = word.trim_matches(|c: char| !c.is_alphanumeric());
        if bare.is_empty() {
            continue;
        }
        let lower = bare.to_lowercase();
        let is_capital = bare.chars().next().is_some_and(char::is_uppercase);
        if is_capital && !is_first && bare.chars().count() > 1 {
            names.insert(lower.trim_end_matches("'s").to_owned());
        }
        is_first = word.ends_with(['.', '!', '?', ':']);
        words.extend(expanded(&lower));
    }
    (words, names)
}

/// `don't` is `do not`, `I'll` is `I will`, `dog's` is `dog`.
fn expanded(word: &str) -> Vec<String> {
    let two = |a: &str, b: &str| vec![a.to_owned(), b.to_owned()];
    match word {
        "can't" | "cannot" => return two("can", "not"),
        "won't" => return two("will", "not"),
        "it's" | "that's" => return two(&word[..word.len() - 2], "is"),
        _ => {}
    }
    let endings = [
        ("n't", "not"),
        ("'ll", "will"),
        ("'d", "would"),
        ("'m", "am"),
        ("'re", "are"),
        ("'ve", "have"),
    ];
    for (ending, full) in endings {
        if let Some(stem) = word.strip_suffix(ending) {
            return two(stem, full);
        }
    }
    let bare = word.strip_suffix("'s").unwrap_or(word);
    let parts = bare.split(|c: char| !c.is_alphanumeric() && c != '.');
    parts
        .filter(|part| !part.is_empty())
        .map(str::to_owned)
        .collect()
}

/// "Please remember that" says nothing of what follows.
pub(crate) fn strip_openers(words: &mut Vec<String>) {
    while let Some(opener) = OPENERS.iter().find(|opener| {
        words.len() > opener.len()
            && words
                .iter()
                .zip(opener.iter())
                .all(|(word, part)| word == part)
    }) {
        words.drain(..opener.len());
    }
}

/// Whether `short` is a subsequence of `long`.
fn is_within(short: &[String], long: &[String], same: impl Fn(&str, &str) -> bool) -> bool {
    let mut rest = long.iter();
    short.iter().all(|word| rest.any(|other| same(word, other)))
}

/// One letter too many, missing, wrong or exchanged, within a long word: endings tell tenses apart.
fn is_slip(a: &str, b: &str) -> bool {
    let (a, b): (Vec<char>, Vec<char>) = (a.chars().collect(), b.chars().collect());
    let (short, long) = if a.len() <= b.len() {
        (&a, &b)
    } else {
        (&b, &a)
    };
    if short.len() < SLIP_LETTERS_MIN
        || long.len() - short.len() > 1
        || short.iter().any(|c| c.is_numeric())
    {
        return false;
    }
    let head = short.iter().zip(long).take_while(|(x, y)| x == y).count();
    let tail = short
        .iter()
        .rev()
        .zip(long.iter().rev())
        .take_while(|(x, y)| x == y)
        .count();
    let (left, right) = (
        short.len().saturating_sub(head + tail),
        long.len().saturating_sub(head + tail),
    );
    let is_exchange =
        left == 2 && right == 2 && short[head] == long[head + 1] && short[head + 1] == long[head];
    head > 0 && tail > 0 && (right <= 1 || is_exchange)
}
