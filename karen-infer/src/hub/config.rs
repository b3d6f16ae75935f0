//! Which hub models are pulled from.

/// Which hub models are pulled from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HubConfig {
    /// Where it begins: a mirror has another address and the same paths below it.
    pub url: String,
    /// The environment variable that may hold a token, for models that are not open to everybody. It
    /// is sent to the hub and to no host that the hub leads to.
    pub token_env: Option<String>,
}

impl HubConfig {
    /// Hugging Face's own.
    pub const HUGGING_FACE: &'static str = "https://huggingface.co";
}

impl Default for HubConfig {
    fn default() -> Self {
        Self {
            url: Self::HUGGING_FACE.to_owned(),
            token_env: Some("HF_TOKEN".to_owned()),
        }
    }
}
