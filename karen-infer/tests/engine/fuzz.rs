//! Requests of every kind at once: what can be answered is, what is kept to a form is of it, and
//! nothing ends the engine. An engine with nothing to do finds out whether its cache holds what it
//! should, cell by cell.

use futures::StreamExt;
use futures::stream::FuturesUnordered;
use karen_infer::{
    AnswerFormat, FinishReason, GenerateEvent, GenerateRequest, Message, ModelErrorKind, Models,
    Priority, Sampling, ToolChoice, ToolSpec, Waiting,
};
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use serde_json::{Value, json};

use super::{check_goldens_at_once, demo};

/// Requests that are under way at once.
const AT_ONCE: usize = 12;

/// How one of them ended.
struct End {
    text: String,
    finish: Result<FinishReason, ModelErrorKind>,
}

fn requests() -> usize {
    match std::env::var_os("KAREN_PROVE") {
        Some(_) => 10_000,
        None => 50,
    }
}

#[tokio::test]
async fn whatever_is_asked_the_engine_lives_and_loses_no_cell() {
    let (models, _) = demo().await;
    let mut random = StdRng::seed_from_u64(20_261_201);
    let mut under_way = FuturesUnordered::new();
    let mut ends = [0; 3];
    for _ in 0..requests() {
        if under_way.len() == AT_ONCE {
            ends[under_way.next().await.unwrap()] += 1;
        }
        let (request, stop_after) = (request(&mut random), stop_after(&mut random));
        under_way.push(check(&models, request, stop_after));
    }
    while let Some(end) = under_way.next().await {
        ends[end] += 1;
    }
    let [answered, refused, cancelled] = ends;
    println!("answered {answered}, refused {refused}, cancelled {cancelled}");
    assert!(answered > 0 && refused > 0 && cancelled > 0, "{ends:?}");
    check_goldens_at_once(&models, 1).await;
}

/// Asks, and gives 0 for an answer, 1 for a refusal, 2 for one that was cancelled.
async fn check(models: &Models, request: GenerateRequest, stop_after: Option<usize>) -> usize {
    let format = request.format.clone();
    let end = ended(models, request, stop_after).await;
    match end.finish {
        Ok(FinishReason::Cancelled) => 2,
        Ok(FinishReason::Stop) => {
            check_form(&format, &end.text);
            0
        }
        Ok(_) => 0,
        Err(kind) => {
            let is_refused = matches!(
                kind,
                ModelErrorKind::Invalid(_) | ModelErrorKind::PromptTooLong { .. }
            );
            assert!(is_refused, "{kind:?} for {format:?}");
            1
        }
    }
}

async fn ended(models: &Models, request: GenerateRequest, stop_after: Option<usize>) -> End {
    let mut end = End {
        text: String::new(),
        finish: Ok(FinishReason::Cancelled),
    };
    let mut answer = match models.generate(request).await {
        Ok(answer) => answer,
        Err(error) => {
            end.finish = Err(error.kind().clone());
            return end;
        }
    };
    let mut events = 0;
    while let Some(event) = answer.next().await {
        if stop_after == Some(events) {
            answer.cancel();
        }
        events += 1;
        match event {
            Ok(GenerateEvent::TextDelta(delta)) => end.text.push_str(&delta),
            Ok(GenerateEvent::Done(finish)) => {
                end.finish = Ok(finish);
                return end;
            }
            Ok(_) => {}
            Err(error) => {
                end.finish = Err(error.kind().clone());
                return end;
            }
        }
    }
    panic!("an answer that has no end");
}

fn check_form(format: &AnswerFormat, text: &str) {
    match format {
        AnswerFormat::Json => {
            let value: Value = serde_json::from_str(text).unwrap();
            assert!(value.is_object(), "{text}");
        }
        AnswerFormat::Schema { schema, .. } if schema["type"] == "object" => {
            let value: Value = serde_json::from_str(text).unwrap();
            let count = value["count"].as_i64().unwrap();
            assert!((1..=9).contains(&count), "{text}");
        }
        AnswerFormat::Regex(expression) if expression == "[a-c]{2,5}" => {
            let fits = |c: char| ('a'..='c').contains(&c);
            assert!(
                (2..=5).contains(&text.len()) && text.chars().all(fits),
                "{text:?}"
            );
        }
        _ => {}
    }
}

fn request(random: &mut StdRng) -> GenerateRequest {
    let format = format(random);
    let is_free = format == AnswerFormat::Text;
    let calls = is_free && random.random_bool(0.15);
    GenerateRequest {
        messages: messages(random),
        tools: if calls { vec![tool()] } else { Vec::new() },
        tool_choice: if calls {
            ToolChoice::Required
        } else {
            ToolChoice::Auto
        },
        sampling: sampling(random),
        stop: match random.random_range(0..8) {
            0 => vec!["e".to_owned(), "\n".to_owned()],
            _ => Vec::new(),
        },
        max_tokens: Some(random.random_range(0..40)),
        waiting: Waiting {
            priority: [Priority::Low, Priority::Normal, Priority::High][random.random_range(0..3)],
            at_most: None,
        },
        format,
        ..GenerateRequest::default()
    }
}

fn messages(random: &mut StdRng) -> Vec<Message> {
    let words = [
        "Hello",
        "dog",
        "<|im_start|>",
        "é\u{301}\u{200d}",
        "\0",
        "{{ x }}",
        "🦀",
        "\n\n",
    ];
    let length = match random.random_range(0..20) {
        0 => 3000,
        _ => random.random_range(0..40),
    };
    let text: Vec<&str> = (0..length)
        .map(|_| words[random.random_range(0..words.len())])
        .collect();
    let mut messages = vec![Message::system("You are Karen."); random.random_range(0..2)];
    messages.push(Message::user(text.join(" ")));
    messages
}

fn sampling(random: &mut StdRng) -> Sampling {
    Sampling {
        temperature: [0.0, 0.7, 2.0, 100.0, 1e-30][random.random_range(0..5)],
        top_k: [0, 1, 5, u32::MAX][random.random_range(0..4)],
        top_p: [1.0, 0.9, 0.0][random.random_range(0..3)],
        min_p: [0.0, 0.1, 1.0, 5.0][random.random_range(0..4)],
        repeat_penalty: [1.0, 1.3, 0.0][random.random_range(0..3)],
        presence_penalty: [0.0, 2.0, -2.0][random.random_range(0..3)],
        frequency_penalty: [0.0, 2.0, -2.0][random.random_range(0..3)],
        seed: random.random_bool(0.5).then(|| random.random()),
    }
}

fn format(random: &mut StdRng) -> AnswerFormat {
    let schema = |schema| AnswerFormat::Schema {
        name: "thing".to_owned(),
        schema,
        strict: true,
    };
    match random.random_range(0..14) {
        0 => AnswerFormat::Json,
        1 | 2 => schema(json!({
            "type": "object",
            "properties": { "count": { "type": "integer", "minimum": 1, "maximum": 9 } },
            "required": ["count"],
            "additionalProperties": false,
        })),
        3 => schema(json!({ "$ref": "#" })),
        4 => schema(json!({ "type": "array", "minItems": 3, "maxItems": 2 })),
        5 => AnswerFormat::Regex("[a-c]{2,5}".to_owned()),
        6 => AnswerFormat::Regex("(a{1,1000}){1,1000}".to_owned()),
        7 => AnswerFormat::Regex("(".to_owned()),
        8 => AnswerFormat::Grammar("start: \"yes\" | \"no\"".to_owned()),
        9 => AnswerFormat::Grammar("start: start".to_owned()),
        10 => AnswerFormat::Grammar("\u{0}%%".to_owned()),
        _ => AnswerFormat::Text,
    }
}

fn tool() -> ToolSpec {
    ToolSpec {
        name: "weather".to_owned(),
        description: String::new(),
        parameters: json!({ "type": "object", "properties": { "city": { "enum": ["Oslo"] } } }),
    }
}

fn stop_after(random: &mut StdRng) -> Option<usize> {
    random.random_bool(0.25).then(|| random.random_range(0..10))
}
