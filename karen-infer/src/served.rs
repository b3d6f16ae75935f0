//! Which model answered, and why that one.

use serde::Serialize;

use crate::ModelName;

/// Which model answered, and why that one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Served {
    /// What was asked for; `None` for the default.
    pub asked: Option<ModelName>,
    /// The model that answers.
    pub answered: ModelName,
    /// Why it is this one.
    pub why: Why,
    /// Those that a route would have preferred, and why they do not answer.
    pub passed_over: Vec<PassedOver>,
    /// Whether the answer was given before, and the model was not asked again.
    pub from_cache: bool,
    /// Whether it was given to another question, which means the same.
    pub is_similar: bool,
}

/// Why a model answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Why {
    /// It was asked for by its own name.
    Named,
    /// None was named, and it is the default.
    Default,
    /// A route chose it.
    Routed,
    /// A route chose another one, which does not answer.
    Fallback,
}

impl Why {
    /// The name that programs are told.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Named => "named",
            Self::Default => "default",
            Self::Routed => "routed",
            Self::Fallback => "fallback",
        }
    }
}

/// A model that a route passed over.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct PassedOver {
    /// The model.
    pub model: ModelName,
    /// What it failed with, or that it failed a moment ago.
    pub reason: String,
}
