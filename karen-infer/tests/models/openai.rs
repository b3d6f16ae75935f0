//! OpenAI's API: what is asked, word for word, and what is made of the answers.

use karen_infer::testing::{ReplayServer, Reply};
use karen_infer::{
    AnswerFormat, FinishReason, GenerateEvent, GenerateRequest, Image, Message, Provider,
    RemoteModel, Sampling, ToolCall, ToolChoice, ToolSpec, Usage,
};
use serde_json::{Value, json};

use crate::provider::{
    KEY_ENV, ask, hello, impatient, keeps_the_contract, models_with, openai_parrot, remote, text,
};

/// A recorded exchange with a tool, shortened: thoughts, text, two calls in pieces, usage.
const TOOL_STREAM: &str = concat!(
    ": connected\n\n",
    "data: {\"id\":\"c\",\"object\":\"chat.completion.chunk\",\"choices\":[{\"index\":0,\"delta\":{\"role\":\"assistant\",\"content\":null},\"finish_reason\":null}],\"obfuscation\":\"x\"}\n\n",
    "data: {\"choices\":[{\"index\":0,\"delta\":{\"reasoning_content\":\"Two cities…\"},\"finish_reason\":null}]}\n\n",
    "data: {\"choices\":[{\"index\":0,\"delta\":{\"content\":\"Let me look.\"},\"finish_reason\":null}]}\n\n",
    "data: {\"choices\":[{\"index\":0,\"delta\":{\"tool_calls\":[{\"index\":0,\"id\":\"call_a\",\"type\":\"function\",\"function\":{\"name\":\"weather\",\"arguments\":\"\"}}]},\"finish_reason\":null}]}\n\n",
    "data: {\"choices\":[{\"index\":0,\"delta\":{\"tool_calls\":[{\"index\":0,\"function\":{\"arguments\":\"{\\\"city\\\":\"}}]},\"finish_reason\":null}]}\n\n",
    "data: {\"choices\":[{\"index\":0,\"delta\":{\"tool_calls\":[{\"index\":1,\"id\":\"call_b\",\"type\":\"function\",\"function\":{\"name\":\"time\",\"arguments\":\"\"}}]},\"finish_reason\":null}]}\n\n",
    "data: {\"choices\":[{\"index\":0,\"delta\":{\"tool_calls\":[{\"index\":0,\"function\":{\"arguments\":\"\\\"Łódź\\\"}\"}}]},\"finish_reason\":null}]}\n\n",
    "data: {\"choices\":[{\"index\":0,\"delta\":{},\"finish_reason\":\"tool_calls\"}],\"usage\":null}\n\n",
    "data: {\"choices\":[],\"usage\":{\"prompt_tokens\":82,\"completion_tokens\":17,\"total_tokens\":99,\"completion_tokens_details\":{\"reasoning_tokens\":3}}}\n\n",
    "data: [DONE]\n\n",
);

fn tool_events() -> Vec<GenerateEvent> {
    let call = |id: &str, name: &str, arguments: Value| {
        GenerateEvent::ToolCall(ToolCall {
            id: id.to_owned(),
            name: name.to_owned(),
            arguments,
        })
    };
    vec![
        GenerateEvent::ReasoningDelta("Two cities…".to_owned()),
        GenerateEvent::TextDelta("Let me look.".to_owned()),
        call("call_a", "weather", json!({"city": "Łódź"})),
        call("call_b", "time", json!({})),
        GenerateEvent::Usage(Usage {
            prompt_tokens: 82,
            completion_tokens: 17,
            cached_tokens: 0,
        }),
        GenerateEvent::Done(FinishReason::ToolCalls),
    ]
}

/// Everything that a request can say.
fn everything() -> GenerateRequest {
    let call = ToolCall {
        id: "call_1".to_owned(),
        name: "weather".to_owned(),
        arguments: json!({"city": "Oslo"}),
    };
    let png = Image::Inline {
        media_type: "image/png".to_owned(),
        base64: "AAAA".to_owned(),
    };
    let jpeg = Image::Url("https://host/b.jpg".to_owned());
    GenerateRequest {
        messages: vec![
            Message::system("Be brief."),
            Message::user("What is this?").showing(vec![png, jpeg]),
            Message::calls("", vec![call]),
            Message::tool_result("call_1", "rain"),
        ],
        tools: vec![ToolSpec {
            name: "weather".to_owned(),
            description: "The weather in a city.".to_owned(),
            parameters: json!({"type": "object", "properties": {"city": {"type": "string"}}}),
        }],
        tool_choice: ToolChoice::Named("weather".to_owned()),
        format: AnswerFormat::Schema {
            name: "answer".to_owned(),
            schema: json!({"type": "object"}),
            strict: true,
        },
        sampling: Sampling {
            temperature: 0.7,
            top_p: 0.9,
            presence_penalty: 0.5,
            frequency_penalty: -0.5,
            seed: Some(7),
            ..Sampling::default()
        },
        stop: vec!["END".to_owned()],
        max_tokens: Some(100),
        ..GenerateRequest::default()
    }
}

#[tokio::test]
async fn the_adapter_keeps_the_contract() {
    keeps_the_contract(Provider::OpenAi, openai_parrot).await;
}

#[tokio::test]
async fn everything_that_is_asked_arrives() {
    let server = ReplayServer::start(vec![Reply::events(TOOL_STREAM)]).await;
    let models = models_with(remote(Provider::OpenAi, &server), impatient()).await;
    let (events, error) = ask(&models, everything()).await;
    assert!(error.is_none(), "{error:?}");
    assert_eq!(events, tool_events());
    let [request] = &server.requests()[..] else {
        panic!("one request");
    };
    assert_eq!(request.path, "/v1/chat/completions");
    let key = format!("Bearer {}", std::env::var(KEY_ENV).unwrap().trim());
    assert_eq!(request.header("authorization"), Some(key.as_str()));
    let expect = json!({
        "model": "parrot-1",
        "messages": [
            {"role": "system", "content": "Be brief."},
            {"role": "user", "content": [
                {"type": "text", "text": "What is this?"},
                {"type": "image_url", "image_url": {"url": "data:image/png;base64,AAAA"}},
                {"type": "image_url", "image_url": {"url": "https://host/b.jpg"}},
            ]},
            {"role": "assistant", "content": null, "tool_calls": [
                {"id": "call_1", "type": "function", "function": {"name": "weather", "arguments": "{\"city\":\"Oslo\"}"}},
            ]},
            {"role": "tool", "content": "rain", "tool_call_id": "call_1"},
        ],
        "tools": [{"type": "function", "function": {
            "name": "weather", "description": "The weather in a city.",
            "parameters": {"type": "object", "properties": {"city": {"type": "string"}}},
        }}],
        "tool_choice": {"type": "function", "function": {"name": "weather"}},
        "response_format": {"type": "json_schema", "json_schema": {"name": "answer", "schema": {"type": "object"}, "strict": true}},
        "temperature": 0.7, "top_p": 0.9, "presence_penalty": 0.5, "frequency_penalty": -0.5,
        "seed": 7, "stop": ["END"], "max_tokens": 100,
        "stream": true, "stream_options": {"include_usage": true},
    });
    assert_eq!(rounded(&request.body), expect);
}

/// Numbers as they were meant: a float of 32 bits has more digits in 64.
fn rounded(body: &Value) -> Value {
    match body {
        Value::Number(number) if number.is_f64() => {
            let shortest = (number.as_f64().unwrap() as f32).to_string();
            json!(shortest.parse::<f64>().unwrap())
        }
        Value::Object(fields) => {
            let fields = fields
                .iter()
                .map(|(name, value)| (name.clone(), rounded(value)));
            Value::Object(fields.collect())
        }
        other => other.clone(),
    }
}

#[tokio::test]
async fn a_model_that_reasons_is_sent_no_sampling_and_a_plain_request_no_more_than_it_says() {
    let server = ReplayServer::start(vec![Reply::events(TOOL_STREAM)]).await;
    let model = RemoteModel {
        reasons: true,
        ..remote(Provider::OpenAi, &server)
    };
    let models = models_with(model, impatient()).await;
    ask(&models, hello()).await;
    let expect = json!({
        "model": "parrot-1", "messages": [{"role": "user", "content": "hello"}],
        "stream": true, "stream_options": {"include_usage": true},
    });
    assert_eq!(server.requests()[0].body, expect);
}

#[tokio::test]
async fn a_stream_reads_the_same_however_it_is_cut() {
    for bytes in [1, 2, 3, 5, 64, 1000] {
        let reply = Reply::events(TOOL_STREAM).in_pieces_of(bytes);
        let server = ReplayServer::start(vec![reply]).await;
        let models = models_with(remote(Provider::OpenAi, &server), impatient()).await;
        let (events, error) = ask(&models, hello()).await;
        assert!(error.is_none(), "{error:?}");
        assert_eq!(events, tool_events(), "in pieces of {bytes}");
    }
}

#[tokio::test]
async fn servers_that_count_nothing_and_send_no_end_are_understood() {
    let stream = "data: {\"choices\":[{\"delta\":{\"content\":\"Hello, Ada.\"}}]}\n\n\
                  data: {\"choices\":[{\"delta\":{},\"finish_reason\":\"stop\"}]}\n\n";
    let server = ReplayServer::start(vec![Reply::events(stream)]).await;
    let keyless = RemoteModel {
        key_env: None,
        ..remote(Provider::OpenAi, &server)
    };
    let models = models_with(keyless, impatient()).await;
    let (events, error) = ask(&models, hello()).await;
    assert!(error.is_none(), "{error:?}");
    assert_eq!(text(&events), "Hello, Ada.");
    let [
        ..,
        GenerateEvent::Usage(usage),
        GenerateEvent::Done(FinishReason::Stop),
    ] = events[..]
    else {
        panic!("{events:?}");
    };
    assert!(
        usage.prompt_tokens > 0 && usage.completion_tokens > 0,
        "estimated: {usage:?}"
    );
    assert_eq!(server.requests()[0].header("authorization"), None);
}

#[tokio::test]
async fn a_filtered_answer_says_so() {
    let stream = "data: {\"choices\":[{\"delta\":{\"content\":\"I\"}}]}\n\n\
                  data: {\"choices\":[{\"delta\":{},\"finish_reason\":\"content_filter\"}]}\n\ndata: [DONE]\n\n";
    let server = ReplayServer::start(vec![Reply::events(stream)]).await;
    let models = models_with(remote(Provider::OpenAi, &server), impatient()).await;
    let (events, _) = ask(&models, hello()).await;
    assert_eq!(
        events.last(),
        Some(&GenerateEvent::Done(FinishReason::Filtered))
    );
}
