//! From a text to the stems that indexes count.

use rust_stemmers::{Algorithm, Stemmer};
use unicode_normalization::UnicodeNormalization;

use super::stop_words::is_stop_word;

/// The words of a text, folded (NFKC, lower case) and in order: runs of letters and digits.
pub(crate) fn words(text: &str) -> Vec<String> {
    let folded: String = text.nfkc().flat_map(char::to_lowercase).collect();
    folded
        .split(|c: char| !c.is_alphanumeric())
        .filter(|word| !word.is_empty())
        .map(str::to_owned)
        .collect()
}

/// The stems of a text's words, stop words left out (Porter 2001, the English Snowball stemmer).
pub(crate) fn stems(text: &str) -> Vec<String> {
    let stemmer = Stemmer::create(Algorithm::English);
    let words = words(text);
    let kept = words.iter().filter(|word| !is_stop_word(word));
    kept.map(|word| stemmer.stem(word).into_owned()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stems_fold_case_width_and_endings_and_leave_stop_words_out() {
        assert_eq!(stems("What is my DOG's name?"), ["dog", "name"]);
        assert_eq!(
            stems("running Ｒuns, 2026-11"),
            ["run", "run", "2026", "11"]
        );
        assert_eq!(stems("  ?! "), Vec::<String>::new());
    }
}
