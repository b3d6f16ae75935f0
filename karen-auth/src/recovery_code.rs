//! Recovery codes: what is left when the authenticator is lost.

use std::fmt;

use crate::TokenHash;

/// Codes of one set.
const CODES: usize = 10;
/// Five bits each: 120, so that a plain hash cannot be searched (OWASP ASVS 5.0 item 6.5.2).
const CODE_CHARS: usize = 24;
const GROUP_CHARS: usize = 6;
/// Crockford's base 32: no letter is taken for a digit.
const ALPHABET: &[u8; 32] = b"0123456789abcdefghjkmnpqrstvwxyz";

/// Ten codes, each of which stands once for the authenticator. Shown once.
#[derive(Clone, PartialEq, Eq)]
pub struct RecoveryCodes(Vec<String>);

impl RecoveryCodes {
    pub(crate) fn random() -> Self {
        Self((0..CODES).map(|_| random_code()).collect())
    }

    /// The codes, to be written down by their owner.
    #[must_use]
    pub fn expose(&self) -> &[String] {
        &self.0
    }

    pub(crate) fn hashes(&self) -> Vec<TokenHash> {
        self.0.iter().map(|code| hash_of(code)).collect()
    }
}

impl fmt::Debug for RecoveryCodes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("RecoveryCodes(***)")
    }
}

/// The hash of a code as somebody types it: case, blanks and hyphens do not count.
pub(crate) fn hash_of(code: &str) -> TokenHash {
    let plain: String = code
        .chars()
        .filter(|c| !c.is_whitespace() && *c != '-')
        .map(|c| match c.to_ascii_lowercase() {
            'o' => '0',
            'i' | 'l' => '1',
            c => c,
        })
        .collect();
    TokenHash::of(&plain)
}

fn random_code() -> String {
    let mut code = String::new();
    for (i, byte) in rand::random::<[u8; CODE_CHARS]>().iter().enumerate() {
        if i > 0 && i % GROUP_CHARS == 0 {
            code.push('-');
        }
        code.push(char::from(ALPHABET[usize::from(byte % 32)]));
    }
    code
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ten_codes_differ_and_read_like_codes() {
        let codes = RecoveryCodes::random();
        let mut distinct = codes.expose().to_vec();
        distinct.sort();
        distinct.dedup();
        assert_eq!(distinct.len(), CODES);
        for code in &distinct {
            let groups: Vec<usize> = code.split('-').map(str::len).collect();
            assert_eq!(groups, [GROUP_CHARS; 4], "{code}");
        }
        assert_eq!(format!("{codes:?}"), "RecoveryCodes(***)");
    }

    #[test]
    fn a_code_is_known_however_it_is_typed() {
        let expect = hash_of("01abcd-efghjk-mnpqrs-tvwxyz");
        for typed in [
            "01ABCD-EFGHJK-MNPQRS-TVWXYZ",
            " oIabcdefghjkmnpqrstvwxyz ",
            "0labcd efghjk mnpqrs tvwxyz",
        ] {
            assert_eq!(hash_of(typed), expect, "{typed}");
        }
        assert_ne!(hash_of("01abcd-efghjk-mnpqrs-tvwxy"), expect);
    }
}
