//! What models are called.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::{ModelError, ModelErrorKind};

const CHARS_MAX: usize = 64;

/// A model's name: 1 to 64 of letters, digits, `.`, `_` and `-`, so that it fits in a path.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct ModelName(String);

impl ModelName {
    /// Checks a name.
    ///
    /// # Errors
    /// `Invalid`.
    pub fn parse(text: &str) -> Result<Self, ModelError> {
        if (1..=CHARS_MAX).contains(&text.len()) && text.chars().all(is_allowed) {
            return Ok(Self(text.to_owned()));
        }
        let why = format!("a model's name is 1 to {CHARS_MAX} of a-z, A-Z, 0-9, '.', '_' and '-'");
        Err(ModelError::new(
            ModelErrorKind::Invalid(why),
            "use",
            "the name",
        ))
    }

    /// The nearest name to any text: what is not allowed becomes `-`.
    pub(crate) fn near(text: &str) -> Option<Self> {
        let name: String = text
            .chars()
            .map(|c| if is_allowed(c) { c } else { '-' })
            .take(CHARS_MAX)
            .collect();
        let name = name.trim_matches('-');
        (!name.is_empty()).then(|| Self(name.to_owned()))
    }

    /// The name as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

fn is_allowed(c: char) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-')
}

impl fmt::Display for ModelName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl TryFrom<String> for ModelName {
    type Error = ModelError;

    fn try_from(text: String) -> Result<Self, ModelError> {
        Self::parse(&text)
    }
}

impl From<ModelName> for String {
    fn from(name: ModelName) -> Self {
        name.0
    }
}
