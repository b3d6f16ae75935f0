//! Which passwords are good enough: NIST SP 800-63B-4 section 3.1.1.
//!
//! Length counts, in code points; there are no rules of composition and none of age. What is common
//! and what can be guessed from the account itself is refused.

use std::fmt;

use unicode_normalization::UnicodeNormalization;

use super::common::is_common;
use crate::{AuthError, AuthErrorKind, Email};

/// What the standard allows at the least, with a second factor.
const CHARS_LEAST: u32 = 8;
const CHARS_MAX: u32 = 128;
/// How much must be left when the words that everybody would try first are taken out.
const OWN_CHARS_MIN: usize = 8;
/// Shorter words are in every good password by chance.
const WORD_CHARS_MIN: usize = 3;
const PRODUCT_WORDS: &[&str] = &["karen", "password"];
/// Bounds the work before the length is known: no code point shrinks under NFKC to less than a
/// tenth of its bytes.
const BYTES_MAX: usize = 4096;

/// Which passwords people may choose.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PasswordPolicy {
    /// Characters of a password that stands alone, 8 to 128. Default 15, as NIST asks.
    pub chars_min: u32,
    /// Characters of a password beside a second factor, 8 to 128. Default 8.
    pub chars_min_with_second_factor: u32,
    /// How many earlier passwords cannot come back, at most 24; each costs a hash at every change.
    /// Default 5.
    pub history: u32,
}

impl Default for PasswordPolicy {
    fn default() -> Self {
        Self {
            chars_min: 15,
            chars_min_with_second_factor: CHARS_LEAST,
            history: 5,
        }
    }
}

/// Whose password it is to be.
#[derive(Clone, Copy)]
pub(crate) struct Whose<'a> {
    pub(crate) email: &'a Email,
    pub(crate) name: &'a str,
    /// What people know the installation by.
    pub(crate) installation: &'a str,
    pub(crate) has_second_factor: bool,
}

impl PasswordPolicy {
    /// # Errors
    /// `Invalid` for a number out of its range.
    pub(crate) fn checked(self) -> Result<Self, AuthError> {
        let range = CHARS_LEAST..=CHARS_MAX;
        let lengths = [self.chars_min, self.chars_min_with_second_factor];
        if lengths.iter().all(|chars| range.contains(chars)) && self.history <= 24 {
            return Ok(self);
        }
        let reason = "a password has 8 to 128 characters and at most 24 predecessors";
        let operation = "set the password policy";
        Err(AuthError::new(AuthErrorKind::Invalid, operation, reason))
    }

    /// Passes a password that its owner may choose.
    ///
    /// # Errors
    /// `Invalid`, with the rule that it breaks.
    pub(crate) fn check(&self, password: &Password, whose: Whose<'_>) -> Result<(), AuthError> {
        self.check_length(password, whose.has_second_factor)?;
        if is_common(&password.0.to_lowercase()) {
            return Err(refusal("it is one of those that are tried first"));
        }
        if own_chars(&password.0, whose) < OWN_CHARS_MIN.min(password.chars()) {
            return Err(refusal(
                "it is made of the email, the name or the product's name",
            ));
        }
        Ok(())
    }

    /// Passes a password that is long enough.
    ///
    /// # Errors
    /// `Invalid` otherwise.
    pub(crate) fn check_length(
        &self,
        password: &Password,
        has_second_factor: bool,
    ) -> Result<(), AuthError> {
        let chars_min = match has_second_factor {
            true => self.chars_min_with_second_factor,
            false => self.chars_min,
        };
        let chars = u32::try_from(password.chars()).unwrap_or(u32::MAX);
        if chars > CHARS_MAX {
            return Err(refusal("a password has at most 128 characters"));
        }
        if chars < chars_min {
            return Err(refusal(format!(
                "it needs at least {chars_min} characters; a few words will do"
            )));
        }
        Ok(())
    }
}

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

    fn chars(&self) -> usize {
        self.0.chars().count()
    }
}

impl fmt::Debug for Password {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Password(***)")
    }
}

fn refusal(reason: impl Into<std::borrow::Cow<'static, str>>) -> AuthError {
    AuthError::new(AuthErrorKind::Invalid, "use this password", reason)
}

fn own_chars(password: &str, whose: Whose<'_>) -> usize {
    let mut rest = password.to_lowercase();
    for word in context_words(whose) {
        rest = rest.replace(&word, "");
    }
    rest.chars().count()
}

/// Longest first, so that a short word does not spoil a longer one.
fn context_words(whose: Whose<'_>) -> Vec<String> {
    let email = whose.email;
    let mut words = vec![email.as_str().to_owned(), email.local_part().to_owned()];
    for name in [whose.name, whose.installation] {
        let name = name.nfkc().collect::<String>().to_lowercase();
        words.extend(name.split_whitespace().map(str::to_owned));
    }
    words.extend(PRODUCT_WORDS.iter().map(|&word| word.to_owned()));
    words.retain(|word| word.chars().count() >= WORD_CHARS_MIN);
    words.sort_by_key(|word| std::cmp::Reverse(word.len()));
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check_text(text: &str) -> Result<(), AuthError> {
        check_beside(text, false)
    }

    fn check_beside(text: &str, has_second_factor: bool) -> Result<(), AuthError> {
        let email = Email::parse("ada.lovelace@example.com").expect("email");
        let whose = Whose {
            email: &email,
            name: "Ada Lovelace",
            installation: "Analytical Engines",
            has_second_factor,
        };
        PasswordPolicy::default().check(&Password::of(text)?, whose)
    }

    #[test]
    fn a_second_factor_lets_a_password_be_shorter() {
        for (text, alone, beside) in [
            ("kx7vqpm", false, false),
            ("kx7vqpmz", false, true),
            ("kx7vqpmz2ftwhd", false, true),
            ("kx7vqpmz2ftwhdb", true, true),
            ("trustno1", false, false),
            ("lovelace", false, false),
        ] {
            assert_eq!(check_beside(text, false).is_ok(), alone, "{text} alone");
            assert_eq!(
                check_beside(text, true).is_ok(),
                beside,
                "{text} beside a factor"
            );
        }
    }

    #[test]
    fn a_policy_below_the_standard_is_refused() {
        let base = PasswordPolicy::default();
        base.checked().expect("the default");
        for weak in [
            PasswordPolicy {
                chars_min: 7,
                ..base
            },
            PasswordPolicy {
                chars_min: 129,
                ..base
            },
            PasswordPolicy {
                chars_min_with_second_factor: 7,
                ..base
            },
            PasswordPolicy {
                history: 25,
                ..base
            },
        ] {
            weak.checked().expect_err("out of range");
        }
    }

    #[test]
    fn length_is_counted_in_code_points() {
        check_text(&"a1".repeat(7)).expect_err("14");
        check_text("correct horse b").expect("15");
        let text: String = ('\u{4e00}'..).take(130).collect();
        check_text(&text.chars().take(128).collect::<String>()).expect("128, in 384 bytes");
        check_text(&text).expect_err("130");
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
            "analytical engines analytical",
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
