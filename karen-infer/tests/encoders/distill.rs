//! Static embedders that are made of encoders.

use std::fs;
use std::path::Path;

use futures::StreamExt;
use karen_infer::testing::embedding_adapter;
use karen_infer::{
    Comparison, MakeEvent, ModelErrorKind, ModelInfo, Models, ModelsConfig, StaticEmbedder,
};
use serde_json::Value;

use super::{folder, name};

async fn kept(folder: &Path) -> Models {
    let config = ModelsConfig {
        folder: Some(folder.to_owned()),
        ..ModelsConfig::default()
    };
    Models::open(config).await.unwrap()
}

async fn distill(models: &Models, encoder: &str, dim: usize) -> (ModelInfo, f32) {
    let encoder = models.add(&folder(encoder), None).await.unwrap();
    let mut making = models.distill(encoder.name, dim, None);
    let (mut nearness, mut told, mut model) = (None, (0, 0), None);
    while let Some(event) = making.next().await {
        match event.unwrap() {
            MakeEvent::Made { done, all } => told = (done, all),
            MakeEvent::Checked(Comparison::Cosine { least }) => nearness = Some(least),
            MakeEvent::Done { model: done } => model = Some(*done),
            _ => {}
        }
    }
    assert!(told.0 > 100 && told.0 == told.1, "{told:?}");
    (model.unwrap(), nearness.unwrap())
}

fn cosine(a: &[f32], b: &[f32]) -> f32 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

#[tokio::test]
async fn what_is_distilled_of_an_encoder_embeds_and_keeps_the_contract() {
    for encoder in ["bert", "roberta", "distilbert"] {
        let kept_in = tempfile::tempdir().unwrap();
        let models = kept(kept_in.path()).await;
        let (info, nearness) = distill(&models, encoder, 16).await;
        assert!(nearness >= 0.999, "{encoder}: {nearness}");
        let adapter = models.adapter(&info.name).unwrap();
        let texts = [
            " one two".to_owned(),
            " two one".to_owned(),
            "three".to_owned(),
        ];
        let rows = adapter.embed(&texts).await.unwrap();
        assert_eq!(rows[0].len(), 16);
        assert!(
            cosine(&rows[0], &rows[1]) > 0.999,
            "the order of words is lost"
        );
        assert!(cosine(&rows[0], &rows[2]) < 0.99);
        embedding_adapter(&*adapter).await;

        let opened = StaticEmbedder::open(&info.path.unwrap()).unwrap();
        assert_eq!(opened.embed(&[" one two"])[0], rows[0]);
        models.close().await;
        let again = kept(kept_in.path()).await;
        let rows_again = again.embed(&info.name, &texts).await.unwrap();
        assert_eq!(rows_again, rows, "{encoder} after reopening");
    }
}

#[tokio::test]
async fn what_is_no_encoder_is_not_distilled() {
    let kept_in = tempfile::tempdir().unwrap();
    let models = kept(kept_in.path()).await;
    models.add(&folder("bert-reranker"), None).await.unwrap();
    let (made, _) = distill(&models, "bert", 8).await;
    for source in ["karen-static", "bert-reranker", made.name.as_str()] {
        let mut making = models.distill(name(source), 8, Some(name("other")));
        let error = making.next().await.unwrap().expect_err("refused");
        let kind = error.kind();
        assert!(
            matches!(kind, ModelErrorKind::Invalid(_)),
            "{source}: {error}"
        );
    }
    let mut making = models.distill(name("bert"), 0, Some(name("other")));
    let error = making.next().await.unwrap().expect_err("refused");
    assert!(
        matches!(error.kind(), ModelErrorKind::Invalid(_)),
        "{error}"
    );
}

#[tokio::test]
async fn a_damaged_table_is_refused() {
    let kept_in = tempfile::tempdir().unwrap();
    let models = kept(kept_in.path()).await;
    let (info, _) = distill(&models, "bert", 8).await;
    let path = info.path.unwrap();
    let weights = path.join("model.safetensors");
    let whole = fs::read(&weights).unwrap();
    let refused = |bytes: &[u8]| {
        fs::write(&weights, bytes).unwrap();
        let error = StaticEmbedder::open(&path).expect_err("refused");
        assert!(matches!(error.kind(), ModelErrorKind::Load(_)), "{error}");
    };
    for length in [0, 7, 8, 100, whole.len() - 1] {
        refused(&whole[..length]);
    }
    // One row less than there are tokens.
    let header_bytes = usize::try_from(u64::from_le_bytes(whole[..8].try_into().unwrap())).unwrap();
    let header: Value = serde_json::from_slice(&whole[8..8 + header_bytes]).unwrap();
    let rows = header["embeddings"]["shape"][0].as_u64().unwrap();
    let text = String::from_utf8(whole[8..8 + header_bytes].to_vec()).unwrap();
    let other = text.replace(&format!("[{rows},8]"), &format!("[{},16]", rows / 2));
    assert_ne!(text, other);
    let mut wider = whole.clone();
    let padded = format!("{other:<header_bytes$}");
    wider[..8].copy_from_slice(&(padded.len() as u64).to_le_bytes());
    wider.splice(8..8 + header_bytes, padded.into_bytes());
    refused(&wider);
}
