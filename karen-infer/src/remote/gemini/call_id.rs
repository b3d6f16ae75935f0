//! Ids of tool calls that carry what Gemini wants back with them.

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;

/// Between the id and the signature. Ids of Gemini's have no such character.
const BORDER: char = '~';

/// The id of a call. A thought's signature has to come back with the call, however many clients and
/// stores it passes through, and an id is what all of them keep.
pub(super) fn with_signature(id: Option<String>, signature: Option<&str>) -> String {
    let id = id.unwrap_or_else(|| format!("call_{:016x}", rand::random::<u64>()));
    match signature {
        Some(signature) => format!("{id}{BORDER}{}", BASE64_URL_SAFE_NO_PAD.encode(signature)),
        None => id,
    }
}

/// The signature in an id, if there is one.
pub(super) fn signature(id: &str) -> Option<String> {
    let (_, packed) = id.split_once(BORDER)?;
    let bytes = BASE64_URL_SAFE_NO_PAD.decode(packed).ok()?;
    String::from_utf8(bytes).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_signature_travels_in_the_id() {
        let id = with_signature(Some("call-1".to_owned()), Some("Cs/+4=="));
        assert!(id.starts_with("call-1~"));
        assert_eq!(signature(&id).as_deref(), Some("Cs/+4=="));
        assert_eq!(signature("call_7"), None);
    }

    #[test]
    fn calls_without_an_id_are_told_apart() {
        assert_ne!(with_signature(None, None), with_signature(None, None));
    }
}
