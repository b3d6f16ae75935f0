//! Providers on loopback: what a test tells them to say, or the parrot behind their wire formats.

use std::time::Duration;

use futures::StreamExt;
use karen_infer::testing::{ReplayServer, Reply, Requested, embedding_adapter, model_adapter};
use karen_infer::{
    FinishReason, GenerateEvent, GenerateRequest, Message, ModelAdapter, ModelError, ModelName,
    Models, ModelsConfig, Provider, RemoteConfig, RemoteModel,
};
use serde_json::{Value, json};

use crate::parrot::{CONTEXT_TOKENS, Said, say, words};

/// What the tests' variable for keys holds: any program has it.
pub(crate) const KEY_ENV: &str = "PATH";

/// Waits of a test: none to speak of, but for what is meant to last.
pub(crate) fn impatient() -> RemoteConfig {
    RemoteConfig {
        first_wait: Duration::from_millis(1),
        ..RemoteConfig::default()
    }
}

pub(crate) fn remote(provider: Provider, server: &ReplayServer) -> RemoteModel {
    let path = match provider {
        Provider::OpenAi | Provider::OpenAiResponses => "/v1",
        Provider::Gemini => "/v1beta",
    };
    RemoteModel {
        base_url: Some(format!("{}{path}", server.url())),
        key_env: Some(KEY_ENV.to_owned()),
        context_tokens: Some(CONTEXT_TOKENS),
        ..RemoteModel::new(provider, "parrot-1")
    }
}

/// Checks a provider that says what the parrot does: its answers in pieces and whole, and its embeddings.
pub(crate) async fn keeps_the_contract(
    provider: Provider,
    parrot: impl Fn(&Requested) -> Option<Reply> + Send + Sync + 'static,
) {
    let server = ReplayServer::answering(parrot).await;
    let model = remote(provider, &server);
    let whole = RemoteModel {
        answers_whole: true,
        ..model.clone()
    };
    let embeds = RemoteModel {
        embeds: true,
        ..model.clone()
    };
    model_adapter(&*adapter(&models_with(model, impatient()).await)).await;
    model_adapter(&*adapter(&models_with(whole, impatient()).await)).await;
    embedding_adapter(&*adapter(&models_with(embeds, impatient()).await)).await;
}

/// Models with one of a provider's, named `remote`.
pub(crate) async fn models_with(model: RemoteModel, config: RemoteConfig) -> Models {
    let config = ModelsConfig {
        remote: config,
        ..ModelsConfig::default()
    };
    let models = Models::open(config).await.unwrap();
    models.add_remote(&remote_name(), model).unwrap();
    models
}

pub(crate) fn remote_name() -> ModelName {
    ModelName::parse("remote").unwrap()
}

pub(crate) fn adapter(models: &Models) -> std::sync::Arc<dyn ModelAdapter> {
    models.adapter(&remote_name()).unwrap()
}

pub(crate) fn hello() -> GenerateRequest {
    GenerateRequest {
        messages: vec![Message::user("hello")],
        ..GenerateRequest::default()
    }
}

/// The events up to the end or the error, and the error.
pub(crate) async fn ask(
    models: &Models,
    request: GenerateRequest,
) -> (Vec<GenerateEvent>, Option<ModelError>) {
    let mut generation = match models.generate(request).await {
        Ok(generation) => generation,
        Err(error) => return (Vec::new(), Some(error)),
    };
    let mut events = Vec::new();
    while let Some(event) = generation.next().await {
        match event {
            Ok(event) => events.push(event),
            Err(error) => {
                assert!(
                    generation.next().await.is_none(),
                    "nothing follows an error"
                );
                return (events, Some(error));
            }
        }
    }
    (events, None)
}

pub(crate) fn text(events: &[GenerateEvent]) -> String {
    let texts = events.iter().filter_map(|event| match event {
        GenerateEvent::TextDelta(text) => Some(text.as_str()),
        _ => None,
    });
    texts.collect()
}

fn messages(said: impl Iterator<Item = Value>, text: impl Fn(&Value) -> String) -> Vec<Message> {
    said.map(|message| Message::user(text(&message))).collect()
}

fn stops(value: &Value) -> Vec<String> {
    let texts = value.as_array().into_iter().flatten();
    texts
        .map(|text| text.as_str().unwrap().to_owned())
        .collect()
}

fn limit(value: &Value) -> Option<u32> {
    value.as_u64().map(|max| u32::try_from(max).unwrap())
}

/// The parrot as OpenAI would serve it.
pub(crate) fn openai_parrot(request: &Requested) -> Option<Reply> {
    if request.path == "/v1/embeddings" {
        let texts = request.body["input"].as_array().unwrap().clone();
        let row = |(index, text): (usize, &Value)| json!({"object": "embedding", "index": index, "embedding": vector(text)});
        let mut data: Vec<Value> = texts.iter().enumerate().map(row).collect();
        data.reverse();
        return Some(Reply::json(200, &json!({"object": "list", "data": data})));
    }
    let body = &request.body;
    let chat = body["messages"].as_array().unwrap().iter().cloned();
    let messages = messages(chat, |message| {
        message["content"].as_str().unwrap().to_owned()
    });
    let prompt_tokens = words(&messages);
    if prompt_tokens > CONTEXT_TOKENS {
        let message = format!(
            "This model's maximum context length is {CONTEXT_TOKENS} tokens. However, your messages resulted in {prompt_tokens} tokens."
        );
        let error = json!({"error": {"message": message, "type": "invalid_request_error", "param": "messages", "code": "context_length_exceeded"}});
        return Some(Reply::json(400, &error));
    }
    let said = say(&messages, limit(&body["max_tokens"]), &stops(&body["stop"]));
    Some(if body["stream"] == true {
        Reply::events(openai_chunks(&said)).in_pieces_of(7)
    } else {
        Reply::json(200, &openai_whole(&said))
    })
}

fn openai_finish(said: &Said) -> &'static str {
    match said.finish {
        FinishReason::Length => "length",
        _ => "stop",
    }
}

fn openai_usage(said: &Said) -> Value {
    let (prompt, completion) = (said.usage.prompt_tokens, said.usage.completion_tokens);
    json!({"prompt_tokens": prompt, "completion_tokens": completion, "total_tokens": prompt + completion})
}

fn openai_whole(said: &Said) -> Value {
    json!({"object": "chat.completion", "usage": openai_usage(said), "choices": [{
        "index": 0, "finish_reason": openai_finish(said),
        "message": {"role": "assistant", "content": said.pieces.concat(), "refusal": null},
    }]})
}

fn openai_chunks(said: &Said) -> String {
    let choice = |delta: Value, finish: Option<&str>| json!({"object": "chat.completion.chunk", "choices": [{"index": 0, "delta": delta, "finish_reason": finish}], "usage": null});
    let mut chunks = vec![choice(
        json!({"role": "assistant", "content": "", "refusal": null}),
        None,
    )];
    chunks.extend(
        said.pieces
            .iter()
            .map(|piece| choice(json!({"content": piece}), None)),
    );
    chunks.push(choice(json!({}), Some(openai_finish(said))));
    chunks.push(
        json!({"object": "chat.completion.chunk", "choices": [], "usage": openai_usage(said)}),
    );
    let events = chunks.iter().map(|chunk| format!("data: {chunk}\n\n"));
    events.chain(["data: [DONE]\n\n".to_owned()]).collect()
}

/// The parrot as OpenAI's responses would have it.
pub(crate) fn responses_parrot(request: &Requested) -> Option<Reply> {
    if request.path == "/v1/embeddings" {
        return openai_parrot(request);
    }
    assert_eq!(request.path, "/v1/responses");
    let body = &request.body;
    let chat = body["input"].as_array().unwrap().iter().cloned();
    let messages = messages(chat, |item| {
        item["content"][0]["text"].as_str().unwrap().to_owned()
    });
    let prompt_tokens = words(&messages);
    if prompt_tokens > CONTEXT_TOKENS {
        let message = "Your input exceeds the context window of this model.";
        let error = json!({"error": {"message": message, "type": "invalid_request_error", "param": "input", "code": "context_length_exceeded"}});
        return Some(Reply::json(400, &error));
    }
    let said = say(&messages, limit(&body["max_output_tokens"]), &[]);
    let is_cut = said.finish == FinishReason::Length;
    let text = said.pieces.concat();
    let whole = json!({
        "object": "response", "status": if is_cut { "incomplete" } else { "completed" },
        "incomplete_details": is_cut.then(|| json!({"reason": "max_output_tokens"})),
        "output": [{"type": "message", "role": "assistant", "content": [{"type": "output_text", "text": text, "annotations": []}]}],
        "usage": {"input_tokens": said.usage.prompt_tokens, "output_tokens": said.usage.completion_tokens},
    });
    if body["stream"] == false {
        return Some(Reply::json(200, &whole));
    }
    let deltas = said.pieces.iter().map(
        |piece| json!({"type": "response.output_text.delta", "delta": piece, "output_index": 0}),
    );
    let kind = if is_cut {
        "response.incomplete"
    } else {
        "response.completed"
    };
    let begun =
        json!({"type": "response.created", "response": {"status": "in_progress", "output": []}});
    let events: String = std::iter::once(begun)
        .chain(deltas)
        .chain([json!({"type": kind, "response": whole})])
        .map(|event| {
            format!(
                "event: {}\ndata: {event}\n\n",
                event["type"].as_str().unwrap()
            )
        })
        .collect();
    Some(Reply::events(events).in_pieces_of(7))
}

/// The parrot as Gemini would serve it.
pub(crate) fn gemini_parrot(request: &Requested) -> Option<Reply> {
    let body = &request.body;
    if request.path == "/v1beta/models/parrot-1:batchEmbedContents" {
        let requests = body["requests"].as_array().unwrap();
        let row = |asked: &Value| json!({"values": vector(&asked["content"]["parts"][0]["text"])});
        let rows: Vec<Value> = requests.iter().map(row).collect();
        return Some(Reply::json(200, &json!({"embeddings": rows})));
    }
    let contents = body["contents"].as_array().unwrap().iter().cloned();
    let messages = messages(contents, |content| {
        content["parts"][0]["text"].as_str().unwrap().to_owned()
    });
    let prompt_tokens = words(&messages);
    if prompt_tokens > CONTEXT_TOKENS {
        let message = format!(
            "The input token count ({prompt_tokens}) exceeds the maximum number of tokens allowed ({CONTEXT_TOKENS})."
        );
        let error =
            json!({"error": {"code": 400, "message": message, "status": "INVALID_ARGUMENT"}});
        return Some(Reply::json(400, &error));
    }
    let config = &body["generationConfig"];
    let said = say(
        &messages,
        limit(&config["maxOutputTokens"]),
        &stops(&config["stopSequences"]),
    );
    let finish = match said.finish {
        FinishReason::Length => "MAX_TOKENS",
        _ => "STOP",
    };
    let usage = json!({"promptTokenCount": said.usage.prompt_tokens, "candidatesTokenCount": said.usage.completion_tokens});
    if request.path == "/v1beta/models/parrot-1:generateContent" {
        let whole = json!({"candidates": [{"content": {"role": "model", "parts": [{"text": said.pieces.concat()}]}, "finishReason": finish}], "usageMetadata": usage});
        return Some(Reply::json(200, &whole));
    }
    assert_eq!(
        request.path,
        "/v1beta/models/parrot-1:streamGenerateContent?alt=sse"
    );
    let mut chunks: Vec<Value> = said
        .pieces
        .iter()
        .map(|piece| json!({"candidates": [{"content": {"role": "model", "parts": [{"text": piece}]}}]}))
        .collect();
    chunks.push(json!({"candidates": [{"finishReason": finish}], "usageMetadata": usage}));
    let events: String = chunks
        .iter()
        .map(|chunk| format!("data: {chunk}\r\n\r\n"))
        .collect();
    Some(Reply::events(events).in_pieces_of(11))
}

/// A vector that depends on the text, of no certain length.
fn vector(text: &Value) -> [f32; 3] {
    let text = text.as_str().unwrap();
    let letters = |letter: char| text.matches(letter).count() as f32 + 0.5;
    [letters('a'), letters('o'), letters('k')]
}
