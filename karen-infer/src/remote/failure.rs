//! What a provider's refusal means.

use std::time::Duration;

use jiff::Timestamp;
use jiff::fmt::rfc2822;
use reqwest::StatusCode;
use reqwest::header::{HeaderMap, RETRY_AFTER};
use serde::Deserialize;
use serde_json::Value;

use crate::{ModelError, ModelErrorKind};

/// A provider that asks for more patience is not asked again by itself.
const WAIT_MAX: Duration = Duration::from_secs(120);
/// Longer identifiers are no identifiers: what a provider says may repeat what it was asked.
const LABEL_BYTES_MAX: usize = 64;

/// A request that failed, and whether it is worth trying again.
pub(super) struct Failure {
    pub(super) error: ModelError,
    pub(super) may_retry: bool,
    /// The wait that the provider names.
    pub(super) wait: Option<Duration>,
}

/// What providers say of a failure: OpenAI's fields and Google's.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Complaint {
    message: Option<String>,
    code: Option<Value>,
    #[serde(rename = "type")]
    kind: Option<String>,
    param: Option<String>,
    status: Option<String>,
    details: Vec<Detail>,
    /// Of llama.cpp's server.
    n_prompt_tokens: Option<u32>,
    /// Of llama.cpp's server.
    n_ctx: Option<u32>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Detail {
    reason: Option<String>,
    retry_delay: Option<String>,
    violations: Vec<Violation>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Violation {
    quota_id: Option<String>,
}

/// Google's API for OpenAI's clients wraps its errors in a list.
#[derive(Deserialize)]
#[serde(untagged)]
enum Body {
    One { error: Complaint },
    List(Vec<Body>),
}

impl Failure {
    /// The meaning of an answer that is no success.
    pub(super) fn of(status: StatusCode, headers: &HeaderMap, body: &[u8]) -> Self {
        let complaint = Complaint::read(body);
        let wait = wait(headers).or_else(|| complaint.retry_delay());
        let kind = complaint.kind(status, wait);
        let passes = status == StatusCode::CONFLICT || kind.is_retryable();
        let may_retry = match header(headers, "x-should-retry") {
            Some("true") => true,
            Some("false") => false,
            _ => passes,
        };
        Self {
            error: ModelError::new(
                kind,
                "ask",
                format!("the provider (status {})", status.as_u16()),
            ),
            may_retry: may_retry && wait.is_none_or(|wait| wait <= WAIT_MAX),
            wait: wait.filter(|wait| !wait.is_zero()),
        }
    }

    /// The provider was not reached, or said nothing.
    pub(super) fn passing(kind: ModelErrorKind) -> Self {
        Self {
            error: ModelError::new(kind, "ask", "the provider"),
            may_retry: true,
            wait: None,
        }
    }

    pub(super) fn caused_by(mut self, source: reqwest::Error) -> Self {
        // Without the address, which may be nobody's business.
        self.error = self.error.caused_by(source.without_url());
        self
    }
}

impl Complaint {
    fn read(body: &[u8]) -> Self {
        fn first(body: Body) -> Option<Complaint> {
            match body {
                Body::One { error } => Some(error),
                Body::List(list) => list.into_iter().find_map(first),
            }
        }
        let read = serde_json::from_slice(body).ok();
        read.and_then(first).unwrap_or_default()
    }

    /// What an error in the middle of a stream means: it has no status of its own.
    pub(super) fn in_stream(&self) -> ModelError {
        let code = self.code.as_ref().and_then(Value::as_u64);
        let status = code.and_then(|code| StatusCode::from_u16(u16::try_from(code).ok()?).ok());
        let status = status.unwrap_or(match self.label() {
            Some(label) if label.contains("rate_limit") => StatusCode::TOO_MANY_REQUESTS,
            Some(label) if label.contains("invalid") => StatusCode::BAD_REQUEST,
            _ => StatusCode::INTERNAL_SERVER_ERROR,
        });
        ModelError::new(self.kind(status, None), "read", "the provider's answer")
    }

    fn kind(&self, status: StatusCode, wait: Option<Duration>) -> ModelErrorKind {
        if let Some(too_long) = self.too_long() {
            return too_long;
        }
        match status.as_u16() {
            _ if self.has_no_quota() => {
                ModelErrorKind::Quota("what may be spent at the provider is spent".to_owned())
            }
            401 | 403 => denied(),
            400 if self.has_reason("API_KEY_INVALID") => denied(),
            404 => ModelErrorKind::Missing,
            429 => ModelErrorKind::RateLimited { wait },
            408 | 409 => ModelErrorKind::Unavailable,
            400..=499 => ModelErrorKind::Invalid(self.refusal()),
            _ => ModelErrorKind::Unavailable,
        }
    }

    /// What is wrong with the request, in the provider's identifiers: its sentences may quote it.
    fn refusal(&self) -> String {
        let place = self.param.as_deref().filter(|text| is_identifier(text));
        match (self.label(), place) {
            (Some(label), Some(place)) => format!("the provider refuses {place}: {label}"),
            (Some(label), None) => format!("the provider refuses it: {label}"),
            (None, _) => "the provider refuses it".to_owned(),
        }
    }

    fn label(&self) -> Option<&str> {
        let code = self.code.as_ref().and_then(Value::as_str);
        let labels = [code, self.kind.as_deref(), self.status.as_deref()];
        labels
            .into_iter()
            .flatten()
            .find(|text| is_identifier(text))
    }

    fn has_reason(&self, reason: &str) -> bool {
        let mut reasons = self.details.iter().filter_map(|d| d.reason.as_deref());
        reasons.any(|known| known == reason)
    }

    /// A quota of a day or of money: waiting a while does not help.
    fn has_no_quota(&self) -> bool {
        let violations = self.details.iter().flat_map(|d| &d.violations);
        let mut ids = violations.filter_map(|v| v.quota_id.as_deref());
        let code = self.code.as_ref();
        ids.any(|id| id.contains("PerDay"))
            || code.is_some_and(|code| code == "insufficient_quota" || code == 402)
    }

    /// Both counts, which each server tells in its own way.
    fn too_long(&self) -> Option<ModelErrorKind> {
        let message = self.message.as_deref().unwrap_or_default();
        let says_so = self.label() == Some("context_length_exceeded")
            || message.contains("maximum context length")
            || message.contains("input token count");
        let (prompt_tokens, context_tokens) = match (self.n_prompt_tokens, self.n_ctx) {
            (Some(prompt), Some(context)) => (prompt, context),
            _ if says_so => counts(message),
            _ => return None,
        };
        Some(ModelErrorKind::PromptTooLong {
            prompt_tokens,
            context_tokens,
        })
    }

    fn retry_delay(&self) -> Option<Duration> {
        let mut delays = self.details.iter().filter_map(|d| d.retry_delay.as_deref());
        seconds(delays.next()?.strip_suffix('s')?)
    }
}

fn denied() -> ModelErrorKind {
    let why = "the provider does not accept the key, or the key may not use this model";
    ModelErrorKind::Denied(why.to_owned())
}

fn is_identifier(text: &str) -> bool {
    let fits = |c: char| c.is_ascii_alphanumeric() || "_.-[]".contains(c);
    (1..=LABEL_BYTES_MAX).contains(&text.len()) && text.chars().all(fits)
}

/// The prompt's tokens and the context's: of the first two numbers in the sentence the larger is the
/// prompt's, or it would have fitted. 0 where they are not told.
fn counts(message: &str) -> (u32, u32) {
    let words = message.split(|c: char| !c.is_ascii_digit() && c != ',');
    let mut numbers = words.filter_map(|word| word.replace(',', "").parse::<u32>().ok());
    let (one, other) = (numbers.next().unwrap_or(0), numbers.next().unwrap_or(0));
    (one.max(other), one.min(other))
}

/// The wait of `retry-after-ms`, else of `retry-after` in seconds or as a date.
fn wait(headers: &HeaderMap) -> Option<Duration> {
    if let Some(ms) = header(headers, "retry-after-ms").and_then(|ms| ms.parse::<f64>().ok()) {
        return Duration::try_from_secs_f64(ms / 1000.0).ok();
    }
    let text = header(headers, RETRY_AFTER.as_str())?;
    seconds(text).or_else(|| {
        let at = rfc2822::parse(text).ok()?.timestamp();
        Duration::try_from(at.duration_since(Timestamp::now())).ok()
    })
}

fn seconds(text: &str) -> Option<Duration> {
    Duration::try_from_secs_f64(text.trim().parse().ok()?).ok()
}

fn header<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers.get(name)?.to_str().ok()
}

#[cfg(test)]
mod tests;
