//! Passwords that are tried first: a list of the most common ones, and what is as easy to think of.

use std::collections::HashSet;
use std::sync::LazyLock;

/// One a line, in lower case. See `common.LICENSE` beside it for where it comes from.
const LIST: &str = include_str!("common.txt");
/// Rows that fingers walk along, and come back to the beginning of.
const RUNS: &[&str] = &[
    "0123456789",
    "1234567890",
    "abcdefghijklmnopqrstuvwxyz",
    "qwertyuiopasdfghjklzxcvbnm",
    "qwertzuiopasdfghjklyxcvbnm",
    "azertyuiopqsdfghjklmwxcvbn",
];
/// What is shorter and repeated is no more than what is shorter.
const PIECE_CHARS_MIN: usize = 8;

static COMMON: LazyLock<HashSet<&'static str>> = LazyLock::new(|| LIST.lines().collect());

/// Whether `text`, in lower case, is common: on the list, on it but for digits and signs around it,
/// a short or common piece over and over, or a walk along the keyboard.
pub(super) fn is_common(text: &str) -> bool {
    let piece = smallest_piece(text);
    let core = text.trim_matches(|c: char| !c.is_alphabetic());
    let is_listed = |text: &str| COMMON.contains(text);
    let is_repeated = piece.len() < text.len();
    is_listed(text)
        || is_listed(core)
        || (is_repeated && (piece.chars().count() < PIECE_CHARS_MIN || is_listed(piece)))
        || RUNS.iter().any(|run| is_run(text, run))
}

/// The shortest beginning that `text` repeats, whole or cut at the end.
fn smallest_piece(text: &str) -> &str {
    let ends = text.char_indices().map(|(end, _)| end).skip(1);
    let repeats = |end: &usize| {
        let (piece, rest) = (&text[..*end], &text[*end..]);
        // A text has the period n exactly if it begins like what follows its first n bytes.
        !piece.is_empty() && text.starts_with(rest)
    };
    let mut ends = ends.filter(repeats).filter(|end| end * 2 <= text.len());
    ends.next().map_or(text, |end| &text[..end])
}

fn is_run(text: &str, run: &str) -> bool {
    let backwards: String = run.chars().rev().collect();
    let is_within = |run: &str| run.repeat(text.len() / run.len() + 2).contains(text);
    is_within(run) || is_within(&backwards)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_listed_password_is_common() {
        let count = LIST.lines().filter(|line| is_common(line)).count();
        assert_eq!(count, LIST.lines().count());
        assert!(count >= 5_000, "{count}");
        assert!(LIST.lines().is_sorted(), "so that a change can be read");
    }

    #[test]
    fn what_is_as_easy_to_think_of_is_common() {
        for text in [
            "1qaz2wsx3edc4rfv",
            "sunshine!!!!!!!",
            "2026baseball2026",
            "abcabcabcabcabcabc",
            "aaaaaaaaaaaaaaaaaaaa",
            "qwertyqwertyqwe",
            "trustno1trustno1",
            "123456789012345",
            "987654321098765",
            "abcdefghijklmnop",
            "qwertyuiopasdfgh",
            "mnbvcxzlkjhgfdsa",
        ] {
            assert!(is_common(text), "{text}");
        }
    }

    #[test]
    fn words_of_ones_own_are_not_common() {
        for text in [
            "correct horse battery staple",
            "qzkwjxvpmdytrhcgbnlf",
            "84610294857203946182",
            " 😀  😀   😀 😀    😀 ",
            "lovelace likes gears and cards",
            "a handful of plain words",
        ] {
            assert!(!is_common(text), "{text}");
        }
    }
}
