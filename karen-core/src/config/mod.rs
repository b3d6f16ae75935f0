//! Configuration: one schema for `karen.toml`, `KAREN_*` variables and the builder.
//!
//! Later sources win: defaults, then the file, then the environment, then the builder. A setting
//! `server.listen` is `listen` under `[server]` in the file and `KAREN_SERVER_LISTEN` in the
//! environment; every section's struct is the documentation of its settings.

mod accounts;
mod encryption;
mod layers;
mod mail;
mod network;
mod oidc;
mod secret;
mod servers;
mod suggestion;
mod tenants;

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::PathBuf;

use karen_infer::{CacheNumbers, FlashAttention, HubConfig, ModelName, Price, RemoteModel, Route};
use serde::{Deserialize, Serialize};

pub use accounts::{AuthSettings, PasswordSettings, Registration, SigningSetting};
pub use encryption::EncryptionSettings;
pub use layers::{Layers, Origin};
pub use mail::{MailSettings, MailTls, MailTransport};
pub use network::Network;
pub use oidc::OidcSettings;
pub use secret::Secret;
pub use servers::{
    AnalyticsSettings, ElasticsearchSettings, MilvusSettings, PostgresSettings, RedisSettings,
};

pub use tenants::{PlanSettings, TenantSettings};

use crate::{Code, Error, Result};

/// All settings of Karen.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Config {
    /// Where things are kept and how Karen starts.
    pub data: DataConfig,
    /// The database, where several instances share one.
    pub postgres: PostgresSettings,
    /// Recent records, where several instances share them.
    pub redis: RedisSettings,
    /// Words, where several instances share them.
    pub elasticsearch: ElasticsearchSettings,
    /// Meanings, where several instances share them.
    pub milvus: MilvusSettings,
    /// Reports and questions about all memories.
    pub analytics: AnalyticsSettings,
    /// Accounts and tokens.
    pub auth: AuthSettings,
    /// Which passwords people may choose, and what checking one costs.
    pub passwords: PasswordSettings,
    /// Whether anything may be written as it is.
    pub encryption: EncryptionSettings,
    /// How mails leave.
    pub mail: MailSettings,
    /// Models: local ones, those of providers, and what leads to them.
    pub models: ModelSettings,
    /// What is recalled in a turn.
    pub memory: MemorySettings,
    /// How a turn answers.
    pub chat: ChatSettings,
    /// What one user may use up.
    pub limits: LimitSettings,
    /// What tenants may use up.
    pub tenants: TenantSettings,
    /// The HTTP server; read by `karen-server` alone.
    pub server: ServerSettings,
    /// Logging; read by `karen-server` alone.
    pub log: LogSettings,
}

/// `[data]`
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct DataConfig {
    /// The folder that holds everything; `:memory:` keeps nothing.
    pub folder: PathBuf,
    /// How much is made ready before Karen answers.
    pub start: StartMode,
    /// Begins the name of everything on Redis, Elasticsearch and Milvus, so that several Karens may
    /// share a server: 1 to 32 lower-case letters, digits and underscores, a letter first.
    pub namespace: String,
}

/// How much is made ready while Karen opens.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum StartMode {
    /// The database alone; everything else on first use.
    Minimal,
    /// The list of models is read too; each model loads on first use.
    #[default]
    Optimized,
    /// The default model is loaded and warm, and so is the embedder.
    Standard,
}

/// `[models]`
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ModelSettings {
    /// The model that answers when none is named. Empty: the first one added.
    pub default: String,
    /// A GGUF file that answers while no model has been added. Empty: none.
    pub demo: PathBuf,
    /// Threads of the engine. 0: chosen from the cores.
    pub threads: u32,
    /// Tokens of context per model. 0: what the model was trained for, 8,192 at most.
    pub context_tokens: u32,
    /// Tokens that all answers of a model share, its context at least. 0: its context.
    pub cache_tokens: u32,
    /// Answers that a model gives at once, 64 at most; others wait. 0: 8.
    pub parallel: u32,
    /// Mebibytes that the loaded models may take together, as estimated: those not asked for longest
    /// make room, and what still does not fit is refused. 0: no limit.
    pub memory_mib: u64,
    /// Minutes for which a model stays loaded that nobody asks, 0 to 525,600. 0: as long as Karen runs.
    pub idle_minutes: u32,
    /// A folder whose models are added at every start: GGUF files, and folders of safetensors. Empty:
    /// none.
    pub folder: PathBuf,
    /// Models of providers by name, each a table such as
    /// `{ provider = "openai", model = "gpt-4.1-mini", key_env = "OPENAI_API_KEY" }`.
    pub remote: BTreeMap<ModelName, RemoteModel>,
    /// Names that stand for models, each a table such as
    /// `{ choose = "order", targets = ["local", "cloud"] }`.
    pub routes: BTreeMap<ModelName, Route>,
    /// What tokens of models cost, by the model's name, each a table such as
    /// `{ prompt_micros = 2500000, completion_micros = 10000000 }`: millionths of a currency unit for a
    /// million tokens.
    pub prices: BTreeMap<ModelName, Price>,
    /// Seconds for which a route passes over a model that failed, where its provider names no time,
    /// 0 to 3,600.
    pub cooldown_seconds: u32,
    /// Seconds for which a provider may say nothing, 1 to 3,600.
    pub silence_seconds: u32,
    /// How often a request to a provider is tried again after a failure that may pass, 0 to 10.
    pub retries: u32,
    /// A proxy on the way to providers and to the hub, such as `http://proxy:3128`. Empty: none.
    pub proxy: String,
    /// Where models are pulled from: Hugging Face, or a mirror with the same paths.
    pub hub: String,
    /// The variable that may hold a token for the hub. Empty: `HF_TOKEN` for Hugging Face, none for a
    /// mirror.
    pub hub_token_env: String,
    /// How the numbers of what GGUF models have read are kept: `f16`, `q8_0` or `q4_0`.
    pub cache_numbers: CacheNumbers,
    /// Whether their attention is computed in blocks: `auto`, `on` or `off`.
    pub flash_attention: FlashAttention,
    /// Whether their files are mapped into memory, where processes share them.
    pub mmap: bool,
    /// Whether their weights are kept from being swapped out.
    pub mlock: bool,
    /// Whether they run once when they load.
    pub warm_up: bool,
    /// Mebibytes for what each has read of earlier chats and had to leave its cache, 0 to 1,048,576: it is
    /// brought back instead of being read again.
    pub prefix_mib: u32,
    /// Mebibytes of answers that are kept to be given again, 0 to 65,536. 0: every question is put
    /// to a model.
    pub cache_mib: u32,
    /// Minutes for which an answer is kept, 1 to 525,600.
    pub cache_minutes: u32,
    /// Whether a kept answer is given also to questions that mean the same, by their words and by
    /// nearness.
    pub cache_similar: bool,
}

/// `[memory]`
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct MemorySettings {
    /// Records recalled for a turn at most, 0 to 100. 0 turns recall off.
    pub recall_items: u32,
    /// Tokens that recalled lines may take in a prompt; never more than a quarter of the context.
    pub recall_tokens: u32,
    /// Whether turns are remembered at all.
    pub remember: bool,
    /// The model that tells meanings: one that embeds, of the list of models. After a change everything is
    /// embedded anew while Karen runs, and the one before answers meanwhile. Empty: the built-in embedder.
    pub embedder: String,
}

/// `[chat]`
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ChatSettings {
    /// The system message that every turn begins with.
    pub instructions: String,
    /// Tokens of an answer at most.
    pub answer_tokens: u32,
    /// Earlier messages of the conversation that a prompt carries at most.
    pub history_messages: u32,
    /// Randomness of the answer, 0 (always the likeliest token) to 2.
    pub temperature: f32,
    /// Rounds of tool calls in a turn at most, 0 to 32.
    pub tool_rounds: u32,
    /// Seconds that one tool call may take, 1 to 600.
    pub tool_seconds: u32,
    /// Bytes of a message at most.
    pub message_bytes_max: u32,
}

/// `[limits]`: 0 means no limit.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct LimitSettings {
    /// Turns of a user in any 60 seconds.
    pub turns_per_minute: u32,
    /// Tokens of a user, read and written, in any 24 hours.
    pub tokens_per_day: u64,
    /// Requests from one network address to what anybody may call, such as logins, in a minute.
    pub open_requests_per_minute: u32,
    /// Requests from one network address to all the rest, in a minute.
    pub address_requests_per_minute: u32,
    /// Requests of a user in a minute.
    pub user_requests_per_minute: u32,
    /// Requests with one API key in a minute.
    pub key_requests_per_minute: u32,
    /// Requests of a tenant in a minute.
    pub tenant_requests_per_minute: u32,
    /// Requests of a user for what takes as long as a model or a large file takes, in a minute.
    pub lasting_requests_per_minute: u32,
}

/// `[server]`
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ServerSettings {
    /// Address and port to listen on.
    pub listen: SocketAddr,
    /// Where people reach the server: the beginning of the links in mails, and whom passkeys are made
    /// for, which takes a name over https, or `localhost`.
    pub public_url: String,
    /// Networks whose `X-Forwarded-For` is believed, such as `["10.0.0.0/8"]`: those of the proxies
    /// in front.
    pub trusted_proxies: Vec<Network>,
    /// Other sites whose pages may call the API, such as `["https://app.example.com"]`.
    pub cors_origins: Vec<String>,
    /// Bytes of a request body at most.
    pub body_bytes_max: u64,
    /// Seconds a client has to send its headers.
    pub header_seconds: u32,
    /// Connections open at once at most.
    pub connections_max: u32,
    /// A file with the certificate and those that vouch for it, PEM. Empty: no TLS. It is read
    /// again when it changes.
    pub tls_certificate: PathBuf,
    /// The file with the certificate's private key, PEM.
    pub tls_key: PathBuf,
}

/// `[log]`
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct LogSettings {
    /// `error`, `warn`, `info`, `debug`, `trace`, or directives such as `info,sqlx=warn`.
    pub level: String,
    /// Lines for people or for machines.
    pub format: LogFormat,
}

/// How a log line is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum LogFormat {
    /// For people.
    #[default]
    Text,
    /// One JSON object a line.
    Json,
}

impl Default for DataConfig {
    fn default() -> Self {
        Self {
            folder: PathBuf::from("karen-data"),
            start: StartMode::default(),
            namespace: "karen".to_owned(),
        }
    }
}

impl Default for ModelSettings {
    fn default() -> Self {
        Self {
            default: String::new(),
            demo: PathBuf::new(),
            threads: 0,
            context_tokens: 0,
            cache_tokens: 0,
            parallel: 0,
            memory_mib: 0,
            idle_minutes: 0,
            folder: PathBuf::new(),
            remote: BTreeMap::new(),
            routes: BTreeMap::new(),
            prices: BTreeMap::new(),
            cooldown_seconds: 30,
            silence_seconds: 120,
            retries: 2,
            proxy: String::new(),
            hub: HubConfig::HUGGING_FACE.to_owned(),
            hub_token_env: String::new(),
            cache_numbers: CacheNumbers::default(),
            flash_attention: FlashAttention::default(),
            mmap: true,
            mlock: false,
            warm_up: true,
            prefix_mib: 0,
            cache_mib: 0,
            cache_minutes: 60,
            cache_similar: false,
        }
    }
}

impl Default for MemorySettings {
    fn default() -> Self {
        Self {
            recall_items: 8,
            recall_tokens: 1024,
            remember: true,
            embedder: String::new(),
        }
    }
}

impl Default for ChatSettings {
    fn default() -> Self {
        Self {
            instructions:
                "You are Karen, a helpful assistant. Use what you remember when it helps."
                    .to_owned(),
            answer_tokens: 512,
            history_messages: 20,
            temperature: 0.0,
            tool_rounds: 8,
            tool_seconds: 30,
            message_bytes_max: 256 * 1024,
        }
    }
}

impl Default for LimitSettings {
    fn default() -> Self {
        Self {
            turns_per_minute: 0,
            tokens_per_day: 0,
            open_requests_per_minute: 300,
            address_requests_per_minute: 0,
            user_requests_per_minute: 6000,
            key_requests_per_minute: 0,
            tenant_requests_per_minute: 0,
            lasting_requests_per_minute: 0,
        }
    }
}

impl Default for ServerSettings {
    fn default() -> Self {
        Self {
            listen: SocketAddr::from(([127, 0, 0, 1], 8000)),
            public_url: "http://127.0.0.1:8000".to_owned(),
            trusted_proxies: Vec::new(),
            cors_origins: Vec::new(),
            body_bytes_max: 2 * 1024 * 1024,
            header_seconds: 10,
            connections_max: 1024,
            tls_certificate: PathBuf::new(),
            tls_key: PathBuf::new(),
        }
    }
}

impl Default for LogSettings {
    fn default() -> Self {
        Self {
            level: "info".to_owned(),
            format: LogFormat::default(),
        }
    }
}

impl Config {
    /// Whether everything is kept in memory only.
    #[must_use]
    pub fn is_in_memory(&self) -> bool {
        self.data.folder.as_os_str() == ":memory:"
    }

    /// Checks what types alone do not.
    ///
    /// # Errors
    /// `INVALID_ARGUMENT`, naming the setting, its value and its range.
    pub fn validate(&self) -> Result<()> {
        self.data.validate()?;
        self.postgres.validate()?;
        self.redis.validate()?;
        self.elasticsearch.validate()?;
        self.milvus.validate()?;
        self.analytics.validate()?;
        self.auth.validate()?;
        self.passwords.validate()?;
        self.mail.validate()?;
        self.models.validate()?;
        within("memory.recall_items", self.memory.recall_items, 0, 100)?;
        within("chat.answer_tokens", self.chat.answer_tokens, 1, 1_000_000)?;
        within("chat.history_messages", self.chat.history_messages, 0, 1000)?;
        within("chat.tool_rounds", self.chat.tool_rounds, 0, 32)?;
        within("chat.tool_seconds", self.chat.tool_seconds, 1, 600)?;
        within(
            "chat.message_bytes_max",
            self.chat.message_bytes_max,
            1,
            16 << 20,
        )?;
        within("models.parallel", self.models.parallel, 0, 64)?;
        if !(0.0..=2.0).contains(&self.chat.temperature) {
            return Err(refuse("chat.temperature", self.chat.temperature, "0 to 2"));
        }
        self.tenants.validate()?;
        self.server.validate()?;
        Ok(())
    }
}

impl DataConfig {
    fn validate(&self) -> Result<()> {
        let name = &self.namespace;
        let is_plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_';
        let begins = name.starts_with(|c: char| c.is_ascii_lowercase());
        if begins && name.len() <= 32 && name.chars().all(is_plain) {
            return Ok(());
        }
        let range = "1 to 32 lower-case letters, digits and underscores, a letter first";
        Err(refuse("data.namespace", format!("{name:?}"), range))
    }
}

impl ServerSettings {
    fn validate(&self) -> Result<()> {
        within("server.header_seconds", self.header_seconds, 1, 300)?;
        within("server.connections_max", self.connections_max, 1, 1_000_000)?;
        let url = &self.public_url;
        if !url.starts_with("http://") && !url.starts_with("https://") {
            let range = "an address such as https://karen.example.com";
            return Err(refuse("server.public_url", url, range));
        }
        self.validate_tls()?;
        let is_origin = |origin: &str| {
            let host = origin.split_once("://").map_or("", |(_, host)| host);
            !host.is_empty() && !host.contains(['/', '*', ' '])
        };
        if let Some(origin) = self.cors_origins.iter().find(|o| !is_origin(o)) {
            let range = "origins such as https://app.example.com, with neither path nor star";
            return Err(refuse("server.cors_origins", origin, range));
        }
        Ok(())
    }

    fn validate_tls(&self) -> Result<()> {
        let [certificate, key] =
            [&self.tls_certificate, &self.tls_key].map(|p| !p.as_os_str().is_empty());
        if certificate != key {
            let (given, missing) = if certificate {
                ("certificate", "key")
            } else {
                ("key", "certificate")
            };
            let message = format!("server.tls_{given} is set: set server.tls_{missing} too");
            return Err(Error::new(Code::InvalidArgument, message));
        }
        if certificate && !self.public_url.starts_with("https://") {
            let range = "an address that begins with https:// where server.tls_certificate is set";
            return Err(refuse("server.public_url", &self.public_url, range));
        }
        Ok(())
    }
}

impl ModelSettings {
    fn validate(&self) -> Result<()> {
        within("models.prefix_mib", self.prefix_mib, 0, 1 << 20)?;
        within("models.cooldown_seconds", self.cooldown_seconds, 0, 3600)?;
        within("models.silence_seconds", self.silence_seconds, 1, 3600)?;
        within("models.retries", self.retries, 0, 10)?;
        within("models.cache_mib", self.cache_mib, 0, 65_536)?;
        within("models.idle_minutes", self.idle_minutes, 0, 525_600)?;
        within("models.cache_minutes", self.cache_minutes, 1, 525_600)?;
        if !self.hub.starts_with("http://") && !self.hub.starts_with("https://") {
            let range = "an address such as https://huggingface.co";
            return Err(refuse("models.hub", format!("{:?}", self.hub), range));
        }
        let named = |setting: &str, name: &ModelName, error: karen_infer::ModelError| {
            let message = format!("models.{setting}.{name}: {error}");
            Error::new(Code::InvalidArgument, message).caused_by(error)
        };
        for (name, remote) in &self.remote {
            remote.validate().map_err(|e| named("remote", name, e))?;
        }
        for (name, route) in &self.routes {
            route.validate().map_err(|e| named("routes", name, e))?;
        }
        Ok(())
    }
}

fn within(setting: &str, value: u32, low: u32, high: u32) -> Result<()> {
    if (low..=high).contains(&value) {
        return Ok(());
    }
    Err(refuse(setting, value, &format!("{low} to {high}")))
}

fn refuse(setting: &str, value: impl std::fmt::Display, range: &str) -> Error {
    let message = format!("{setting} is {value}, and may be {range}");
    Error::new(Code::InvalidArgument, message)
}

#[cfg(test)]
mod tests;
