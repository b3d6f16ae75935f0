//! Encoders as GGUF files, through llama.cpp: PyTorch's numbers too.

use std::collections::HashMap;
use std::fs::{self, File};
use std::path::{Path, PathBuf};

use candle_core::quantized::gguf_file::{Value, write};
use candle_core::quantized::{GgmlDType, QTensor};
use candle_core::{DType, Device, Tensor};
use karen_infer::testing::{embedding_adapter, reranking_adapter};
use karen_infer::{ModelErrorKind, Models};
use serde_json::Value as Json;

use super::goldens::goldens;
use super::{folder, models, name};

/// What a folder is called, and what its file says of it.
struct Kind {
    folder: &'static str,
    /// What stands before the names of its weights.
    prefix: &'static str,
    /// Positions that no token has.
    positions_before: usize,
    /// As llama.h counts them.
    pooling: u32,
}

const EMBEDDER: Kind = Kind {
    folder: "bert",
    prefix: "",
    positions_before: 0,
    pooling: 1,
};
const RERANKER: Kind = Kind {
    folder: "xlm-roberta-reranker",
    prefix: "roberta.",
    positions_before: 2,
    pooling: 4,
};

/// Writes the file that llama.cpp's converter would make of a folder.
fn write_gguf(kind: &Kind, into: &Path) -> PathBuf {
    let source = folder(kind.folder);
    let json = |file: &str| -> Json {
        serde_json::from_slice(&fs::read(source.join(file)).unwrap()).unwrap()
    };
    let metadata = metadata(kind, &json("config.json"), &json("tokenizer.json"));
    let weights = candle_core::safetensors::load(source.join("model.safetensors"), &Device::Cpu);
    let mut tensors = Vec::new();
    for (name, tensor) in weights.unwrap() {
        let Some(name) = tensor_name(name.strip_prefix(kind.prefix).unwrap_or(&name)) else {
            continue;
        };
        let mut tensor = tensor.to_dtype(DType::F32).unwrap();
        if name == "position_embd.weight" {
            let rows = tensor.dim(0).unwrap() - kind.positions_before;
            tensor = tensor.narrow(0, kind.positions_before, rows).unwrap();
        }
        if name == "token_types.weight" {
            tensor = tensor.narrow(0, 0, 1).unwrap();
        }
        tensors.push((name, quantised(&tensor)));
    }
    let path = into.join("encoder.gguf");
    let tensors: Vec<_> = tensors.iter().map(|(name, t)| (name.as_str(), t)).collect();
    let metadata: Vec<_> = metadata.iter().map(|(key, v)| (key.as_str(), v)).collect();
    write(&mut File::create(&path).unwrap(), &metadata, &tensors).unwrap();
    path
}

fn quantised(tensor: &Tensor) -> QTensor {
    QTensor::quantize(&tensor.force_contiguous().unwrap(), GgmlDType::F32).unwrap()
}

fn tensor_name(name: &str) -> Option<String> {
    let (stem, kind) = name.rsplit_once('.')?;
    let stem = match stem {
        "embeddings.word_embeddings" => "token_embd".to_owned(),
        "embeddings.position_embeddings" => "position_embd".to_owned(),
        "embeddings.token_type_embeddings" => "token_types".to_owned(),
        "embeddings.LayerNorm" => "token_embd_norm".to_owned(),
        "classifier.dense" => "cls".to_owned(),
        "classifier.out_proj" => "cls.output".to_owned(),
        layer => {
            let (number, part) = layer.strip_prefix("encoder.layer.")?.split_once('.')?;
            let part = match part {
                "attention.self.query" => "attn_q",
                "attention.self.key" => "attn_k",
                "attention.self.value" => "attn_v",
                "attention.output.dense" => "attn_output",
                "attention.output.LayerNorm" => "attn_output_norm",
                "intermediate.dense" => "ffn_up",
                "output.dense" => "ffn_down",
                "output.LayerNorm" => "layer_output_norm",
                _ => return None,
            };
            format!("blk.{number}.{part}")
        }
    };
    Some(format!("{stem}.{kind}"))
}

fn metadata(kind: &Kind, config: &Json, tokenizer: &Json) -> HashMap<String, Value> {
    let number = |field: &str| Value::U32(config[field].as_u64().unwrap() as u32);
    let id = |text: &str| Value::U32(tokenizer["model"]["vocab"][text].as_u64().unwrap() as u32);
    let text = |text: &str| Value::String(text.to_owned());
    let positions = config["max_position_embeddings"].as_u64().unwrap() as u32;
    let is_word_piece = tokenizer["model"]["type"] == "WordPiece";
    let (begin, end) = if is_word_piece {
        ("[CLS]", "[SEP]")
    } else {
        ("<s>", "</s>")
    };
    let mut fields = vec![
        ("general.architecture", text("bert")),
        (
            "bert.context_length",
            Value::U32(positions - kind.positions_before as u32),
        ),
        ("bert.embedding_length", number("hidden_size")),
        ("bert.feed_forward_length", number("intermediate_size")),
        ("bert.block_count", number("num_hidden_layers")),
        ("bert.attention.head_count", number("num_attention_heads")),
        ("bert.attention.layer_norm_epsilon", Value::F32(1e-12)),
        ("bert.attention.causal", Value::Bool(false)),
        ("bert.pooling_type", Value::U32(kind.pooling)),
        ("tokenizer.ggml.token_type_count", Value::U32(1)),
        ("tokenizer.ggml.bos_token_id", id(begin)),
        ("tokenizer.ggml.cls_token_id", id(begin)),
        ("tokenizer.ggml.eos_token_id", id(end)),
        ("tokenizer.ggml.seperator_token_id", id(end)),
    ];
    if is_word_piece {
        fields.push(("tokenizer.ggml.model", text("bert")));
        fields.push(("tokenizer.ggml.pre", text("default")));
    } else {
        let merges = tokenizer["model"]["merges"].as_array().unwrap();
        let merges = merges.iter().map(|pair| match pair {
            Json::Array(pair) => Value::String(format!(
                "{} {}",
                pair[0].as_str().unwrap(),
                pair[1].as_str().unwrap()
            )),
            pair => Value::String(pair.as_str().unwrap().to_owned()),
        });
        fields.push(("tokenizer.ggml.merges", Value::Array(merges.collect())));
        fields.push(("tokenizer.ggml.model", text("gpt2")));
        fields.push(("tokenizer.ggml.pre", text("roberta-bpe")));
        for added in ["add_bos_token", "add_eos_token", "add_sep_token"] {
            let key = format!("tokenizer.ggml.{added}");
            fields.push((Box::leak(key.into_boxed_str()), Value::Bool(true)));
        }
    }
    let (tokens, kinds) = tokens(tokenizer, is_word_piece);
    fields.push(("tokenizer.ggml.tokens", tokens));
    fields.push(("tokenizer.ggml.token_type", kinds));
    fields
        .into_iter()
        .map(|(key, value)| (key.to_owned(), value))
        .collect()
}

/// The words by id and their kinds: a word's beginning is marked, where the folder marks what follows.
fn tokens(tokenizer: &Json, is_word_piece: bool) -> (Value, Value) {
    let vocabulary = tokenizer["model"]["vocab"].as_object().unwrap();
    let mut words: Vec<(u64, &String)> = vocabulary
        .iter()
        .map(|(word, id)| (id.as_u64().unwrap(), word))
        .collect();
    words.sort();
    let added = tokenizer["added_tokens"].as_array().unwrap();
    let is_special = |id: u64| added.iter().any(|token| token["id"] == id);
    let word = |&(id, word): &(u64, &String)| {
        Value::String(match word.strip_prefix("##") {
            _ if is_special(id) || !is_word_piece => word.clone(),
            Some(rest) => rest.to_owned(),
            None => format!("\u{2581}{word}"),
        })
    };
    let kind = |&(id, _): &(u64, &String)| Value::I32(if is_special(id) { 3 } else { 1 });
    (
        Value::Array(words.iter().map(word).collect()),
        Value::Array(words.iter().map(kind).collect()),
    )
}

async fn added(kind: &Kind) -> (Models, tempfile::TempDir) {
    let folder = tempfile::tempdir().unwrap();
    let path = write_gguf(kind, folder.path());
    let models = models().await;
    models.add(&path, Some(&name("encoder"))).await.unwrap();
    (models, folder)
}

/// How near a text's row is to PyTorch's at least. llama.cpp splits words of other scripts and signs a
/// little otherwise than BERT's own tokenizer.
fn least(text: &str) -> f32 {
    if text.is_ascii() { 0.9999 } else { 0.99 }
}

#[tokio::test]
async fn texts_embed_as_sentence_transformers_embeds_them() {
    let (models, _folder) = added(&EMBEDDER).await;
    let goldens = goldens();
    let golden = goldens
        .embedders
        .iter()
        .find(|g| g.folder == EMBEDDER.folder);
    for case in &golden.unwrap().texts {
        let rows = models
            .embed(&name("encoder"), std::slice::from_ref(&case.text))
            .await
            .unwrap();
        let cosine: f32 = rows[0].iter().zip(&case.vector).map(|(a, b)| a * b).sum();
        assert!(cosine > least(&case.text), "{:?}: {cosine}", case.text);
    }
    let texts: Vec<_> = golden
        .unwrap()
        .texts
        .iter()
        .map(|case| case.text.clone())
        .collect();
    let together = models.embed(&name("encoder"), &texts).await.unwrap();
    for (row, case) in together.iter().zip(&golden.unwrap().texts) {
        let cosine: f32 = row.iter().zip(&case.vector).map(|(a, b)| a * b).sum();
        assert!(
            cosine > least(&case.text),
            "{:?} among others: {cosine}",
            case.text
        );
    }
    embedding_adapter(&*models.adapter(&name("encoder")).unwrap()).await;
}

#[tokio::test]
async fn documents_are_scored_as_sentence_transformers_scores_them() {
    let (models, _folder) = added(&RERANKER).await;
    let goldens = goldens();
    let golden = goldens
        .rerankers
        .iter()
        .find(|g| g.folder == RERANKER.folder);
    let golden = golden.unwrap();
    let texts: Vec<_> = golden
        .documents
        .iter()
        .map(|case| case.text.clone())
        .collect();
    let scores = models
        .rerank(&name("encoder"), &golden.query, &texts)
        .await
        .unwrap();
    for (score, case) in scores.iter().zip(&golden.documents) {
        assert!(
            (score - case.score).abs() < 1e-3,
            "{:?}: {score} for {}",
            case.text,
            case.score
        );
    }
    reranking_adapter(&*models.adapter(&name("encoder")).unwrap()).await;
}

#[tokio::test]
async fn a_text_that_is_too_long_is_refused_and_the_next_one_embeds() {
    let (models, _folder) = added(&EMBEDDER).await;
    let long = ["a ".repeat(200)];
    let error = models.embed(&name("encoder"), &long).await.unwrap_err();
    let is_told = matches!(
        error.kind(),
        ModelErrorKind::PromptTooLong {
            context_tokens: 64,
            ..
        }
    );
    assert!(is_told, "{error:?}");
    models
        .embed(&name("encoder"), &["a dog".to_owned()])
        .await
        .unwrap();
}
