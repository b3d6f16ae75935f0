//! OpenAI's responses: what is asked, word for word, and what is made of the answers.

use karen_infer::testing::{ReplayServer, Reply};
use karen_infer::{
    AnswerFormat, FinishReason, GenerateEvent, GenerateRequest, Image, Message, ModelErrorKind,
    Provider, RemoteModel, Sampling, ToolCall, ToolChoice, ToolSpec, Usage,
};
use serde_json::json;

use crate::provider::{
    ask, hello, impatient, keeps_the_contract, models_with, remote, responses_parrot, text,
};

/// A recorded exchange of a model that thinks and calls a tool, shortened.
const TOOL_STREAM: &str = concat!(
    "event: response.created\ndata: {\"type\":\"response.created\",\"sequence_number\":0,\"response\":{\"id\":\"resp_1\",\"object\":\"response\",\"status\":\"in_progress\",\"output\":[],\"usage\":null}}\n\n",
    "event: response.output_item.added\ndata: {\"type\":\"response.output_item.added\",\"output_index\":0,\"item\":{\"id\":\"rs_1\",\"type\":\"reasoning\",\"summary\":[]}}\n\n",
    "event: response.reasoning_summary_text.delta\ndata: {\"type\":\"response.reasoning_summary_text.delta\",\"item_id\":\"rs_1\",\"delta\":\"Two cities…\"}\n\n",
    "event: response.output_text.delta\ndata: {\"type\":\"response.output_text.delta\",\"item_id\":\"msg_1\",\"delta\":\"Let me \",\"obfuscation\":\"x\"}\n\n",
    "event: response.output_text.delta\ndata: {\"type\":\"response.output_text.delta\",\"item_id\":\"msg_1\",\"delta\":\"look.\"}\n\n",
    "event: response.function_call_arguments.delta\ndata: {\"type\":\"response.function_call_arguments.delta\",\"item_id\":\"fc_1\",\"delta\":\"{\\\"city\"}\n\n",
    "event: response.output_item.done\ndata: {\"type\":\"response.output_item.done\",\"output_index\":2,\"item\":{\"id\":\"fc_1\",\"type\":\"function_call\",\"status\":\"completed\",\"call_id\":\"call_a\",\"name\":\"weather\",\"arguments\":\"{\\\"city\\\":\\\"Łódź\\\"}\"}}\n\n",
    "event: response.completed\ndata: {\"type\":\"response.completed\",\"response\":{\"id\":\"resp_1\",\"object\":\"response\",\"status\":\"completed\",\"output\":[],\"usage\":{\"input_tokens\":82,\"input_tokens_details\":{\"cached_tokens\":64},\"output_tokens\":17,\"output_tokens_details\":{\"reasoning_tokens\":3},\"total_tokens\":99}}}\n\n",
);

fn tool_events() -> Vec<GenerateEvent> {
    vec![
        GenerateEvent::ReasoningDelta("Two cities…".to_owned()),
        GenerateEvent::TextDelta("Let me ".to_owned()),
        GenerateEvent::TextDelta("look.".to_owned()),
        GenerateEvent::ToolCall(ToolCall {
            id: "call_a".to_owned(),
            name: "weather".to_owned(),
            arguments: json!({"city": "Łódź"}),
        }),
        GenerateEvent::Usage(Usage {
            prompt_tokens: 82,
            completion_tokens: 17,
            cached_tokens: 64,
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
    GenerateRequest {
        messages: vec![
            Message::system("Be brief."),
            Message::user("What is this?").showing(vec![png]),
            Message::calls("Let me look.", vec![call]),
            Message::tool_result("call_1", "rain"),
        ],
        tools: vec![ToolSpec {
            name: "weather".to_owned(),
            description: "The weather in a city.".to_owned(),
            parameters: json!({"type": "object"}),
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
            ..Sampling::default()
        },
        max_tokens: Some(100),
        ..GenerateRequest::default()
    }
}

#[tokio::test]
async fn the_adapter_keeps_the_contract() {
    keeps_the_contract(Provider::OpenAiResponses, responses_parrot).await;
}

#[tokio::test]
async fn everything_that_is_asked_arrives() {
    let server = ReplayServer::start(vec![Reply::events(TOOL_STREAM)]).await;
    let models = models_with(remote(Provider::OpenAiResponses, &server), impatient()).await;
    let (events, error) = ask(&models, everything()).await;
    assert!(error.is_none(), "{error:?}");
    assert_eq!(events, tool_events());
    let [request] = &server.requests()[..] else {
        panic!("one request");
    };
    assert_eq!(request.path, "/v1/responses");
    let expected = json!({
        "model": "parrot-1",
        "input": [
            {"type": "message", "role": "system", "content": [{"type": "input_text", "text": "Be brief."}]},
            {"type": "message", "role": "user", "content": [
                {"type": "input_text", "text": "What is this?"},
                {"type": "input_image", "image_url": "data:image/png;base64,AAAA"},
            ]},
            {"type": "message", "role": "assistant", "content": [{"type": "output_text", "text": "Let me look."}]},
            {"type": "function_call", "call_id": "call_1", "name": "weather", "arguments": "{\"city\":\"Oslo\"}"},
            {"type": "function_call_output", "call_id": "call_1", "output": "rain"},
        ],
        "tools": [{"type": "function", "name": "weather", "description": "The weather in a city.", "parameters": {"type": "object"}, "strict": false}],
        "tool_choice": {"type": "function", "name": "weather"},
        "text": {"format": {"type": "json_schema", "name": "answer", "schema": {"type": "object"}, "strict": true}},
        "temperature": 0.7, "top_p": 0.9, "max_output_tokens": 100, "store": false, "stream": true,
    });
    let mut asked = request.body.clone();
    for field in ["temperature", "top_p"] {
        let number = asked[field].as_f64().unwrap();
        asked[field] = json!((number * 1e6).round() / 1e6);
    }
    assert_eq!(asked, expected);
}

#[tokio::test]
async fn a_stream_reads_the_same_however_it_is_cut() {
    for bytes in [1, 2, 3, 5, 64, 1000] {
        let server =
            ReplayServer::start(vec![Reply::events(TOOL_STREAM).in_pieces_of(bytes)]).await;
        let models = models_with(remote(Provider::OpenAiResponses, &server), impatient()).await;
        let (events, error) = ask(&models, hello()).await;
        assert!(error.is_none(), "{error:?}");
        assert_eq!(events, tool_events(), "in pieces of {bytes}");
    }
}

#[tokio::test]
async fn a_model_that_thinks_is_asked_for_its_thoughts_and_for_no_temperature() {
    let server = ReplayServer::start(vec![Reply::events(TOOL_STREAM)]).await;
    let model = RemoteModel {
        reasons: true,
        ..remote(Provider::OpenAiResponses, &server)
    };
    let models = models_with(model, impatient()).await;
    ask(&models, hello()).await;
    let body = server.requests()[0].body.clone();
    assert_eq!(body["reasoning"], json!({"summary": "auto"}));
    assert_eq!(body.get("temperature"), None);
}

#[tokio::test]
async fn what_the_api_has_no_word_for_is_refused_unasked() {
    let server = ReplayServer::start(Vec::new()).await;
    let models = models_with(remote(Provider::OpenAiResponses, &server), impatient()).await;
    let sampling = Sampling {
        seed: Some(7),
        ..Sampling::default()
    };
    let (_, error) = ask(
        &models,
        GenerateRequest {
            sampling,
            ..hello()
        },
    )
    .await;
    let error = error.unwrap();
    assert!(
        matches!(error.kind(), ModelErrorKind::Unsupported(_)),
        "{error}"
    );
    assert!(server.requests().is_empty());
}

#[tokio::test]
async fn failures_and_breaks_in_a_stream_are_told_apart() {
    let said = "data: {\"type\":\"response.output_text.delta\",\"delta\":\"Half\"}\n\n";
    let failed = json!({"type": "response.failed", "response": {"status": "failed", "error": {"code": "rate_limit_exceeded", "message": "Slow down."}}});
    let error =
        json!({"type": "error", "code": "server_error", "message": "It broke.", "param": null});
    for (event, is_limited) in [(failed, true), (error, false)] {
        let stream = format!("{said}data: {event}\n\n");
        let server = ReplayServer::start(vec![Reply::events(stream)]).await;
        let models = models_with(remote(Provider::OpenAiResponses, &server), impatient()).await;
        let (events, error) = ask(&models, hello()).await;
        assert_eq!(text(&events), "Half");
        let kind = error.unwrap().kind().clone();
        let limited = ModelErrorKind::RateLimited { wait: None };
        assert_eq!(kind == limited, is_limited, "{event}: {kind:?}");
    }
    let server = ReplayServer::start(vec![Reply::events(said)]).await;
    let models = models_with(remote(Provider::OpenAiResponses, &server), impatient()).await;
    let (_, error) = ask(&models, hello()).await;
    assert_eq!(*error.unwrap().kind(), ModelErrorKind::Interrupted);
}
