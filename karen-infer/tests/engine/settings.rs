//! How llama.cpp runs a model: what is set changes what it should, and nothing else.

use std::num::NonZeroU32;

use karen_infer::{
    CacheNumbers, FlashAttention, LlamaSettings, ModelErrorKind, Models, ModelsConfig,
};

use super::{check_goldens_at_once, demo, demo_with, endless, model_path, run};

#[tokio::test]
async fn answers_are_those_of_pytorch_however_the_file_is_read_and_attention_computed() {
    let usual = LlamaSettings::default;
    for llama in [
        LlamaSettings {
            mmap: false,
            warm_up: false,
            ..usual()
        },
        LlamaSettings {
            mlock: true,
            flash_attention: FlashAttention::On,
            ..usual()
        },
        LlamaSettings {
            flash_attention: FlashAttention::Off,
            ..usual()
        },
    ] {
        let config = ModelsConfig {
            llama,
            ..ModelsConfig::default()
        };
        let (models, _) = demo_with(config).await;
        check_goldens_at_once(&models, 1).await;
    }
}

#[tokio::test]
async fn a_cache_of_fewer_bits_answers_to_the_end() {
    for cache_numbers in [CacheNumbers::Q8_0, CacheNumbers::Q4_0] {
        let (models, _) = demo_with(ModelsConfig {
            context_tokens: NonZeroU32::new(512),
            llama: LlamaSettings {
                cache_numbers,
                ..LlamaSettings::default()
            },
            ..ModelsConfig::default()
        })
        .await;
        let (ids, ..) = run(&models, endless(48)).await;
        assert_eq!(ids.len(), 48, "{cache_numbers:?}");
    }
}

#[tokio::test]
async fn settings_that_contradict_each_other_are_refused() {
    let (models, name) = demo().await;
    let refused = models.set_llama(
        &name,
        Some(LlamaSettings {
            cache_numbers: CacheNumbers::Q8_0,
            flash_attention: FlashAttention::Off,
            ..LlamaSettings::default()
        }),
    );
    let error = refused.await.unwrap_err();
    assert!(
        matches!(error.kind(), ModelErrorKind::Invalid(_)),
        "{error}"
    );
    assert_eq!(run(&models, endless(4)).await.0.len(), 4);
}

#[tokio::test]
async fn settings_of_one_model_are_kept_with_it() {
    let folder = tempfile::tempdir().unwrap();
    let config = || ModelsConfig {
        folder: Some(folder.path().to_owned()),
        ..ModelsConfig::default()
    };
    let models = Models::open(config()).await.unwrap();
    let name = models.add(&model_path(), None).await.unwrap().name;
    let own = LlamaSettings {
        cache_numbers: CacheNumbers::Q8_0,
        warm_up: false,
        ..LlamaSettings::default()
    };
    models.set_llama(&name, Some(own)).await.unwrap();
    drop(models);
    let registry = std::fs::read_to_string(folder.path().join("models.toml")).unwrap();
    assert!(registry.contains("q8_0"), "{registry}");
    let models = Models::open(config()).await.unwrap();
    assert_eq!(run(&models, endless(4)).await.0.len(), 4);
    models.set_llama(&name, None).await.unwrap();
    let registry = std::fs::read_to_string(folder.path().join("models.toml")).unwrap();
    assert!(!registry.contains("q8_0"), "{registry}");
}
