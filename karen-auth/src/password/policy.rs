//! Which passwords are good enough: NIST SP 800-63B-4 section 3.1.1, single factor.
//!
//! Length counts, in code points; there are no rules of composition. What can be guessed from the
//! account itself is refused.

use std::fmt;

use unicode_normalization::UnicodeNormalization;

use crate::{AuthError, AuthErrorKind, Email};

const CHARS_MIN: usize = 15;
const CHARS_MAX: usize = 128;
/// How much must be left when the words that everybody would try first are taken out.
const OWN_CHARS_MIN: usize = 8;
/// Shorter words are in every good password by chance.
const WORD_CHARS_MIN: usize = 3;
const PRODUCT_WORDS: &[&str] = &["karen", "password"];
/// Bounds the work before the length is known: no code point shrinks under NFKC to less than a
/// tenth of its bytes.
const BYTES_MAX: usize = 4096;

/// A password in the form that is hashed: NFKC, so that every keyboard spells it alike.
#[derive(Clone)]
pub(crate) struct Password(String);

impl Password {
    /// Normalises what was typed.
    ///
    /// # Errors
    /// `Invalid` beyond 4,096 bytes.
    pub(crate) fn of(text: &str) -> Result<Self, AuthError> {
        if text.len() > BYTES_MAX {
            return Err(refusal("a password has at most 128 characters"));
        }
        Ok(Self(text.nfkc().collect()))
    }

    pub(crate) fn as_bytes(&self) -> &[u8] {
        self.0.as_bytes()
    }
}

impl fmt::Debug for Password {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Password(***)")
    }
}

/// Passes a password that its owner may choose.
///
/// # Errors
/// `Invalid`, with the rule that it breaks.
pub(crate) fn check(password: &Password, email: &Email, name: &str) -> Result<(), AuthError> {
    let chars = password.0.chars().count();
    if chars < CHARS_MIN {
        return Err(refusal(
            "it needs at least 15 characters; a few words will do",
        ));
    }
    if chars > CHARS_MAX {
        return Err(refusal("a password has at most 128 characters"));
    }
    if is_one_char(&password.0) {
        return Err(refusal("it is one character over and over"));
    }
    if own_chars(&password.0, email, name) < OWN_CHARS_MIN {
        return Err(refusal(
            "it is made of the email, the name or the product's name",
        ));
    }
    Ok(())
}

fn refusal(reason: &'static str) -> AuthError {
    AuthError::new(AuthErrorKind::Invalid, "use this password", reason)
}

fn is_one_char(text: &str) -> bool {
    let mut chars = text.chars();
    let first = chars.next();
    chars.all(|c| Some(c) == first)
}

fn own_chars(password: &str, email: &Email, name: &str) -> usize {
    let mut rest = password.to_lowercase();
    for word in context_words(email, name) {
        rest = rest.replace(&word, "");
    }
    rest.chars().count()
}

/// Longest first, so that a short word does not spoil a longer one.
fn context_words(email: &Email, name: &str) -> Vec<String> {
    let name = name.nfkc().collect::<String>().to_lowercase();
    let mut words = vec![email.as_str().to_owned(), email.local_part().to_owned()];
    words.extend(name.split_whitespace().map(str::to_owned));
    words.extend(PRODUCT_WORDS.iter().map(|&word| word.to_owned()));
    words.retain(|word| word.chars().count() >= WORD_CHARS_MIN);
    words.sort_by_key(|word| std::cmp::Reverse(word.len()));
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check_text(text: &str) -> Result<(), AuthError> {
        let email = Email::parse("ada.lovelace@example.com").expect("email");
        check(&Password::of(text)?, &email, "Ada Lovelace")
    }

    #[test]
    fn length_is_counted_in_code_points() {
        check_text(&"a1".repeat(7)).expect_err("14");
        check_text("correct horse b").expect("15");
        check_text(&"é1".repeat(64)).expect("128, in 192 bytes");
        check_text(&"é1".repeat(65)).expect_err("130");
        check_text(&"x".repeat(BYTES_MAX + 1)).expect_err("too many bytes");
    }

    #[test]
    fn no_composition_is_asked_for() {
        for text in [
            "qzkwjxvpmdytrhcgbnlf",
            "84610294857203946182",
            " 😀  😀   😀 😀    😀 ",
        ] {
            check_text(text).expect(text);
        }
    }

    #[test]
    fn what_the_account_gives_away_is_refused() {
        for text in [
            "karenkarenkarenkaren",
            "Password Password!",
            "ada.lovelace@example.com",
            "LovelaceLovelace1843",
            "KARENpasswordADA1234",
            "zzzzzzzzzzzzzzzzzzzz",
        ] {
            let refused = check_text(text).expect_err(text);
            assert_eq!(refused.kind(), AuthErrorKind::Invalid, "{text}");
        }
        check_text("lovelace likes gears and cards").expect("its own words suffice");
    }

    #[test]
    fn every_keyboard_spells_it_alike() {
        let composed = Password::of("caf\u{e9} au lait, bitte").expect("short");
        let decomposed = Password::of("cafe\u{301} au lait, bitte").expect("short");
        assert_eq!(composed.as_bytes(), decomposed.as_bytes());
        assert_eq!(format!("{composed:?}"), "Password(***)");
    }
}
