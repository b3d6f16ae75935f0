//! The numbers are PyTorch's, and the adapters keep the contract.

use karen_infer::testing::{embedding_adapter, reranking_adapter};
use karen_infer::{ModelFormat, ModelState, Models, ModelsConfig, Prompt};
use serde::Deserialize;

use super::{adapter, folder, models, name};

#[derive(Deserialize)]
pub(crate) struct Goldens {
    pub(crate) embedders: Vec<EmbedderGolden>,
    pub(crate) rerankers: Vec<RerankerGolden>,
}

#[derive(Deserialize)]
pub(crate) struct EmbedderGolden {
    pub(crate) folder: String,
    pub(crate) texts: Vec<TextGolden>,
}

#[derive(Deserialize)]
pub(crate) struct TextGolden {
    pub(crate) text: String,
    tokens: u32,
    pub(crate) vector: Vec<f32>,
}

#[derive(Deserialize)]
pub(crate) struct RerankerGolden {
    pub(crate) folder: String,
    pub(crate) query: String,
    pub(crate) documents: Vec<ScoreGolden>,
}

#[derive(Deserialize)]
pub(crate) struct ScoreGolden {
    pub(crate) text: String,
    pub(crate) score: f32,
}

pub(crate) fn goldens() -> Goldens {
    let text = include_str!("../../../tests/model/encoder_goldens.json");
    serde_json::from_str(text).unwrap()
}

fn distance(a: &[f32], b: &[f32]) -> f32 {
    assert_eq!(a.len(), b.len());
    let far = a.iter().zip(b).map(|(a, b)| (a - b).abs());
    far.fold(0.0, f32::max)
}

#[tokio::test]
async fn texts_embed_as_sentence_transformers_embeds_them() {
    for golden in goldens().embedders {
        let adapter = adapter(&golden.folder).await;
        let texts: Vec<String> = golden.texts.iter().map(|case| case.text.clone()).collect();
        let rows = adapter.embed(&texts).await.unwrap();
        for (case, row) in golden.texts.iter().zip(&rows) {
            let far = distance(row, &case.vector);
            assert!(far < 2e-5, "{} {:?}: {far}", golden.folder, case.text);
            let counted = adapter.count(&Prompt::Text(case.text.clone())).await;
            assert_eq!(counted.unwrap(), case.tokens, "{:?}", case.text);
        }
    }
}

#[tokio::test]
async fn documents_score_as_the_cross_encoder_scores_them() {
    for golden in goldens().rerankers {
        let adapter = adapter(&golden.folder).await;
        let documents = golden.documents.iter().map(|case| case.text.clone());
        let documents: Vec<String> = documents.collect();
        let scores = adapter.rerank(&golden.query, &documents).await.unwrap();
        for (case, score) in golden.documents.iter().zip(&scores) {
            let far = (score - case.score).abs();
            assert!(far < 2e-5, "{} {:?}: {far}", golden.folder, case.text);
        }
    }
}

#[tokio::test]
async fn encoders_and_rerankers_keep_the_contract() {
    for golden in goldens().embedders {
        embedding_adapter(&*adapter(&golden.folder).await).await;
    }
    for golden in goldens().rerankers {
        reranking_adapter(&*adapter(&golden.folder).await).await;
    }
}

#[tokio::test]
async fn a_folder_tells_what_it_is_without_being_loaded_and_is_there_after_reopening() {
    let registry = tempfile::tempdir().unwrap();
    let config = || ModelsConfig {
        folder: Some(registry.path().to_owned()),
        ..ModelsConfig::default()
    };
    let models = Models::open(config()).await.unwrap();
    models.add(&folder("bert"), None).await.unwrap();
    models.add(&folder("bert-reranker"), None).await.unwrap();
    let models = Models::open(config()).await.unwrap();
    let info = models.info(&name("bert")).unwrap();
    assert_eq!(info.format, ModelFormat::Safetensors);
    assert_eq!(info.architecture.as_deref(), Some("bert"));
    assert_eq!((info.context_tokens, info.state), (62, ModelState::Idle));
    assert!(info.capabilities.embed && !info.capabilities.rerank && !info.capabilities.generate);
    let weights = std::fs::metadata(folder("bert").join("model.safetensors"));
    assert_eq!(info.size_bytes, weights.unwrap().len());
    let info = models.info(&name("bert-reranker")).unwrap();
    assert!(info.capabilities.rerank && !info.capabilities.embed);
    assert_eq!(models.default_name(), None);
}

#[tokio::test]
async fn a_model_that_is_unloaded_embeds_the_same_again() {
    let models = models().await;
    let bert = models.add(&folder("bert"), None).await.unwrap().name;
    let text = ["My dog is called Biscuit.".to_owned()];
    let before = models.embed(&bert, &text).await.unwrap();
    assert_eq!(models.info(&bert).unwrap().state, ModelState::Warm);
    models.unload(&bert).await.unwrap();
    assert_eq!(models.info(&bert).unwrap().state, ModelState::Idle);
    assert_eq!(models.embed(&bert, &text).await.unwrap(), before);
}
