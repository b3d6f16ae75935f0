//! Reranking and embedding over HTTP, with models as Hugging Face has them.
#![cfg(feature = "candle")]

use std::path::Path;

use serde_json::{Value, json};

use crate::harness::{Site, text};

const DOCUMENTS: [&str; 3] = [
    "a",
    "My dog is called Biscuit.",
    "The train to Lisbon leaves at noon.",
];

/// A site with one of the models that `tests/model/encoders.py` writes, and its owner's token.
async fn site(model: &str) -> (Site, String) {
    let site = Site::open().await;
    let token = site.owner().await;
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/model/encoders");
    let added = json!({ "path": folder.join(model) });
    site.post("/api/v1/models", &token, &added)
        .await
        .expect(201);
    (site, token)
}

fn ask() -> Value {
    json!({ "model": "bert-reranker", "query": "What is my dog called?", "documents": DOCUMENTS })
}

#[tokio::test]
async fn documents_come_back_the_best_first() {
    let (site, token) = site("bert-reranker").await;
    let answer = site.post("/v1/rerank", &token, &ask()).await;
    let answer = answer.expect(200).json();
    assert_eq!(answer["model"], "bert-reranker");
    let results = answer["results"].as_array().expect("list");
    let places: Vec<u64> = results.iter().flat_map(|r| r["index"].as_u64()).collect();
    assert_eq!(places, [1, 2, 0]);
    // What PyTorch gives: `tests/model/encoder_goldens.json`.
    for (result, golden) in results.iter().zip([0.607797, 0.591994, 0.2781]) {
        let score = result["relevance_score"].as_f64().expect("number");
        assert!((score - golden).abs() < 1e-4, "{score} is not {golden}");
        assert_eq!(result.get("document"), None);
    }
}

#[tokio::test]
async fn as_many_come_back_as_are_wanted_with_their_documents() {
    let (site, token) = site("bert-reranker").await;
    let mut wanted = ask();
    wanted["documents"][1] = json!({ "text": DOCUMENTS[1] });
    wanted["top_n"] = json!(1);
    wanted["return_documents"] = json!(true);
    let answer = site.post("/v1/rerank", &token, &wanted).await;
    let results = answer.expect(200).json()["results"].clone();
    assert_eq!(results.as_array().map(Vec::len), Some(1));
    assert_eq!(results[0]["document"], json!({ "text": DOCUMENTS[1] }));
}

#[tokio::test]
async fn what_cannot_be_reranked_says_why() {
    let (site, token) = site("bert-reranker").await;
    let long = "dog ".repeat(300);
    for (field, value, status, code) in [
        ("model", json!("nobody"), 404, "model_not_found"),
        ("model", json!("karen-static"), 400, "UNSUPPORTED"),
        ("documents", json!([]), 400, "INVALID_ARGUMENT"),
        ("documents", json!(vec!["x"; 1001]), 400, "INVALID_ARGUMENT"),
        ("documents", json!(["a", long]), 413, "TOO_LARGE"),
        ("top_n", json!(0), 400, "INVALID_ARGUMENT"),
        ("rank_fields", json!(["a"]), 400, "INVALID_ARGUMENT"),
    ] {
        let mut wanted = ask();
        wanted[field] = value;
        let refused = site.post("/v1/rerank", &token, &wanted).await;
        assert_eq!(refused.status, status, "{field}: {}", refused.text());
        assert!(refused.text().contains(code), "{field}: {}", refused.text());
    }
}

#[tokio::test]
async fn an_encoder_answers_where_openai_embeds() {
    let (site, token) = site("bert").await;
    let wanted = json!({ "model": "bert", "input": ["a", "My dog is called Biscuit."] });
    let answer = site.post("/v1/embeddings", &token, &wanted).await;
    let answer = answer.expect(200).json();
    assert_eq!(
        answer["data"][1]["embedding"].as_array().map(Vec::len),
        Some(32)
    );
    assert_eq!(answer["usage"]["prompt_tokens"], 16);
    let models = site.get("/api/v1/models", &token).await.expect(200).json();
    let listed = models["data"].as_array().expect("list");
    let bert = listed.iter().find(|model| text(&model["name"]) == "bert");
    let bert = bert.expect("it is listed");
    assert_eq!(
        (&bert["format"], &bert["state"]),
        (&json!("safetensors"), &json!("warm"))
    );
}
