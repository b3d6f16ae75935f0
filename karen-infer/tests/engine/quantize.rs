//! Packing a model into fewer bits.

use futures::StreamExt;
use karen_infer::{
    Comparison, MakeEvent, ModelErrorKind, ModelInfo, ModelName, Models, ModelsConfig, Quantization,
};

use super::{demo_with, endless, run};

async fn kept(folder: &std::path::Path) -> (Models, ModelName) {
    let config = ModelsConfig {
        folder: Some(folder.to_owned()),
        ..ModelsConfig::default()
    };
    demo_with(config).await
}

async fn quantize(
    models: &Models,
    source: &ModelName,
    to: Quantization,
) -> (ModelInfo, (f64, f64), u64) {
    let mut making = models.quantize(source.clone(), to, None);
    let (mut perplexity, mut made, mut model) = (None, 0, None);
    while let Some(event) = making.next().await {
        match event.unwrap() {
            MakeEvent::Made { done, .. } => made = done,
            MakeEvent::Checked(Comparison::Perplexity { source, made }) => {
                perplexity = Some((source, made));
            }
            MakeEvent::Done { model: done } => model = Some(*done),
            _ => {}
        }
    }
    (model.unwrap(), perplexity.unwrap(), made)
}

#[tokio::test]
async fn a_model_of_fewer_bits_is_smaller_answers_and_is_nearly_as_little_surprised() {
    let folder = tempfile::tempdir().unwrap();
    let (models, demo) = kept(folder.path()).await;
    let of = models.info(&demo).unwrap();
    for to in [Quantization::Q8_0, Quantization::Q4KM, Quantization::Q4_0] {
        let (info, (source, made), done) = quantize(&models, &demo, to).await;
        assert_eq!(info.quantization.as_deref(), Some(to.as_str()));
        assert_eq!(info.parameters, of.parameters);
        assert!(done > 0, "progress is told");
        assert!(source > 1.0 && source < 1e5, "{source}");
        assert!((made / source - 1.0).abs() < 0.25, "{to}: {source} {made}");
        let (ids, ..) = run(
            &models,
            karen_infer::CompletionRequest {
                model: Some(info.name.clone()),
                ..endless(16)
            },
        )
        .await;
        assert_eq!(ids.len(), 16);
    }
    let smaller = models.info(&ModelName::parse("karen-demo-q4_0").unwrap());
    assert!(smaller.unwrap().size_bytes < of.size_bytes);
    models.close().await;

    let config = ModelsConfig {
        folder: Some(folder.path().to_owned()),
        ..ModelsConfig::default()
    };
    let again = Models::open(config).await.unwrap();
    let names: Vec<String> = again
        .list()
        .iter()
        .map(|info| info.name.to_string())
        .collect();
    assert!(names.contains(&"karen-demo-q4_k_m".to_owned()), "{names:?}");
}

#[tokio::test]
async fn what_cannot_be_packed_is_refused_and_leaves_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let (models, demo) = kept(folder.path()).await;
    let refused = async |models: &Models, source: &str, name: Option<&ModelName>| {
        let source = ModelName::parse(source).unwrap();
        let mut making = models.quantize(source, Quantization::Q4_0, name.cloned());
        let error = making.next().await.unwrap().expect_err("refused");
        error.kind().clone()
    };
    let kind = refused(&models, "absent", None).await;
    assert_eq!(kind, ModelErrorKind::Missing);
    let kind = refused(&models, "karen-static", None).await;
    assert!(matches!(kind, ModelErrorKind::Invalid(_)), "{kind:?}");
    let kind = refused(&models, demo.as_str(), Some(&demo)).await;
    assert_eq!(kind, ModelErrorKind::Conflict);
    let (in_memory, demo) = demo_with(ModelsConfig::default()).await;
    let kind = refused(&in_memory, demo.as_str(), None).await;
    assert!(matches!(kind, ModelErrorKind::Unsupported(_)), "{kind:?}");
    let made = folder.path().join("made");
    assert!(!made.exists() || made.read_dir().unwrap().next().is_none());
}

#[test]
fn a_quantisation_is_named_in_letters_of_either_case() {
    let read = |text: &str| text.parse::<Quantization>();
    assert_eq!(read("q4_k_m").unwrap(), Quantization::Q4KM);
    for &kind in Quantization::ALL {
        assert_eq!(read(kind.as_str()).unwrap(), kind);
    }
    let error = read("Q9").expect_err("there is none");
    assert!(error.to_string().contains("Q4_K_M"), "{error}");
}
