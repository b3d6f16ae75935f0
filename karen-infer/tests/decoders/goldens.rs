//! The tokens are PyTorch's, and the adapter keeps the contract.

use std::fs;

use futures::StreamExt;
use karen_infer::testing::model_adapter;
use karen_infer::{
    AnswerFormat, CompletionRequest, FinishReason, GenerateEvent, GenerateRequest, Message,
    ModelName, Models, Sampling, ToolChoice, ToolSpec, Usage,
};
use safetensors::SafeTensors;
use serde::Deserialize;
use serde_json::json;

use super::{added, folder};

#[derive(Deserialize)]
struct Goldens {
    prompts: Vec<GoldenPrompt>,
    texts: Vec<GoldenText>,
}

#[derive(Deserialize)]
struct GoldenPrompt {
    prompt: String,
    messages: Vec<Message>,
    prompt_ids: Vec<i32>,
    greedy_ids: Vec<i32>,
}

#[derive(Deserialize)]
struct GoldenText {
    text: String,
    ids: Vec<i32>,
}

fn goldens() -> Goldens {
    serde_json::from_str(include_str!("../../../tests/model/goldens.json")).unwrap()
}

fn going_on(prompt: &str, max_tokens: u32) -> CompletionRequest {
    CompletionRequest {
        prompt: prompt.to_owned(),
        max_tokens: Some(max_tokens),
        ignore_end: true,
        token_ids: true,
        ..CompletionRequest::default()
    }
}

async fn run(models: &Models, request: CompletionRequest) -> (Vec<i32>, Usage) {
    let mut generation = models.complete(request).await.unwrap();
    let (mut ids, mut usage) = (Vec::new(), None);
    while let Some(event) = generation.next().await {
        match event.unwrap() {
            GenerateEvent::Token(id) => ids.push(id),
            GenerateEvent::Usage(used) => usage = Some(used),
            _ => {}
        }
    }
    (ids, usage.unwrap())
}

async fn check_goldens(models: &Models) {
    for golden in goldens().prompts {
        let (ids, usage) = run(models, going_on(&golden.prompt, 64)).await;
        assert_eq!(ids, golden.greedy_ids, "{:?}", golden.prompt);
        assert_eq!(usage.prompt_tokens as usize, golden.prompt_ids.len());
    }
}

#[tokio::test]
async fn greedy_tokens_are_those_of_pytorch_in_every_family_that_computes_the_same() {
    for family in ["llama", "mistral", "qwen2", "phi3"] {
        let folder = folder(family);
        check_goldens(&added(folder.path()).await).await;
    }
}

#[tokio::test]
async fn a_prompt_that_is_read_in_two_turns_is_answered_as_one_in_every_family() {
    let golden = &goldens().prompts[0].prompt;
    let (half, _) = golden.split_at(golden.find("<|im_end|>").unwrap());
    for family in [
        "llama", "mistral", "qwen2", "qwen3", "phi3", "gemma", "gemma2",
    ] {
        let folder = folder(family);
        let models = added(folder.path()).await;
        let (whole, usage) = run(&models, going_on(golden, 8)).await;
        assert_eq!(usage.cached_tokens, 0);
        run(&models, going_on(half, 1)).await;
        let (in_two, usage) = run(&models, going_on(golden, 8)).await;
        assert_eq!(whole, in_two, "{family}");
        assert!(usage.cached_tokens > 0, "{family}: {usage:?}");
    }
}

#[tokio::test]
async fn weights_in_several_files_are_put_together() {
    let folder = folder("llama");
    let whole = folder.path().join("model.safetensors");
    let bytes = fs::read(&whole).unwrap();
    let file = SafeTensors::deserialize(&bytes).unwrap();
    let (even, odd): (Vec<_>, Vec<_>) = file.iter().enumerate().partition(|(i, _)| i % 2 == 0);
    let mut files = serde_json::Map::new();
    for (shard, part) in [("one.safetensors", even), ("two.safetensors", odd)] {
        let part: Vec<_> = part.into_iter().map(|(_, tensor)| tensor).collect();
        for (name, _) in &part {
            files.insert((*name).to_owned(), shard.into());
        }
        safetensors::serialize_to_file(part, None, &folder.path().join(shard)).unwrap();
    }
    fs::remove_file(whole).unwrap();
    let index = json!({ "weight_map": files }).to_string();
    fs::write(folder.path().join("model.safetensors.index.json"), index).unwrap();
    check_goldens(&added(folder.path()).await).await;
}

#[tokio::test]
async fn prompts_and_odd_texts_are_tokenised_as_in_pytorch() {
    let folder = folder("llama");
    let models = added(folder.path()).await;
    let name = ModelName::parse("demo").unwrap();
    for golden in goldens().prompts {
        let counted = models.count_prompt(&name, &golden.messages, &[]).await;
        assert_eq!(counted.unwrap() as usize, golden.prompt_ids.len());
    }
    for golden in goldens().texts {
        let counted = models.count_text(&name, &golden.text).await.unwrap();
        assert_eq!(counted as usize, golden.ids.len(), "{:?}", golden.text);
    }
}

#[tokio::test]
async fn the_next_turn_goes_on_from_the_last_one_and_a_seed_begins_anew() {
    let folder = folder("llama");
    let models = added(folder.path()).await;
    let golden = &goldens().prompts[0];
    let (first, usage) = run(&models, going_on(&golden.prompt, 8)).await;
    assert_eq!(usage.cached_tokens, 0);
    let next = format!("{}Your favourite game is Pop.<|im_end|>", golden.prompt);
    let (_, usage) = run(&models, going_on(&next, 8)).await;
    let (again, _) = run(&models, going_on(&golden.prompt, 8)).await;
    assert_eq!(first, again);
    assert!(
        usage.cached_tokens as usize >= golden.prompt_ids.len(),
        "{usage:?}"
    );
    let seeded = CompletionRequest {
        sampling: Sampling {
            seed: Some(1),
            ..Sampling::default()
        },
        ..going_on(&next, 8)
    };
    assert_eq!(run(&models, seeded).await.1.cached_tokens, 0);
}

#[tokio::test]
async fn answers_keep_to_a_schema_and_call_the_tool_that_they_must() {
    let folder = folder("llama");
    let models = added(folder.path()).await;
    let schema = json!({
        "type": "object",
        "properties": { "city": { "enum": ["Oslo", "Rome"] } },
        "required": ["city"],
        "additionalProperties": false,
    });
    let chat = || GenerateRequest {
        messages: vec![Message::user("Hello!")],
        ..GenerateRequest::default()
    };
    let kept = GenerateRequest {
        format: AnswerFormat::Schema {
            name: "place".to_owned(),
            schema: schema.clone(),
            strict: true,
        },
        ..chat()
    };
    let (text, _, finish) = answered(&models, kept).await;
    let value: serde_json::Value = serde_json::from_str(&text).unwrap();
    assert!(["Oslo", "Rome"].contains(&value["city"].as_str().unwrap()));
    assert_eq!(finish, FinishReason::Stop);
    let must_call = GenerateRequest {
        tools: vec![ToolSpec {
            name: "weather".to_owned(),
            description: String::new(),
            parameters: schema,
        }],
        tool_choice: ToolChoice::Required,
        ..chat()
    };
    let (text, calls, finish) = answered(&models, must_call).await;
    assert_eq!((text.as_str(), finish), ("", FinishReason::ToolCalls));
    assert_eq!(calls, ["weather"]);
}

async fn answered(
    models: &Models,
    request: GenerateRequest,
) -> (String, Vec<String>, FinishReason) {
    let mut generation = models.generate(request).await.unwrap();
    let (mut text, mut calls, mut finish) = (String::new(), Vec::new(), None);
    while let Some(event) = generation.next().await {
        match event.unwrap() {
            GenerateEvent::TextDelta(delta) => text.push_str(&delta),
            GenerateEvent::ToolCall(call) => calls.push(call.name),
            GenerateEvent::Done(reason) => finish = Some(reason),
            _ => {}
        }
    }
    (text, calls, finish.unwrap())
}

#[tokio::test]
async fn the_decoder_adapter_keeps_the_contract() {
    let folder = folder("llama");
    let models = added(folder.path()).await;
    let name = ModelName::parse("demo").unwrap();
    model_adapter(&*models.adapter(&name).unwrap()).await;
}
