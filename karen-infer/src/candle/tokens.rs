//! Texts as a model's tokens.

use tokenizers::{EncodeInput, Tokenizer};

use crate::folder::{EncoderConfig, ModelFolder};
use crate::{ModelError, ModelErrorKind};

const FILE: &str = "tokenizer.json";
/// A vocabulary of a million words has less.
const FILE_BYTES_MAX: u64 = 256 << 20;

/// One text, or two that are to be compared.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Tokens {
    pub(super) ids: Vec<u32>,
    /// 1 for the second of two texts.
    pub(super) types: Vec<u32>,
}

pub(super) struct Vocabulary {
    tokenizer: Tokenizer,
    token_types: u32,
    context_tokens: u32,
}

impl Vocabulary {
    /// Reads the tokenizer of `folder`, which must be made for its weights.
    pub(super) fn read(folder: &ModelFolder, config: &EncoderConfig) -> Result<Self, ModelError> {
        Ok(Self {
            tokenizer: tokenizer(folder, config.vocabulary)?,
            token_types: config.token_types as u32,
            context_tokens: folder.context_tokens,
        })
    }

    pub(super) fn tokenizer(&self) -> &Tokenizer {
        &self.tokenizer
    }

    /// The tokens of a text or of two, with those that frame them.
    ///
    /// # Errors
    /// `Invalid` for a text that the tokenizer does not understand.
    pub(super) fn tokens<'s>(
        &self,
        text: impl Into<EncodeInput<'s>> + Send,
    ) -> Result<Tokens, ModelError> {
        let encoding = self.tokenizer.encode_fast(text, true).map_err(|e| {
            let why = "its tokenizer does not understand the text".to_owned();
            ModelError::new(ModelErrorKind::Invalid(why), "read", "the text").caused_by(e)
        })?;
        // A model that tells no two texts apart has one type of token.
        let kind = |&kind: &u32| kind.min(self.token_types - 1);
        Ok(Tokens {
            ids: encoding.get_ids().to_vec(),
            types: encoding.get_type_ids().iter().map(kind).collect(),
        })
    }

    /// As [`tokens`](Self::tokens), of what the model takes.
    ///
    /// # Errors
    /// `PromptTooLong`; `Invalid` also for a text without a token.
    pub(super) fn fitting<'s>(
        &self,
        text: impl Into<EncodeInput<'s>> + Send,
    ) -> Result<Tokens, ModelError> {
        let tokens = self.tokens(text)?;
        let prompt_tokens = u32::try_from(tokens.ids.len()).unwrap_or(u32::MAX);
        let kind = match prompt_tokens {
            0 => ModelErrorKind::Invalid("its tokenizer makes no token of it".to_owned()),
            _ if prompt_tokens > self.context_tokens => ModelErrorKind::PromptTooLong {
                prompt_tokens,
                context_tokens: self.context_tokens,
            },
            _ => return Ok(tokens),
        };
        Err(ModelError::new(kind, "read", "the text"))
    }
}

/// The tokenizer of `folder`, for weights of so many tokens.
///
/// # Errors
/// `Load` when it is absent, damaged or another model's.
pub(super) fn tokenizer(folder: &ModelFolder, rows: usize) -> Result<Tokenizer, ModelError> {
    let path = folder.path.join(FILE);
    let failed = |why: &str| {
        let subject = folder.path.display().to_string();
        ModelError::new(ModelErrorKind::Load(why.to_owned()), "load", subject)
    };
    let absent = |e| failed("it has no tokenizer.json; copy the whole folder").caused_by(e);
    if std::fs::metadata(&path).map_err(absent)?.len() > FILE_BYTES_MAX {
        return Err(failed("its tokenizer.json is larger than any needs to be"));
    }
    let damaged = "its tokenizer.json is damaged; copy it again";
    let read = Tokenizer::from_file(&path);
    let mut tokenizer = read.map_err(|e| failed(damaged).caused_by(e))?;
    let ids = tokenizer.get_vocab(true).into_values();
    let tokens = ids.max().map_or(0, |id| id as usize + 1);
    if !(1..=rows).contains(&tokens) {
        return Err(failed(&format!(
            "its tokenizer has {tokens} tokens, and its weights {rows}: one of them is another model's"
        )));
    }
    // Nothing is cut unsaid, and batches are padded here.
    tokenizer.with_padding(None);
    tokenizer
        .with_truncation(None)
        .expect("only a stride longer than the limit is refused");
    Ok(tokenizer)
}
