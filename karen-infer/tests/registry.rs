//! The registry: what is added stays, what is broken is told apart.
#![cfg(feature = "llama")]
#![allow(clippy::unwrap_used, reason = "a test may fail by panicking")]

use std::path::{Path, PathBuf};

use karen_infer::{ModelErrorKind, ModelName, ModelState, Models, ModelsConfig};

fn model_path() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/model/karen-demo.gguf")
}

async fn open(folder: &Path) -> Models {
    let config = ModelsConfig {
        folder: Some(folder.to_owned()),
        ..ModelsConfig::default()
    };
    Models::open(config).await.unwrap()
}

fn name(text: &str) -> ModelName {
    ModelName::parse(text).unwrap()
}

#[tokio::test]
async fn what_is_added_is_there_after_reopening() {
    let folder = tempfile::tempdir().unwrap();
    let models = open(folder.path()).await;
    let added = models.add(&model_path(), None).await.unwrap();
    assert_eq!(added.name, name("karen-demo"));
    models
        .add(&model_path(), Some(&name("second")))
        .await
        .unwrap();
    models.set_default(&name("second")).unwrap();
    let models = open(folder.path()).await;
    assert_eq!(models.default_name(), Some(name("second")));
    assert!(models.remove(&name("second")).await.unwrap());
    assert!(!models.remove(&name("second")).await.unwrap());
    let models = open(folder.path()).await;
    assert_eq!(models.default_name(), Some(name("karen-demo")));
    assert_eq!(
        models.info(&name("karen-demo")).unwrap().state,
        ModelState::Idle
    );
}

#[tokio::test]
async fn a_taken_name_is_a_conflict_and_an_absent_one_is_missing() {
    let models = Models::open(ModelsConfig::default()).await.unwrap();
    models.add(&model_path(), None).await.unwrap();
    let taken = models.add(&model_path(), None).await.unwrap_err();
    assert_eq!(*taken.kind(), ModelErrorKind::Conflict);
    let absent = models.load(&name("absent")).await.unwrap_err();
    assert_eq!(*absent.kind(), ModelErrorKind::Missing);
}

#[tokio::test]
async fn with_no_model_none_resolves() {
    let models = Models::open(ModelsConfig::default()).await.unwrap();
    assert_eq!(
        *models.resolve(None).unwrap_err().kind(),
        ModelErrorKind::Missing
    );
}

#[tokio::test]
async fn files_cut_short_at_any_place_are_refused() {
    let whole = std::fs::read(model_path()).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let models = Models::open(ModelsConfig::default()).await.unwrap();
    let cuts = [
        0,
        3,
        4,
        8,
        20,
        100,
        5_000,
        20_000,
        whole.len() / 2,
        whole.len() - 1,
    ];
    for cut in cuts {
        let path = folder.path().join("cut.gguf");
        std::fs::write(&path, &whole[..cut]).unwrap();
        let error = models.add(&path, None).await.unwrap_err();
        assert!(
            matches!(error.kind(), ModelErrorKind::Load(_)),
            "cut at {cut}: {error}"
        );
    }
}

#[tokio::test]
async fn noise_with_a_good_beginning_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("noise.gguf");
    let models = Models::open(ModelsConfig::default()).await.unwrap();
    let mut state: u64 = 42;
    for round in 0..200 {
        let mut bytes = b"GGUF\x03\0\0\0".to_vec();
        bytes.extend((0..2000).map(|_| {
            state = state
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1);
            (state >> 33) as u8
        }));
        // Small counts lead deeper into the header than random ones.
        bytes[8..24].copy_from_slice(&[
            round % 3,
            0,
            0,
            0,
            0,
            0,
            0,
            0,
            round % 5,
            0,
            0,
            0,
            0,
            0,
            0,
            0,
        ]);
        std::fs::write(&path, &bytes).unwrap();
        let error = models.add(&path, None).await.unwrap_err();
        assert!(
            matches!(error.kind(), ModelErrorKind::Load(_)),
            "round {round}: {error}"
        );
    }
}

#[tokio::test]
async fn a_file_that_is_absent_or_a_folder_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let models = Models::open(ModelsConfig::default()).await.unwrap();
    for path in [folder.path().join("absent.gguf"), folder.path().to_owned()] {
        let error = models.add(&path, None).await.unwrap_err();
        assert!(
            error.to_string().contains(&path.display().to_string()),
            "{error}"
        );
    }
}

#[tokio::test]
async fn a_registry_of_a_newer_version_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(
        folder.path().join("models.toml"),
        "version = 99\nshelf = \"new\"\n",
    )
    .unwrap();
    let config = ModelsConfig {
        folder: Some(folder.path().to_owned()),
        ..ModelsConfig::default()
    };
    let error = Models::open(config).await.err().unwrap();
    assert_eq!(*error.kind(), ModelErrorKind::TooNew);
}
