//! The bytes that each token of a tokenizer writes.

use std::collections::HashMap;

use tokenizers::Tokenizer;

/// A space at the beginning of a word, as SentencePiece writes it.
const SPACE: char = '\u{2581}';

pub(super) struct Pieces {
    words: Vec<Vec<u8>>,
    /// The texts of tokens that steer a model, which an answer does not show.
    control: HashMap<u32, Vec<u8>>,
}

impl Pieces {
    pub(super) fn new(tokenizer: &Tokenizer) -> Self {
        let decoder = serde_json::to_string(&tokenizer.get_decoder()).unwrap_or_default();
        let bytes = decoder.contains("ByteLevel").then(byte_of);
        let added = tokenizer.get_added_tokens_decoder();
        let size = tokenizer.get_vocab_size(true) as u32;
        let size = added.keys().map(|id| id + 1).max().unwrap_or(0).max(size);
        let mut control = HashMap::new();
        let mut word = |id| {
            if let Some(token) = added.get(&id) {
                let text = token.content.clone().into_bytes();
                if !token.special {
                    return text;
                }
                control.insert(id, text);
                return Vec::new();
            }
            let token = tokenizer.id_to_token(id).unwrap_or_default();
            match &bytes {
                Some(bytes) => byte_level(&token, bytes),
                None => sentence_piece(&token),
            }
        };
        let words = (0..size).map(&mut word).collect();
        Self { words, control }
    }

    /// What a token writes; `shows_control` writes the steering ones out too.
    pub(super) fn bytes(&self, token: u32, shows_control: bool) -> &[u8] {
        let control = self.control.get(&token).filter(|_| shows_control);
        let word = || self.words.get(token as usize);
        control.or_else(word).map_or(&[], Vec::as_slice)
    }

    /// What each token writes in an answer.
    pub(super) fn words(&self) -> &[Vec<u8>] {
        &self.words
    }
}

/// The byte that each character of a byte-level vocabulary stands for, after `bytes_to_unicode` of
/// GPT-2: printable ones for themselves, the others for characters from 256 on.
fn byte_of() -> HashMap<char, u8> {
    let is_printable = |byte: u8| matches!(byte, b'!'..=b'~' | 0xa1..=0xac | 0xae..=0xff);
    let mut hidden = (256..).filter_map(char::from_u32);
    let character = |byte: u8| {
        if is_printable(byte) {
            char::from(byte)
        } else {
            hidden.next().expect("there are more characters than bytes")
        }
    };
    let mut character = character;
    (0..=255).map(|byte| (character(byte), byte)).collect()
}

fn byte_level(token: &str, bytes: &HashMap<char, u8>) -> Vec<u8> {
    token
        .chars()
        .filter_map(|c| bytes.get(&c).copied())
        .collect()
}

/// `<0x0A>` is a byte, and the mark of a word's beginning is a space.
fn sentence_piece(token: &str) -> Vec<u8> {
    let hexadecimal = token.strip_prefix("<0x").and_then(|t| t.strip_suffix('>'));
    match hexadecimal.and_then(|digits| u8::from_str_radix(digits, 16).ok()) {
        Some(byte) => vec![byte],
        None => token.replace(SPACE, " ").into_bytes(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_byte_level_vocabulary_writes_every_byte() {
        let bytes = byte_of();
        assert_eq!(bytes.len(), 256);
        assert_eq!(byte_level("ĠHiĊ", &bytes), b" Hi\n");
        assert_eq!(byte_level("Ã©", &bytes), "é".as_bytes());
    }

    #[test]
    fn a_sentence_piece_vocabulary_writes_spaces_and_bytes() {
        assert_eq!(sentence_piece("\u{2581}Hi"), b" Hi");
        assert_eq!(sentence_piece("<0x0A>"), b"\n");
        assert_eq!(sentence_piece("<0xZZ>"), b"<0xZZ>");
    }
}
