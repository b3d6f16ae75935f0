//! Time-based one-time passwords (RFC 6238 over RFC 4226): six digits, thirty seconds, SHA-1, which
//! is what authenticator programs understand.

use std::fmt;
use std::ops::RangeInclusive;

use aws_lc_rs::hmac;
use subtle::ConstantTimeEq;

const STEP_S: i64 = 30;
const DIGITS: u32 = 6;
/// RFC 4226 section 4, requirement 6, recommends 160 bits.
const SEED_BYTES: usize = 20;
/// Steps before and after the current one that are accepted (RFC 6238 section 5.2).
const WINDOW: i64 = 1;
const BASE32: &[u8; 32] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

/// What an authenticator and this installation share.
#[derive(Clone)]
pub(crate) struct TotpSeed([u8; SEED_BYTES]);

impl TotpSeed {
    pub(crate) fn random() -> Self {
        Self(rand::random())
    }

    /// `None` when `bytes` has another length.
    pub(crate) fn stored(bytes: &[u8]) -> Option<Self> {
        Some(Self(bytes.try_into().ok()?))
    }

    pub(crate) fn expose(&self) -> &[u8] {
        &self.0
    }

    /// The step whose code `code` is, among the current one and its neighbours. Compares with all
    /// of them, so that the time tells nothing.
    pub(crate) fn step_of(&self, code: &str, now_ms: i64) -> Option<i64> {
        let mut found = None;
        for step in window(now_ms) {
            let expected = format!("{:06}", hotp(&self.0, step, DIGITS));
            if expected.as_bytes().ct_eq(code.as_bytes()).into() {
                found = Some(step);
            }
        }
        found
    }

    /// The code of the step at `now_ms`.
    #[cfg(test)]
    pub(crate) fn code_at(&self, now_ms: i64) -> String {
        format!(
            "{:06}",
            hotp(&self.0, now_ms.div_euclid(STEP_S * 1000), DIGITS)
        )
    }
}

impl fmt::Debug for TotpSeed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("TotpSeed(***)")
    }
}

/// What somebody gives to their authenticator, shown once.
#[derive(Clone, PartialEq, Eq)]
pub struct TotpEnrolment {
    secret: String,
    uri: String,
}

impl TotpEnrolment {
    pub(crate) fn new(seed: &TotpSeed, issuer: &str, account: &str) -> Self {
        let secret = base32(&seed.0);
        let (issuer, account) = (percent(issuer), percent(account));
        let uri = format!(
            "otpauth://totp/{issuer}:{account}?secret={secret}&issuer={issuer}\
             &algorithm=SHA1&digits={DIGITS}&period={STEP_S}"
        );
        Self { secret, uri }
    }

    /// The secret in base32, for typing.
    #[must_use]
    pub fn secret(&self) -> &str {
        &self.secret
    }

    /// The secret as an `otpauth://` address, for a QR code.
    #[must_use]
    pub fn uri(&self) -> &str {
        &self.uri
    }
}

impl fmt::Debug for TotpEnrolment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("TotpEnrolment(***)")
    }
}

fn window(now_ms: i64) -> RangeInclusive<i64> {
    let step = now_ms.div_euclid(STEP_S * 1000);
    step - WINDOW..=step + WINDOW
}

/// RFC 4226 section 5.3.
fn hotp(key: &[u8], counter: i64, digits: u32) -> u32 {
    let key = hmac::Key::new(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, key);
    let tag = hmac::sign(&key, &counter.to_be_bytes());
    let tag = tag.as_ref();
    let offset = usize::from(tag[tag.len() - 1] & 0x0f);
    let bytes: [u8; 4] = std::array::from_fn(|i| tag[offset + i]);
    (u32::from_be_bytes(bytes) & 0x7fff_ffff) % 10_u32.pow(digits)
}

/// RFC 4648 section 6, without padding.
fn base32(bytes: &[u8]) -> String {
    let mut text = String::new();
    for chunk in bytes.chunks(5) {
        let mut group = [0; 8];
        group[3..3 + chunk.len()].copy_from_slice(chunk);
        let bits = u64::from_be_bytes(group);
        for i in 0..(chunk.len() * 8).div_ceil(5) {
            let index = usize::try_from(bits >> (35 - 5 * i) & 31).expect("five bits");
            text.push(char::from(BASE32[index]));
        }
    }
    text
}

/// RFC 3986 section 2.1: everything but the unreserved characters.
pub(crate) fn percent(text: &str) -> String {
    let mut out = String::new();
    for byte in text.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => {
                out.push(char::from(byte));
            }
            _ => out.push_str(&format!("%{byte:02X}")),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    const RFC_SEED: &[u8; SEED_BYTES] = b"12345678901234567890";

    /// RFC 6238 appendix B, the rows for SHA-1.
    #[test]
    fn the_codes_are_those_of_rfc_6238() {
        for (seconds, expect) in [
            (59, 94_287_082),
            (1_111_111_109, 7_081_804),
            (1_111_111_111, 14_050_471),
            (1_234_567_890, 89_005_924),
            (2_000_000_000, 69_279_037),
            (20_000_000_000, 65_353_130),
        ] {
            assert_eq!(hotp(RFC_SEED, seconds / STEP_S, 8), expect, "{seconds}");
        }
    }

    /// RFC 4226 appendix D.
    #[test]
    fn the_codes_are_those_of_rfc_4226() {
        let expect = [
            755_224, 287_082, 359_152, 969_429, 338_314, 254_676, 287_922, 162_583, 399_871,
            520_489,
        ];
        let codes: Vec<u32> = (0..10).map(|counter| hotp(RFC_SEED, counter, 6)).collect();
        assert_eq!(codes, expect);
    }

    #[test]
    fn a_code_is_good_for_its_step_and_the_neighbours() {
        let seed = TotpSeed(*RFC_SEED);
        let now_ms = 1_111_111_109_000;
        let step = now_ms / 1000 / STEP_S;
        for (offset, expect) in [
            (-2, None),
            (-1, Some(step - 1)),
            (0, Some(step)),
            (1, Some(step + 1)),
            (2, None),
        ] {
            let code = seed.code_at(now_ms + offset * STEP_S * 1000);
            assert_eq!(seed.step_of(&code, now_ms), expect, "{offset}");
        }
        for wrong in ["", "0818040", "81804", " 081804", "abcdef", "０81804"] {
            assert_eq!(seed.step_of(wrong, now_ms), None, "{wrong}");
        }
        assert_eq!(
            seed.step_of("081804", now_ms),
            Some(step),
            "leading zeros count"
        );
    }

    /// RFC 4648 section 10.
    #[test]
    fn base32_is_that_of_the_rfc() {
        for (plain, expect) in [
            ("", ""),
            ("f", "MY"),
            ("fo", "MZXQ"),
            ("foo", "MZXW6"),
            ("foob", "MZXW6YQ"),
            ("fooba", "MZXW6YTB"),
            ("foobar", "MZXW6YTBOI"),
        ] {
            assert_eq!(base32(plain.as_bytes()), expect);
        }
    }

    #[test]
    fn the_address_for_the_qr_code_is_what_authenticators_read() {
        let shown = TotpEnrolment::new(&TotpSeed(*RFC_SEED), "My Karen", "ada+1@example.com");
        assert_eq!(
            shown.uri(),
            "otpauth://totp/My%20Karen:ada%2B1%40example.com\
             ?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ&issuer=My%20Karen\
             &algorithm=SHA1&digits=6&period=30"
        );
        assert_eq!(format!("{shown:?}"), "TotpEnrolment(***)");
    }
}
