//! Gemini's API: what is asked, word for word, and what is made of the answers.

use karen_infer::testing::{ReplayServer, Reply};
use karen_infer::{
    AnswerFormat, FinishReason, GenerateEvent, GenerateRequest, Image, Message, Provider, Sampling,
    ToolChoice, ToolSpec, Usage,
};
use serde_json::json;

use crate::provider::{
    KEY_ENV, ask, gemini_parrot, hello, impatient, keeps_the_contract, models_with, remote, text,
};

/// A recorded exchange with a tool, shortened: a thought, text, a signed call, usage.
const TOOL_STREAM: &str = concat!(
    "data: {\"candidates\":[{\"content\":{\"role\":\"model\",\"parts\":[{\"text\":\"Hm.\",\"thought\":true}]},\"index\":0}],\"usageMetadata\":{\"promptTokenCount\":31,\"totalTokenCount\":31},\"modelVersion\":\"parrot-1\"}\r\n\r\n",
    "data: {\"candidates\":[{\"content\":{\"role\":\"model\",\"parts\":[{\"text\":\"I look.\"},{\"functionCall\":{\"name\":\"weather\",\"args\":{\"city\":\"Łódź\"}},\"thoughtSignature\":\"Cv8+/w==\"}]},\"index\":0}]}\r\n\r\n",
    "data: {\"candidates\":[{\"content\":{\"role\":\"model\",\"parts\":[{\"text\":\"\"}]},\"finishReason\":\"STOP\",\"index\":0}],\"usageMetadata\":{\"promptTokenCount\":31,\"candidatesTokenCount\":12,\"thoughtsTokenCount\":5,\"totalTokenCount\":48}}\r\n\r\n",
);

fn weather() -> ToolSpec {
    ToolSpec {
        name: "weather".to_owned(),
        description: "The weather in a city.".to_owned(),
        parameters: json!({"type": "object", "properties": {"city": {"type": "string"}}}),
    }
}

#[tokio::test]
async fn the_adapter_keeps_the_contract() {
    keeps_the_contract(Provider::Gemini, gemini_parrot).await;
}

#[tokio::test]
async fn a_call_goes_back_with_its_signature_and_its_result() {
    let server = ReplayServer::start(vec![Reply::events(TOOL_STREAM)]).await;
    let models = models_with(remote(Provider::Gemini, &server), impatient()).await;
    let first = GenerateRequest {
        tools: vec![weather()],
        ..hello()
    };
    let (events, error) = ask(&models, first).await;
    assert!(error.is_none(), "{error:?}");
    let usage = Usage {
        prompt_tokens: 31,
        completion_tokens: 17,
        cached_tokens: 0,
    };
    let [thought, said, GenerateEvent::ToolCall(call), used, done] = &events[..] else {
        panic!("{events:?}");
    };
    assert_eq!(*thought, GenerateEvent::ReasoningDelta("Hm.".to_owned()));
    assert_eq!(*said, GenerateEvent::TextDelta("I look.".to_owned()));
    assert_eq!(*used, GenerateEvent::Usage(usage));
    assert_eq!(*done, GenerateEvent::Done(FinishReason::ToolCalls));
    assert_eq!(call.arguments, json!({"city": "Łódź"}));

    let second = GenerateRequest {
        messages: vec![
            Message::user("hello"),
            Message::calls("I look.", vec![call.clone()]),
            Message::tool_result(&call.id, "rain"),
            Message::tool_result(&call.id, "{\"degrees\":9}"),
        ],
        tools: vec![weather()],
        ..GenerateRequest::default()
    };
    ask(&models, second).await;
    let expect = json!([
        {"role": "user", "parts": [{"text": "hello"}]},
        {"role": "model", "parts": [
            {"text": "I look."},
            {"functionCall": {"name": "weather", "args": {"city": "Łódź"}}, "thoughtSignature": "Cv8+/w=="},
        ]},
        {"role": "user", "parts": [
            {"functionResponse": {"name": "weather", "response": {"result": "rain"}}},
            {"functionResponse": {"name": "weather", "response": {"degrees": 9}}},
        ]},
    ]);
    assert_eq!(server.requests()[1].body["contents"], expect);
}

#[tokio::test]
async fn everything_that_is_asked_arrives() {
    let server = ReplayServer::start(vec![Reply::events(TOOL_STREAM)]).await;
    let models = models_with(remote(Provider::Gemini, &server), impatient()).await;
    let png = Image::Inline {
        media_type: "image/png".to_owned(),
        base64: "AAAA".to_owned(),
    };
    let request = GenerateRequest {
        messages: vec![
            Message::system("Be brief."),
            Message::user("What is this?").showing(vec![png]),
        ],
        tools: vec![weather()],
        tool_choice: ToolChoice::Required,
        format: AnswerFormat::Schema {
            name: "answer".to_owned(),
            schema: json!({"type": "object"}),
            strict: true,
        },
        sampling: Sampling {
            temperature: 0.5,
            top_k: 40,
            seed: Some(7),
            ..Sampling::default()
        },
        stop: vec!["END".to_owned()],
        max_tokens: Some(100),
        ..GenerateRequest::default()
    };
    let (_, error) = ask(&models, request).await;
    assert!(error.is_none(), "{error:?}");
    let request = &server.requests()[0];
    assert_eq!(
        request.path,
        "/v1beta/models/parrot-1:streamGenerateContent?alt=sse"
    );
    let key = std::env::var(KEY_ENV).unwrap();
    assert_eq!(request.header("x-goog-api-key"), Some(key.trim()));
    let expect = json!({
        "contents": [{"role": "user", "parts": [
            {"text": "What is this?"},
            {"inlineData": {"mimeType": "image/png", "data": "AAAA"}},
        ]}],
        "systemInstruction": {"parts": [{"text": "Be brief."}]},
        "tools": [{"functionDeclarations": [{
            "name": "weather", "description": "The weather in a city.",
            "parametersJsonSchema": {"type": "object", "properties": {"city": {"type": "string"}}},
        }]}],
        "toolConfig": {"functionCallingConfig": {"mode": "ANY"}},
        "generationConfig": {
            "temperature": 0.5, "topK": 40, "seed": 7, "stopSequences": ["END"], "maxOutputTokens": 100,
            "responseMimeType": "application/json", "responseJsonSchema": {"type": "object"},
        },
    });
    assert_eq!(request.body, expect);
}

#[tokio::test]
async fn a_blocked_prompt_and_a_stopped_answer_are_filtered() {
    for body in [
        json!({"promptFeedback": {"blockReason": "SAFETY"}, "usageMetadata": {"promptTokenCount": 4}}),
        json!({"candidates": [{"content": {"parts": []}, "finishReason": "RECITATION"}]}),
    ] {
        let server = ReplayServer::start(vec![Reply::events(format!("data: {body}\n\n"))]).await;
        let models = models_with(remote(Provider::Gemini, &server), impatient()).await;
        let (events, error) = ask(&models, hello()).await;
        assert!(error.is_none(), "{error:?}");
        assert_eq!(text(&events), "");
        assert_eq!(
            events.last(),
            Some(&GenerateEvent::Done(FinishReason::Filtered))
        );
    }
}

#[tokio::test]
async fn a_stream_reads_the_same_however_it_is_cut() {
    for bytes in [1, 2, 3, 64] {
        let reply = Reply::events(TOOL_STREAM).in_pieces_of(bytes);
        let server = ReplayServer::start(vec![reply]).await;
        let models = models_with(remote(Provider::Gemini, &server), impatient()).await;
        let (events, error) = ask(&models, hello()).await;
        assert!(error.is_none(), "{error:?}");
        assert_eq!(events.len(), 5, "in pieces of {bytes}: {events:?}");
    }
}
