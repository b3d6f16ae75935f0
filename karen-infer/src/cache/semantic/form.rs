//! What a question comes to once politeness, its frame and its spelling are taken off.

use super::words::{CLOSINGS, EMPTY, HOW, OPENINGS, PASSING, SYNONYMS};

/// Fewer words tell too little of what is meant: "and there?" may be asked of anything.
const WORDS_MIN: usize = 3;
/// The same where the frame of the question was one word more.
const WORDS_MIN_HOW: usize = 2;

/// Two questions of the same form mean the same.
#[derive(Debug, PartialEq, Eq, Hash)]
pub(super) struct Form {
    kind: Kind,
    /// The words that carry meaning, in their order.
    words: Vec<String>,
}

/// What is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Kind {
    /// The way to do something.
    How,
    /// Anything else: its first words say what.
    Other,
}

impl Form {
    /// The form of a text, and its words that carry meaning as they are told; `None` where none can be.
    pub(super) fn of(text: &str) -> Option<(Self, String)> {
        let words = words(text);
        if words.iter().any(|word| PASSING.contains(&word.as_str())) {
            return None;
        }
        let mut rest = &words[..];
        let mut kind = Kind::Other;
        while kind == Kind::Other {
            if let Some(after) = after_any(rest, HOW) {
                (kind, rest) = (Kind::How, after);
            } else if let Some(after) = after_any(rest, OPENINGS) {
                rest = after;
            } else {
                break;
            }
        }
        while let Some(before) = before_any(rest, CLOSINGS) {
            rest = before;
        }
        let told: Vec<&str> = rest
            .iter()
            .map(String::as_str)
            .filter(|word| !EMPTY.contains(word))
            .collect();
        let words_min = match kind {
            Kind::How => WORDS_MIN_HOW,
            Kind::Other => WORDS_MIN,
        };
        let words = told.iter().map(|word| meaning(word)).collect();
        (told.len() >= words_min).then(|| (Self { kind, words }, told.join(" ")))
    }
}

/// What follows the longest of the openings.
fn after_any<'a>(words: &'a [String], openings: &[&[&str]]) -> Option<&'a [String]> {
    let fits = |opening: &&&[&str]| {
        words.len() > opening.len() && words.iter().zip(**opening).all(|(a, b)| a == b)
    };
    let longest = openings
        .iter()
        .filter(fits)
        .map(|opening| opening.len())
        .max()?;
    Some(&words[longest..])
}

/// What precedes the longest of the closings.
fn before_any<'a>(words: &'a [String], closings: &[&[&str]]) -> Option<&'a [String]> {
    let fits = |closing: &&&[&str]| {
        let start = words.len().saturating_sub(closing.len());
        start > 0 && words[start..].iter().zip(**closing).all(|(a, b)| a == b)
    };
    let longest = closings
        .iter()
        .filter(fits)
        .map(|closing| closing.len())
        .max()?;
    Some(&words[..words.len() - longest])
}

/// The word that stands for all that mean the same.
fn meaning(word: &str) -> String {
    let same = SYNONYMS.iter().find(|(one, _)| *one == word);
    if let Some((_, other)) = same {
        return (*other).to_owned();
    }
    // Both spellings of `organise`; a letter in front, as `-ise` alone is no ending of `rise`.
    match word.strip_suffix("ise").filter(|stem| stem.len() > 3) {
        Some(stem) => format!("{stem}ize"),
        None => word.to_owned(),
    }
}

/// The words of a text in lower case. Quoted text and code are one word each, as they are; numbers
/// keep their sign, fraction and unit; signs that programs and sums are written in are words.
fn words(text: &str) -> Vec<String> {
    let mut words = Vec::new();
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        if let Some((quoted, after)) = quoted(rest) {
            words.push(format!("\"{quoted}"));
            rest = after;
        } else if first.is_alphanumeric() || is_signed_number(rest, words.last()) {
            let end = word_end(rest);
            push_expanded(&mut words, &rest[..end]);
            rest = &rest[end..];
        } else {
            if !first.is_whitespace() && !",.;:!?'\u{2019}()[]\"".contains(first) {
                words.push(first.to_string());
            }
            rest = &rest[first.len_utf8()..];
        }
    }
    words
}

/// The text in quotation marks or backticks that `text` begins with, and what follows.
fn quoted(text: &str) -> Option<(&str, &str)> {
    let (open, close) = [
        ('"', '"'),
        ('`', '`'),
        ('\u{201c}', '\u{201d}'),
        ('\u{ab}', '\u{bb}'),
    ]
    .into_iter()
    .find(|(open, _)| text.starts_with(*open))?;
    let inside = &text[open.len_utf8()..];
    let end = inside.find(close)?;
    Some((&inside[..end], &inside[end + close.len_utf8()..]))
}

/// A minus is a sign where a number follows it and none precedes it.
fn is_signed_number(text: &str, before: Option<&String>) -> bool {
    let follows = before.is_some_and(|word| word.chars().all(|c| c.is_ascii_digit()));
    let number = text.strip_prefix('-');
    !follows && number.is_some_and(|rest| rest.starts_with(|c: char| c.is_ascii_digit()))
}

/// Where the word at the beginning ends: at anything that is neither part of a word, nor of a number,
/// nor of a name such as `C++`.
fn word_end(text: &str) -> usize {
    let is_number = text.starts_with(|c: char| c.is_ascii_digit() || c == '-');
    let mut characters = text.char_indices().peekable();
    while let Some((at, character)) = characters.next() {
        let next = characters.peek().map(|(_, next)| *next);
        let goes_on = match character {
            '.' | ',' if is_number => next.is_some_and(|next| next.is_ascii_digit()),
            '\'' | '\u{2019}' => next.is_some_and(char::is_alphabetic),
            '-' if at == 0 => true,
            '-' | '_' => next.is_some_and(char::is_alphanumeric),
            '+' | '#' => true,
            _ => character.is_alphanumeric(),
        };
        if !goes_on {
            return at;
        }
    }
    text.len()
}

/// A word in lower case, its contraction written out.
fn push_expanded(words: &mut Vec<String>, word: &str) {
    let word = word.to_lowercase().replace('\u{2019}', "'");
    if word.starts_with(|c: char| c.is_ascii_digit() || c == '-') {
        // A thousand with and without its comma; a fraction keeps its point.
        words.push(word.replace(',', ""));
        return;
    }
    let (stem, ending) = match word.split_once('\'') {
        None => return words.push(word),
        Some(("can", "t")) => ("can", "not"),
        Some(("won", "t")) => ("will", "not"),
        Some(("shan", "t")) => ("shall", "not"),
        Some((stem, "t")) if stem.ends_with('n') => (&stem[..stem.len() - 1], "not"),
        Some((stem @ ("what" | "where" | "who" | "when" | "how" | "that" | "it"), "s")) => {
            (stem, "is")
        }
        // Whose something is: `'s` stays, as "the dog's owner" is not "the dog owner".
        Some((stem, "s")) => (stem, "'s"),
        Some((stem, "m")) => (stem, "am"),
        Some((stem, "re")) => (stem, "are"),
        Some((stem, "ve")) => (stem, "have"),
        Some((stem, "ll")) => (stem, "will"),
        Some((stem, "d")) => (stem, "would"),
        Some(_) => return words.push(word),
    };
    words.extend([stem.to_owned(), ending.to_owned()]);
}
