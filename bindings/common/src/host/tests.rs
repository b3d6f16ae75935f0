//! A host's functions and models keep the contracts of core's ports.

use std::sync::mpsc;
use std::time::Duration;

use futures::StreamExt;
use karen_core::infer::{Capabilities, GenerateEvent, ModelAdapter, ModelErrorKind, ModelName};
use karen_core::{Karen, Principal, ToolSpec, TurnEvent};
use serde_json::{Value, json};

use super::*;

const WORDS: &[&str] = &["Once ", "upon ", "a ", "time ", "there ", "was ", "tea."];
const CONTEXT_TOKENS: u32 = 64;

/// Says the same words whatever it is asked; a token is a word.
struct Storyteller;

impl HostModel for Storyteller {
    fn load(&self, reply: Reply<()>) {
        reply.send(Ok(()));
    }

    fn unload(&self, reply: Reply<()>) {
        reply.send(Ok(()));
    }

    fn generate(&self, _request: HostRequest, pieces: Pieces) {
        for word in WORDS {
            if !pieces.send(Ok(Piece::Text((*word).to_owned()))) {
                return;
            }
        }
    }

    fn count(&self, request: HostRequest, reply: Reply<u32>) {
        let said = request
            .messages
            .iter()
            .map(|message| message.content.as_str());
        let words = said
            .chain(request.text.as_deref())
            .flat_map(str::split_whitespace);
        reply.send(Ok(u32::try_from(words.count()).expect("a short prompt")));
    }

    fn embed(&self, texts: Vec<String>, reply: Reply<Vec<Vec<f32>>>) {
        reply.send(Ok(texts
            .iter()
            .map(|text| vec![text.len() as f32, 0.0])
            .collect()));
    }
}

fn storyteller() -> HostAdapter {
    let capabilities = Capabilities {
        generate: true,
        embed: true,
        complete: true,
        tools: true,
        context_tokens: CONTEXT_TOKENS,
        ..Capabilities::default()
    };
    HostAdapter::new(Storyteller, capabilities)
}

struct Function<F>(F);

impl<F: Fn(Value, Reply<Value>) + Send + Sync + 'static> HostFunction for Function<F> {
    fn call(&self, arguments: Value, _user: &str, reply: Reply<Value>) {
        (self.0)(arguments, reply);
    }
}

fn tool(function: impl Fn(Value, Reply<Value>) + Send + Sync + 'static) -> HostTool {
    let spec = ToolSpec {
        name: "double".to_owned(),
        description: "Doubles a number.".to_owned(),
        parameters: json!({ "type": "object", "properties": { "n": { "type": "number" } } }),
    };
    HostTool::new(spec, Function(function))
}

#[tokio::test]
async fn a_hosts_model_is_a_model_adapter() {
    karen_core::infer::testing::model_adapter(&storyteller()).await;
}

#[tokio::test]
async fn the_suite_refuses_a_model_that_counts_wrongly() {
    struct Miscounting;
    impl HostModel for Miscounting {
        fn load(&self, reply: Reply<()>) {
            Storyteller.load(reply);
        }
        fn unload(&self, reply: Reply<()>) {
            Storyteller.unload(reply);
        }
        fn generate(&self, request: HostRequest, pieces: Pieces) {
            let usage = karen_core::infer::Usage::default();
            let _ = pieces.send(Ok(Piece::Usage(usage)));
            Storyteller.generate(request, pieces);
        }
        fn count(&self, request: HostRequest, reply: Reply<u32>) {
            Storyteller.count(request, reply);
        }
        fn embed(&self, texts: Vec<String>, reply: Reply<Vec<Vec<f32>>>) {
            Storyteller.embed(texts, reply);
        }
    }
    let capabilities = storyteller().capabilities();
    let adapter = HostAdapter::new(Miscounting, capabilities);
    let suite = async move { karen_core::infer::testing::model_adapter(&adapter).await };
    assert!(tokio::spawn(suite).await.is_err_and(|e| e.is_panic()));
}

#[tokio::test]
async fn a_hosts_function_is_a_tool() {
    let double = tool(|arguments, reply| {
        let n = arguments["n"].as_f64().expect("a number");
        reply.send(Ok(json!(2.0 * n)));
    });
    karen_core::testing::tool(double, json!({ "n": 4 })).await;
}

#[tokio::test]
async fn a_host_that_gives_no_answer_fails_and_holds_nobody_up() {
    let silent = tool(|_, reply| drop(reply));
    let principal = Principal::local();
    let call = karen_core::ToolInvocation {
        principal: &principal,
        arguments: &json!({}),
    };
    let error = karen_core::Tool::call(&silent, call)
        .await
        .expect_err("silent");
    assert!(error.to_string().contains("no answer"), "{error}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_host_hears_that_nobody_waits_any_more() {
    let (told, hears) = mpsc::channel();
    let slow = tool(move |_, reply| {
        let told = told.clone();
        let gone = move || told.send(()).expect("somebody listens");
        reply.when_abandoned(gone).expect("a runtime");
        std::mem::forget(reply);
    });
    let principal = Principal::local();
    let arguments = json!({});
    let call = karen_core::ToolInvocation {
        principal: &principal,
        arguments: &arguments,
    };
    let running = karen_core::Tool::call(&slow, call);
    tokio::time::timeout(Duration::from_millis(100), running)
        .await
        .expect_err("it never answers");
    hears
        .recv_timeout(Duration::from_secs(60))
        .expect("the host is told");
}

#[tokio::test]
async fn a_turn_is_answered_by_a_hosts_model() {
    let karen = Karen::builder().in_memory().open().await.expect("opens");
    let name = ModelName::parse("storyteller").expect("a name");
    let adapter = std::sync::Arc::new(HostAdapter::new(
        Storyteller,
        Capabilities {
            context_tokens: 4096,
            ..storyteller().capabilities()
        },
    ));
    karen
        .models()
        .register(&name, adapter)
        .expect("a free name");
    let session = karen.session(Principal::local());
    let mut turn = session
        .chat("Tell me something.")
        .stream()
        .await
        .expect("begins");
    let (mut text, mut answered) = (String::new(), None);
    while let Some(event) = turn.next().await {
        match event.expect("no error").event {
            TurnEvent::Delta { text: piece } => text += &piece,
            TurnEvent::Done { model_answered, .. } => answered = model_answered,
            _ => {}
        }
    }
    assert_eq!(text, WORDS.concat());
    assert_eq!(answered.as_deref(), Some("storyteller"));
    karen.close().await.expect("closes");
}

#[tokio::test]
async fn an_error_of_the_hosts_ends_the_answer_in_its_words() {
    struct Failing;
    impl HostModel for Failing {
        fn load(&self, reply: Reply<()>) {
            reply.send(Err(HostError::new("the cupboard is empty")));
        }
        fn unload(&self, reply: Reply<()>) {
            Storyteller.unload(reply);
        }
        fn generate(&self, _request: HostRequest, pieces: Pieces) {
            let _ = pieces.send(Err(HostError::new("the kettle is cold")));
        }
        fn count(&self, request: HostRequest, reply: Reply<u32>) {
            Storyteller.count(request, reply);
        }
        fn embed(&self, _texts: Vec<String>, reply: Reply<Vec<Vec<f32>>>) {
            drop(reply);
        }
    }
    let adapter = HostAdapter::new(Failing, storyteller().capabilities());
    let error = adapter.load().await.expect_err("it cannot be loaded");
    assert_eq!(
        *error.kind(),
        ModelErrorKind::Load("the cupboard is empty".to_owned())
    );
    assert!(!adapter.is_loaded());
}

#[tokio::test]
async fn rows_of_a_hosts_embedder_have_length_one() {
    let texts = ["four".to_owned(), String::new()];
    let rows = storyteller().embed(&texts).await.expect("embeds");
    assert_eq!(rows, [vec![1.0, 0.0], vec![0.0, 0.0]]);
}

#[tokio::test]
async fn a_stream_of_events_has_no_token_ids() {
    let (sender, receiver) = Pieces::channel();
    drop(sender);
    let job = karen_core::infer::Job {
        prompt: karen_core::infer::Prompt::Text("x".to_owned()),
        tool_choice: karen_core::infer::ToolChoice::Auto,
        format: karen_core::infer::AnswerFormat::Text,
        sampling: karen_core::infer::Sampling::default(),
        stop: Vec::new(),
        max_tokens: None,
        ignore_end: false,
        token_ids: true,
        waiting: karen_core::infer::Waiting::default(),
        cancel: tokio_util::sync::CancellationToken::new(),
    };
    let events: Vec<_> = answer::Answer::new(&job, 1, 8, receiver)
        .stream()
        .collect()
        .await;
    assert!(matches!(
        events[..],
        [Ok(GenerateEvent::Usage(_)), Ok(GenerateEvent::Done(_))]
    ));
}
