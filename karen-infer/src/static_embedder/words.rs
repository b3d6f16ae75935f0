//! Word pieces of ASCII text as uncased BERT cuts them, without the tokenizer's bookkeeping.
//!
//! `tokenizers` keeps where in the text each piece comes from, which takes ten times as long as looking
//! the pieces up, and nobody asks for it here.

use ahash::AHashMap;
use serde_json::Value;
use tokenizers::Tokenizer;

/// Longer words are unknown: `max_input_chars_per_word` of BERT's.
const WORD_CHARS_MAX: usize = 100;

/// The pieces that begin a word, and those that go on with it.
#[derive(Debug)]
pub(super) struct Words {
    first: AHashMap<Box<[u8]>, u32>,
    more: AHashMap<Box<[u8]>, u32>,
    unknown: u32,
    /// Tokens that are found in a text as they are, before it is cut into words.
    added: Vec<String>,
}

impl Words {
    /// The words of a tokenizer that cuts as uncased BERT does; `None` of another one.
    pub(super) fn of(tokenizer: &Tokenizer) -> Option<Self> {
        let written: Value = serde_json::from_str(&tokenizer.to_string(false).ok()?).ok()?;
        let normalizer = &written["normalizer"];
        let strips = &normalizer["strip_accents"];
        let is_uncased = normalizer["type"] == "BertNormalizer"
            && normalizer["clean_text"] == true
            && normalizer["lowercase"] == true
            && (strips.is_null() || *strips == true);
        let model = &written["model"];
        let is_wordpiece = model["type"] == "WordPiece"
            && model["continuing_subword_prefix"] == "##"
            && model["max_input_chars_per_word"] == WORD_CHARS_MAX;
        if !is_uncased || !is_wordpiece || written["pre_tokenizer"]["type"] != "BertPreTokenizer" {
            return None;
        }
        let added = tokenizer.get_added_tokens_decoder();
        let unknown = tokenizer.token_to_id(model["unk_token"].as_str()?)?;
        let pieces = tokenizer.get_vocab(false).into_iter();
        let added = added.into_values().map(|token| token.content);
        Some(Self::new(pieces, unknown, added.collect()))
    }

    pub(super) fn new(
        pieces: impl Iterator<Item = (String, u32)>,
        unknown: u32,
        added: Vec<String>,
    ) -> Self {
        let mut words = Self {
            first: AHashMap::new(),
            more: AHashMap::new(),
            unknown,
            added,
        };
        for (piece, id) in pieces.filter(|(piece, _)| piece.is_ascii()) {
            let (map, piece) = match piece.strip_prefix("##") {
                Some(rest) if !rest.is_empty() => (&mut words.more, rest),
                _ => (&mut words.first, piece.as_str()),
            };
            map.insert(piece.as_bytes().into(), id);
        }
        words
    }

    /// Gives the pieces of `text` to `take`; `false`, and none of them, where it is not plain.
    pub(super) fn pieces(&self, text: &str, mut take: impl FnMut(u32)) -> bool {
        if !text.is_ascii() || self.added.iter().any(|token| text.contains(token.as_str())) {
            return false;
        }
        let mut word = [0; WORD_CHARS_MAX];
        let mut length = 0;
        let mut flush = |word: &[u8; WORD_CHARS_MAX], length: &mut usize| {
            match *length {
                0 => {}
                1..=WORD_CHARS_MAX => self.cut(&word[..*length], &mut take),
                _ => take(self.unknown),
            }
            *length = 0;
        };
        for byte in text.bytes() {
            if b" \t\n\r".contains(&byte) {
                flush(&word, &mut length);
            } else if byte.is_ascii_punctuation() {
                flush(&word, &mut length);
                word[0] = byte;
                length = 1;
                flush(&word, &mut length);
            } else if !byte.is_ascii_control() {
                if let Some(place) = word.get_mut(length) {
                    *place = byte.to_ascii_lowercase();
                }
                length += 1;
            }
        }
        flush(&word, &mut length);
        true
    }

    /// The longest pieces from the left (Wu et al. 2016); where they do not make it up, it is unknown.
    fn cut(&self, word: &[u8], take: &mut impl FnMut(u32)) {
        let mut found = [0; WORD_CHARS_MAX];
        let (mut count, mut at) = (0, 0);
        while at < word.len() {
            let map = if at == 0 { &self.first } else { &self.more };
            let longest = (at + 1..=word.len()).rev();
            let piece = longest.map(|end| (end, map.get(&word[at..end])));
            let Some((end, Some(&id))) = piece.into_iter().find(|(_, id)| id.is_some()) else {
                return take(self.unknown);
            };
            found[count] = id;
            (count, at) = (count + 1, end);
        }
        found[..count].iter().for_each(|&id| take(id));
    }
}
