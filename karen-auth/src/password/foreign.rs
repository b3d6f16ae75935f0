//! Hashes that other programs made: read, verified, and replaced at the first login.

use argon2::Params;
use argon2::password_hash::phc::PasswordHash;

use super::hashing::broken;
use super::{Password, Verdict};
use crate::{AuthError, AuthErrorKind};

/// 2^14 rounds take most of a second: more would let a list of accounts stall the installation.
const BCRYPT_COST: std::ops::RangeInclusive<u32> = 4..=14;
const BCRYPT_CHARS: usize = 60;
const BCRYPT_SALT_AND_HASH_CHARS: usize = 53;
/// Against hashes that would take the memory or the time of many.
const ARGON2_KIB_MAX: u32 = 256 * 1024;
const ARGON2_PASSES_MAX: u32 = 10;
const ARGON2_LANES_MAX: u32 = 16;

/// Passes a hash that this crate verifies, at a cost that it can bear: bcrypt (`$2a$`, `$2b$`,
/// `$2y$`) and argon2id.
///
/// # Errors
/// `Invalid` otherwise; nothing is hashed.
pub(crate) fn check_foreign(hash: &str) -> Result<(), AuthError> {
    let is_good = match is_bcrypt(hash) {
        true => bcrypt_cost(hash).is_some_and(|cost| BCRYPT_COST.contains(&cost)),
        false => is_bearable_argon2(hash),
    };
    if is_good {
        return Ok(());
    }
    let reason =
        "it is neither bcrypt of cost 4 to 14 nor argon2id of at most 256 MiB and 10 passes";
    let operation = "import the password hash";
    Err(AuthError::new(AuthErrorKind::Invalid, operation, reason))
}

pub(super) fn is_bcrypt(hash: &str) -> bool {
    hash.starts_with("$2")
}

/// Whether `stored`, a bcrypt hash, is that of `password`, of which it knows 72 bytes.
pub(super) fn verify_bcrypt(password: &Password, stored: &str) -> Result<Verdict, AuthError> {
    check_foreign(stored)?;
    match bcrypt::verify(password.as_bytes(), stored).map_err(broken)? {
        true => Ok(Verdict::MatchOutdated),
        false => Ok(Verdict::Mismatch),
    }
}

/// The cost of `$2b$12$…`; `None` when it is not of that form.
fn bcrypt_cost(hash: &str) -> Option<u32> {
    let (version, rest) = hash.strip_prefix("$2")?.split_once('$')?;
    let (cost, rest) = rest.split_once('$')?;
    let is_plain = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'/');
    let is_whole = hash.len() == BCRYPT_CHARS
        && rest.len() == BCRYPT_SALT_AND_HASH_CHARS
        && rest.bytes().all(is_plain);
    (is_whole && matches!(version, "a" | "b" | "y")).then(|| cost.parse().ok())?
}

fn is_bearable_argon2(hash: &str) -> bool {
    let Ok(hash) = PasswordHash::new(hash) else {
        return false;
    };
    let is_bearable = |params: Params| {
        params.m_cost() <= ARGON2_KIB_MAX
            && params.t_cost() <= ARGON2_PASSES_MAX
            && params.p_cost() <= ARGON2_LANES_MAX
    };
    hash.algorithm.as_str() == "argon2id"
        && hash.salt.is_some()
        && hash.hash.is_some()
        && Params::try_from(&hash).is_ok_and(is_bearable)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// From the test vectors of OpenBSD's bcrypt as John the Ripper and crypt_blowfish carry them.
    const VECTORS: &[(&str, &str)] = &[
        (
            "U*U",
            "$2a$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW",
        ),
        (
            "U*U*",
            "$2a$05$CCCCCCCCCCCCCCCCCCCCC.VGOzA784oUp/Z0DY336zx7pLYAy0lwK",
        ),
        (
            "U*U*U",
            "$2a$05$XXXXXXXXXXXXXXXXXXXXXOAcXxm9kjPGEMsLznoKqmqw7tc8WCx4a",
        ),
    ];

    fn verdict(password: &str, stored: &str) -> Verdict {
        let password = Password::of(password).expect("short");
        verify_bcrypt(&password, stored).expect("a hash")
    }

    #[test]
    fn the_vectors_of_bcrypt_match_under_each_of_its_names() {
        for (password, hash) in VECTORS {
            for name in ["$2a$", "$2b$", "$2y$"] {
                let hash = hash.replace("$2a$", name);
                check_foreign(&hash).expect("bearable");
                assert_eq!(verdict(password, &hash), Verdict::MatchOutdated, "{hash}");
                assert_eq!(verdict("U*V", &hash), Verdict::Mismatch, "{hash}");
            }
        }
    }

    #[test]
    fn hashes_that_are_too_dear_or_no_hashes_are_refused() {
        let bcrypt = VECTORS[0].1;
        for hash in [
            "",
            "plain text",
            "$2b$",
            &bcrypt.replace("$05$", "$31$"),
            &bcrypt.replace("$05$", "$15$"),
            &bcrypt.replace("$05$", "$03$"),
            &bcrypt.replace("$2a$", "$2x$"),
            &bcrypt[..59],
            "$argon2id$v=19$m=4194304,t=2,p=1$c29tZXNhbHRzb21l$\
             AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
            "$argon2id$v=19$m=19456,t=99,p=1$c29tZXNhbHRzb21l$\
             AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
            "$argon2i$v=19$m=19456,t=2,p=1$c29tZXNhbHRzb21l$\
             AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
            "$argon2id$v=19$m=19456,t=2,p=1$c29tZXNhbHRzb21l",
        ] {
            let refused = check_foreign(hash).expect_err(hash);
            assert_eq!(refused.kind(), AuthErrorKind::Invalid, "{hash}");
        }
        check_foreign(
            "$argon2id$v=19$m=65536,t=3,p=4$c29tZXNhbHRzb21l$\
             AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
        )
        .expect("bearable");
    }
}
