//! A model that somebody else runs.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use crate::{ModelError, ModelErrorKind, ModelName};

/// A model behind a provider's API, as the registry and settings keep it. It holds no secret: the
/// key is read where [`key_env`](RemoteModel::key_env) or [`key_file`](RemoteModel::key_file) says.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RemoteModel {
    /// The API that it is asked through.
    pub provider: Provider,
    /// What the provider calls it.
    pub model: String,
    /// Where the API begins, such as `https://api.openai.com/v1`; the provider's own if not said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub base_url: Option<String>,
    /// The environment variable that holds the key.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key_env: Option<String>,
    /// The file that holds the key, read at every request: a key can be changed while a program runs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key_file: Option<PathBuf>,
    /// Tokens of prompt and answer together at most; the provider's usual if not said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub context_tokens: Option<u32>,
    /// It embeds texts and answers no chats.
    #[serde(default, skip_serializing_if = "is_false")]
    pub embeds: bool,
    /// It thinks before it answers, and takes no temperature and no penalties.
    #[serde(default, skip_serializing_if = "is_false")]
    pub reasons: bool,
    /// Its answers come whole, for servers that cannot stream.
    #[serde(default, skip_serializing_if = "is_false")]
    pub answers_whole: bool,
    /// What its tokens cost; free if not said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub price: Option<Price>,
}

/// The API that a model is asked through.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Provider {
    /// OpenAI's chat completions and embeddings; also spoken by vLLM, llama-server, Ollama and others.
    #[default]
    OpenAi,
    /// OpenAI's responses, for its models that think, with summaries of what they thought.
    #[serde(rename = "openai-responses")]
    OpenAiResponses,
    /// Google's Gemini.
    Gemini,
}

/// What tokens cost, in millionths of a currency unit for a million of them: 2,500,000 is 2.50.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Price {
    /// Tokens of prompts.
    pub prompt_micros: u64,
    /// Tokens of answers.
    pub completion_micros: u64,
}

impl Provider {
    /// All of them.
    pub const ALL: &'static [Self] = &[Self::OpenAi, Self::OpenAiResponses, Self::Gemini];

    /// The name in settings and registries.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::OpenAi => "openai",
            Self::OpenAiResponses => "openai-responses",
            Self::Gemini => "gemini",
        }
    }

    /// Where the provider's own API begins.
    #[must_use]
    pub fn base_url(self) -> &'static str {
        match self {
            Self::OpenAi | Self::OpenAiResponses => "https://api.openai.com/v1",
            Self::Gemini => "https://generativelanguage.googleapis.com/v1beta",
        }
    }

    /// The variable that the provider's own programs take the key from.
    #[must_use]
    pub fn key_env(self) -> &'static str {
        match self {
            Self::OpenAi | Self::OpenAiResponses => "OPENAI_API_KEY",
            Self::Gemini => "GEMINI_API_KEY",
        }
    }

    fn context_tokens(self) -> u32 {
        match self {
            Self::OpenAi | Self::OpenAiResponses => 128_000,
            Self::Gemini => 1_048_576,
        }
    }
}

impl RemoteModel {
    /// A provider's model with the provider's own address and variable for the key. What has
    /// `embed` in its name embeds.
    pub fn new(provider: Provider, model: impl Into<String>) -> Self {
        let model = model.into();
        Self {
            provider,
            embeds: model.contains("embed"),
            model,
            key_env: Some(provider.key_env().to_owned()),
            ..Self::default()
        }
    }

    /// Reads `openai:gpt-4.1-mini`.
    ///
    /// # Errors
    /// `Invalid` when there is no such provider, or no model is named.
    pub fn parse(text: &str) -> Result<Self, ModelError> {
        let named = text.split_once(':').and_then(|(provider, model)| {
            let known = Provider::ALL.iter().find(|p| p.as_str() == provider)?;
            (!model.is_empty()).then(|| Self::new(*known, model))
        });
        named.ok_or_else(|| {
            refused(
                "a remote model is named PROVIDER:MODEL, with openai, openai-responses or gemini",
            )
        })
    }

    /// What to call it here, where nobody says: what the provider does, as near as can be.
    ///
    /// # Errors
    /// `Invalid` when nothing of that name can be part of one.
    pub fn own_name(&self) -> Result<ModelName, ModelError> {
        ModelName::near(&self.model).ok_or_else(|| refused("it has no name: give it one"))
    }

    /// Where its API begins, without a slash at the end.
    #[must_use]
    pub fn url(&self) -> &str {
        let own = self.base_url.as_deref();
        own.unwrap_or_else(|| self.provider.base_url())
            .trim_end_matches('/')
    }

    /// Tokens of prompt and answer together at most.
    #[must_use]
    pub fn context(&self) -> u32 {
        let usual = || self.provider.context_tokens();
        self.context_tokens.unwrap_or_else(usual)
    }

    /// Checks what types alone do not.
    ///
    /// # Errors
    /// `Invalid`, saying what.
    pub fn validate(&self) -> Result<(), ModelError> {
        let has_control = |text: &str| text.is_empty() || text.contains(char::is_whitespace);
        if has_control(&self.model) {
            return Err(refused("the provider's name of a model has no spaces"));
        }
        let url = self.url();
        let is_http = url.starts_with("http://") || url.starts_with("https://");
        if !is_http || has_control(url) || url.contains(['?', '#', '@']) {
            return Err(refused(
                "a base URL is http:// or https://, a host and a path, without a key in it",
            ));
        }
        if self.key_env.is_some() && self.key_file.is_some() {
            return Err(refused(
                "the key is in a variable or in a file, not in both",
            ));
        }
        if self.context_tokens == Some(0) {
            return Err(refused("context_tokens is 0, and may be 1 or more"));
        }
        Ok(())
    }
}

fn refused(why: &str) -> ModelError {
    ModelError::new(
        ModelErrorKind::Invalid(why.to_owned()),
        "use",
        "the remote model",
    )
}

#[expect(
    clippy::trivially_copy_pass_by_ref,
    reason = "serde passes a reference"
)]
fn is_false(value: &bool) -> bool {
    !value
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_provider_and_a_model_are_told_apart_at_the_first_colon() {
        let model = RemoteModel::parse("openai:ft:gpt-4.1:org").expect("named");
        assert_eq!(model.provider, Provider::OpenAi);
        assert_eq!(model.model, "ft:gpt-4.1:org");
        assert!(!model.embeds);
        assert!(
            RemoteModel::parse("gemini:gemini-embedding-001")
                .expect("named")
                .embeds
        );
        for text in ["gpt-4.1", "openai:", "acme:model", ""] {
            assert!(RemoteModel::parse(text).is_err(), "{text}");
        }
    }

    #[test]
    fn what_could_hold_a_secret_or_lead_elsewhere_is_no_base_url() {
        let with = |url: &str| RemoteModel {
            base_url: Some(url.to_owned()),
            ..RemoteModel::new(Provider::OpenAi, "m")
        };
        for url in ["http://127.0.0.1:8080/v1", "https://host/v1/"] {
            with(url).validate().expect(url);
        }
        for url in [
            "",
            "ftp://host",
            "https://host/?key=1",
            "https://user:key@host/v1",
            "https://a b",
        ] {
            assert!(with(url).validate().is_err(), "{url}");
        }
    }
}
