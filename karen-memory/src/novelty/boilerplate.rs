//! Texts of the program's own: prompts, templates, tool schemas.

use super::{Statement, sentences};

/// What only a prompt begins with, in lower case.
const OPENERS: [&str; 16] = [
    "<|",
    "[inst]",
    "<<sys>>",
    "<s>",
    "### instruction",
    "system:",
    "[system",
    "# system",
    "system prompt",
    "you are a helpful",
    "you are an ai",
    "as an ai",
    "knowledge cutoff",
    "{\"type\":",
    "{\"role\":",
    "{\"name\":",
];
/// What a prompt tells its reader to be, after "you are".
const ROLES: [&str; 6] = ["assistant", "chatbot", "agent", "ai", "model", "bot"];
/// Words after "you are" among which the role is.
const ROLE_WITHIN: usize = 8;

/// Recognises what the program says to its models.
#[derive(Debug, Default)]
pub(crate) struct Boilerplate {
    sentences: Vec<Statement>,
}

impl Boilerplate {
    /// `texts` are what the program is known to say.
    pub(crate) fn of(texts: &[String]) -> Self {
        let sentences = texts.iter().flat_map(|text| sentences(text));
        Self {
            sentences: sentences.map(Statement::of).collect(),
        }
    }

    /// Whether a text is the program's: it begins as prompts do, or each of its sentences is known.
    pub(crate) fn holds(&self, text: &str) -> bool {
        let lower = text.trim_start().to_lowercase();
        let opens = OPENERS.iter().any(|opener| lower.starts_with(opener));
        opens || assigns_role(&lower) || self.knows_all_of(text)
    }

    fn knows_all_of(&self, text: &str) -> bool {
        let is_known = |sentence: &str| {
            let said = Statement::of(sentence);
            self.sentences.iter().any(|known| said.is_covered_by(known))
        };
        let mut sentences = sentences(text).peekable();
        sentences.peek().is_some() && sentences.all(is_known)
    }
}

fn assigns_role(lower: &str) -> bool {
    let Some(rest) = lower.strip_prefix("you are ") else {
        return false;
    };
    let words = rest.split(|c: char| !c.is_alphanumeric()).take(ROLE_WITHIN);
    words.into_iter().any(|word| ROLES.contains(&word))
}
