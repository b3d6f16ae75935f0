//! Everything that an answer depends on.

use serde::Serialize;
use sha2::{Digest, Sha256};

use super::CacheKey;
use crate::{AnswerFormat, Caller, Job, Message, Prompt, Role, Sampling, ToolChoice, ToolSpec};

/// Changes when the fields below do, or what they mean.
const VERSION: u32 = 1;

/// What is hashed, as JSON: no two different requests are written the same.
#[derive(Serialize)]
struct Question<'a> {
    version: u32,
    tenant: Option<&'a str>,
    model: &'a str,
    messages: Option<&'a [Message]>,
    text: Option<&'a str>,
    tools: &'a [ToolSpec],
    tool_choice: &'a ToolChoice,
    format: &'a AnswerFormat,
    sampling: &'a Sampling,
    stop: &'a [String],
    max_tokens: Option<u32>,
    ignore_end: bool,
    token_ids: bool,
}

/// Whether asking again is to give the same answer: without randomness, or with a seed.
pub(crate) fn is_repeatable(job: &Job) -> bool {
    job.sampling.temperature <= 0.0 || job.sampling.seed.is_some()
}

/// The key of what `job` asks of `model`, which is told apart from every other by that text.
pub(crate) fn key(model: &str, caller: Option<&Caller>, job: &Job) -> CacheKey {
    let (messages, text, tools): (_, _, &[ToolSpec]) = match &job.prompt {
        Prompt::Chat { messages, tools } => (Some(messages.as_slice()), None, tools),
        Prompt::Text(text) => (None, Some(text.as_str()), &[]),
    };
    let question = Question {
        version: VERSION,
        tenant: caller.map(|caller| caller.tenant.as_str()),
        model,
        messages,
        text,
        tools,
        tool_choice: &job.tool_choice,
        format: &job.format,
        sampling: &job.sampling,
        stop: &job.stop,
        max_tokens: job.max_tokens,
        ignore_end: job.ignore_end,
        token_ids: job.token_ids,
    };
    let mut hasher = Hashing(Sha256::new());
    serde_json::to_writer(&mut hasher, &question).expect("plain data with text keys");
    CacheKey(hasher.0.finalize().into())
}

/// The key of everything that an answer depends on but its question, and the question: the last
/// message, a user's. `None` where answers to other questions are not given: to what is drawn at
/// random, uses tools, shows pictures or continues a text.
pub(crate) fn scope<'a>(
    model: &str,
    caller: Option<&Caller>,
    job: &'a Job,
) -> Option<(CacheKey, &'a str)> {
    let Prompt::Chat { messages, tools } = &job.prompt else {
        return None;
    };
    let is_exact = job.sampling.temperature <= 0.0 && tools.is_empty();
    let question = messages.last().filter(|_| is_exact)?;
    let has_pictures = messages.iter().any(|message| !message.images.is_empty());
    if question.role != Role::User || has_pictures {
        return None;
    }
    let mut around = job.clone();
    if let Prompt::Chat { messages, .. } = &mut around.prompt
        && let Some(last) = messages.last_mut()
    {
        last.content.clear();
    }
    Some((key(model, caller, &around), &question.content))
}

/// Hashes what is written, so that a long chat is not written down first.
struct Hashing(Sha256);

impl std::io::Write for Hashing {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.update(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use serde_json::json;
    use tokio_util::sync::CancellationToken;

    use super::*;
    use crate::{Image, ToolCall};

    fn job() -> Job {
        Job {
            prompt: Prompt::Chat {
                messages: vec![Message::user("hello")],
                tools: Vec::new(),
            },
            tool_choice: ToolChoice::Auto,
            format: AnswerFormat::Text,
            sampling: Sampling::default(),
            stop: Vec::new(),
            max_tokens: None,
            ignore_end: false,
            token_ids: false,
            waiting: crate::Waiting::default(),
            cancel: CancellationToken::new(),
        }
    }

    fn with(change: impl FnOnce(&mut Job)) -> Job {
        let mut changed = job();
        change(&mut changed);
        changed
    }

    fn chat(messages: Vec<Message>) -> Job {
        let tools = Vec::new();
        with(|job| job.prompt = Prompt::Chat { messages, tools })
    }

    /// One change of each field that an answer depends on.
    fn changes() -> Vec<Job> {
        let tool = ToolSpec {
            name: "t".to_owned(),
            description: String::new(),
            parameters: json!({}),
        };
        let call = ToolCall {
            id: "1".to_owned(),
            name: "t".to_owned(),
            arguments: json!({}),
        };
        let picture = Image::Url("https://host/picture".to_owned());
        let messages = vec![Message::user("hello")];
        vec![
            job(),
            with(|job| job.prompt = Prompt::Text("hello".to_owned())),
            chat(vec![Message::user("hello ")]),
            chat(vec![Message::system("hello")]),
            chat(vec![Message::user("hel"), Message::user("lo")]),
            chat(vec![Message::user("hello").showing(vec![picture])]),
            chat(vec![Message::calls("hello", vec![call])]),
            chat(vec![Message::tool_result("1", "hello")]),
            with(|job| {
                job.prompt = Prompt::Chat {
                    messages,
                    tools: vec![tool],
                }
            }),
            with(|job| job.tool_choice = ToolChoice::Required),
            with(|job| job.tool_choice = ToolChoice::Named("t".to_owned())),
            with(|job| job.format = AnswerFormat::Json),
            with(|job| job.sampling.temperature = 0.1),
            with(|job| job.sampling.top_k = 1),
            with(|job| job.sampling.top_p = 0.9),
            with(|job| job.sampling.min_p = 0.1),
            with(|job| job.sampling.repeat_penalty = 1.1),
            with(|job| job.sampling.presence_penalty = 0.1),
            with(|job| job.sampling.frequency_penalty = 0.1),
            with(|job| job.sampling.seed = Some(1)),
            with(|job| job.stop = vec!["x".to_owned()]),
            with(|job| job.max_tokens = Some(1)),
            with(|job| job.ignore_end = true),
            with(|job| job.token_ids = true),
        ]
    }

    #[test]
    fn each_thing_that_matters_gives_another_key() {
        let one = Caller::new("one", "ada");
        let other = Caller::new("other", "ada");
        let mut keys = BTreeSet::new();
        let changes = changes();
        for job in &changes {
            assert!(keys.insert(key("model", Some(&one), job)), "{job:?}");
        }
        assert!(keys.insert(key("another", Some(&one), &changes[0])));
        assert!(keys.insert(key("model", Some(&other), &changes[0])));
        assert!(keys.insert(key("model", None, &changes[0])));
    }

    #[test]
    fn users_of_a_tenant_share_answers_and_a_repeated_question_has_the_same_key() {
        let (ada, bob) = (Caller::new("one", "ada"), Caller::new("one", "bob"));
        assert_eq!(key("m", Some(&ada), &job()), key("m", Some(&bob), &job()));
    }

    #[test]
    fn what_is_random_is_not_repeatable() {
        assert!(is_repeatable(&job()));
        let mut random = with(|job| job.sampling.temperature = 0.7);
        assert!(!is_repeatable(&random));
        random.sampling.seed = Some(7);
        assert!(is_repeatable(&random));
    }
}
