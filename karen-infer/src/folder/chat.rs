//! How a folder's model is chatted with: its template, and the tokens that begin and end texts.

use std::fs::File;
use std::io::Read;
use std::path::Path;

use serde::Deserialize;

use super::decoder::TokenIds;
use super::{FolderError, json};

const TOKENIZER: &str = "tokenizer_config.json";
const GENERATION: &str = "generation_config.json";
const TEMPLATE: &str = "chat_template.jinja";
/// The longest templates have some ten thousand.
const TEMPLATE_BYTES_MAX: u64 = 1 << 20;

/// What the folder says of chats.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct ChatFiles {
    /// Jinja, as Hugging Face writes it.
    pub(crate) template: Option<String>,
    /// The text of the token that begins a text; empty if there is none.
    pub(crate) bos: String,
    /// The text of the one that ends it.
    pub(crate) eos: String,
    /// Tokens that end an answer too.
    pub(crate) ends: Vec<u32>,
}

#[derive(Default, Deserialize)]
struct Tokenizer {
    chat_template: Option<Templates>,
    bos_token: Option<Token>,
    eos_token: Option<Token>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Templates {
    One(String),
    Many(Vec<Named>),
}

#[derive(Deserialize)]
struct Named {
    name: String,
    template: String,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Token {
    Text(String),
    Object { content: String },
}

#[derive(Default, Deserialize)]
struct Generation {
    eos_token_id: Option<TokenIds>,
}

impl ChatFiles {
    /// Reads what `folder` says; none of its files must be there.
    pub(crate) fn read(folder: &Path) -> Result<Self, FolderError> {
        let tokenizer: Tokenizer = json::read(folder, TOKENIZER)?.unwrap_or_default();
        let generation: Generation = json::read(folder, GENERATION)?.unwrap_or_default();
        let own = template(folder)?;
        Ok(Self {
            template: own.or_else(|| tokenizer.chat_template.and_then(Templates::usual)),
            bos: tokenizer.bos_token.map(Token::text).unwrap_or_default(),
            eos: tokenizer.eos_token.map(Token::text).unwrap_or_default(),
            ends: generation
                .eos_token_id
                .map(TokenIds::all)
                .unwrap_or_default(),
        })
    }
}

impl Templates {
    fn usual(self) -> Option<String> {
        match self {
            Self::One(template) => Some(template),
            Self::Many(templates) => {
                let usual = templates.into_iter().find(|named| named.name == "default");
                usual.map(|named| named.template)
            }
        }
    }
}

impl Token {
    fn text(self) -> String {
        match self {
            Self::Text(text) | Self::Object { content: text } => text,
        }
    }
}

/// The template where it is a file of its own.
fn template(folder: &Path) -> Result<Option<String>, FolderError> {
    let Ok(file) = File::open(folder.join(TEMPLATE)) else {
        return Ok(None);
    };
    let mut text = String::new();
    let read = file.take(TEMPLATE_BYTES_MAX).read_to_string(&mut text);
    let failed = |source| FolderError::Read {
        file: TEMPLATE.to_owned(),
        source,
    };
    read.map(|_| Some(text)).map_err(failed)
}
