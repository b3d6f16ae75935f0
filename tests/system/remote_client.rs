//! OpenAI's own Python client through Karen to a provider: tools, pictures, schemas, thoughts and
//! failures arrive as the provider sends them.

use karen_core::infer::testing::{ReplayServer, Reply, Requested};
use karen_core::infer::{ModelName, Provider, RemoteModel, Route};
use serde_json::{Value, json};
use tokio::process::Command;

use crate::host::Host;
use crate::paths;

/// What the provider answers, by what it is asked.
fn provider(request: &Requested) -> Option<Reply> {
    let body = &request.body;
    if request.path == "/v1/embeddings" {
        let row = json!({"object": "embedding", "index": 0, "embedding": [3.0, 4.0]});
        return Some(Reply::json(200, &json!({"object": "list", "data": [row]})));
    }
    if body["model"] == "busy" {
        let error = json!({"error": {"message": "slow down", "code": "rate_limit_exceeded"}});
        let limited = Reply::json(429, &error).header("retry-after", "7");
        return Some(limited.header("x-should-retry", "false"));
    }
    if body["model"] == "gone" {
        return Some(Reply::json(503, &json!({})).header("x-should-retry", "false"));
    }
    if body["tool_choice"] != Value::Null {
        assert_eq!(body["tool_choice"]["function"]["name"], "weather");
        return Some(stream(
            &[
                json!({"tool_calls": [{"index": 0, "id": "call_1", "function": {"name": "weather", "arguments": "{\"city\""}}]}),
                json!({"tool_calls": [{"index": 0, "function": {"arguments": ": \"Oslo\"}"}}]}),
            ],
            "tool_calls",
        ));
    }
    if body["response_format"] != Value::Null {
        let format = &body["response_format"];
        assert_eq!(
            format["json_schema"]["schema"]["properties"]["name"]["type"],
            "string"
        );
        assert_eq!(format["json_schema"]["strict"], true);
        return Some(stream(
            &[json!({"content": "{\"name\": \"Biscuit\", \"legs\": 4}"})],
            "stop",
        ));
    }
    if body["messages"][0]["content"][1]["image_url"]["url"] == "data:image/png;base64,AAAA" {
        return Some(stream(&[json!({"content": "A picture."})], "stop"));
    }
    let pieces = ["Hello", ", ", "Ada."].map(|piece| json!({"content": piece}));
    let thought = json!({"reasoning_content": "They greet."});
    Some(stream(&[&[thought], &pieces[..]].concat(), "stop"))
}

fn stream(deltas: &[Value], finish: &str) -> Reply {
    let chunk = |delta: &Value, finish: Option<&str>| json!({"choices": [{"index": 0, "delta": delta, "finish_reason": finish}]});
    let mut chunks: Vec<Value> = deltas.iter().map(|delta| chunk(delta, None)).collect();
    chunks.push(chunk(&json!({}), Some(finish)));
    chunks.push(json!({"choices": [], "usage": {"prompt_tokens": 11, "completion_tokens": 5, "total_tokens": 16}}));
    let events: String = chunks
        .iter()
        .map(|chunk| format!("data: {chunk}\n\n"))
        .collect();
    Reply::events(events + "data: [DONE]\n\n")
}

fn name(text: &str) -> ModelName {
    ModelName::parse(text).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn openais_python_client_reaches_a_provider_through_karen() {
    let upstream = ReplayServer::answering(provider).await;
    let host = Host::start().await;
    let models = host.karen.models();
    for model in ["chat", "busy", "gone", "embed-small"] {
        let remote = RemoteModel {
            base_url: Some(format!("{}/v1", upstream.url())),
            key_env: None,
            ..RemoteModel::new(Provider::OpenAi, model)
        };
        models.add_remote_for_now(&name(model), remote).unwrap();
    }
    let main = Route::fallback([name("gone"), name("chat")]);
    models.set_route(&name("main"), main).unwrap();
    let output = Command::new(paths::python())
        .arg(paths::root().join("tests/openai/remote.py"))
        .args([format!("{}/v1", host.url), host.api_key().await])
        .output()
        .await
        .expect("scripts/setup.sh build test installs OpenAI's client");
    let said = String::from_utf8_lossy(&output.stdout);
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{said}\n{errors}");
    assert_eq!(
        said.lines().filter(|line| line.starts_with("ok ")).count(),
        8,
        "{said}"
    );
}
