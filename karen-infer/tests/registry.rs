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

/// A file that says of itself what is given, with one tensor of eight numbers.
fn part(count: u16, number: u16) -> Vec<u8> {
    let text = |text: &str| [&(text.len() as u64).to_le_bytes(), text.as_bytes()].concat();
    let mut bytes = [&b"GGUF"[..], &3_u32.to_le_bytes(), &1_u64.to_le_bytes()].concat();
    bytes.extend(4_u64.to_le_bytes());
    for (key, value) in [("split.count", count), ("split.no", number)] {
        bytes.extend(
            [
                text(key),
                2_u32.to_le_bytes().into(),
                value.to_le_bytes().into(),
            ]
            .concat(),
        );
    }
    bytes.extend(
        [
            text("general.architecture"),
            8_u32.to_le_bytes().into(),
            text("llama"),
        ]
        .concat(),
    );
    let context = [text("llama.context_length"), 4_u32.to_le_bytes().into()].concat();
    bytes.extend([context, 64_u32.to_le_bytes().into()].concat());
    bytes.extend(
        [
            text("tensor"),
            1_u32.to_le_bytes().into(),
            8_u64.to_le_bytes().into(),
        ]
        .concat(),
    );
    bytes.extend([0_u32.to_le_bytes().to_vec(), 0_u64.to_le_bytes().to_vec()].concat());
    bytes.resize(bytes.len().next_multiple_of(32) + 8 * 4, 0);
    bytes
}

#[tokio::test]
async fn a_model_in_parts_is_as_large_as_all_of_them_and_wants_each() {
    let folder = tempfile::tempdir().expect("a folder");
    let models = open(folder.path()).await;
    let path = |number| folder.path().join(format!("m-{number:05}-of-00003.gguf"));
    for number in 1..=3 {
        std::fs::write(path(number), part(3, number - 1)).expect("writes");
    }
    let info = models.add(&path(1), None).await.expect("all parts");
    assert_eq!(info.size_bytes, 3 * part(3, 0).len() as u64);
    assert_eq!(info.parameters, 24);

    let refused = async |path: &Path| {
        let error = models
            .add(path, Some(&name("n")))
            .await
            .expect_err("refused");
        let source = std::error::Error::source(&error).expect("a cause");
        source.to_string()
    };
    assert!(refused(&path(2)).await.contains("a later part"));
    std::fs::write(path(3), &part(3, 2)[..90]).expect("writes");
    assert!(refused(&path(1)).await.contains("cut short"));
    std::fs::remove_file(path(3)).expect("removes");
    let why = refused(&path(1)).await;
    assert!(
        why.contains("its part m-00003-of-00003.gguf is not beside it"),
        "{why}"
    );
    let renamed = folder.path().join("renamed.gguf");
    std::fs::rename(path(1), &renamed).expect("renames");
    assert!(refused(&renamed).await.contains("-00001-of-00003.gguf"));
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

#[tokio::test]
async fn a_header_tells_what_a_model_is_before_it_loads() {
    let models = Models::open(ModelsConfig::default()).await.unwrap();
    let info = models.add(&model_path(), None).await.unwrap();
    assert_eq!(info.architecture.as_deref(), Some("llama"));
    assert_eq!(info.quantization.as_deref(), Some("Q8_0"));
    assert!(
        (2_500_000..2_700_000).contains(&info.parameters),
        "{}",
        info.parameters
    );
    assert!(info.memory_bytes > info.size_bytes);
    assert_eq!(info.state, ModelState::Idle);
    models.load(&info.name).await.unwrap();
    assert_eq!(models.info(&info.name).unwrap().state, ModelState::Warm);
    assert_eq!(models.memory(), (info.memory_bytes, None));
    models.unload(&info.name).await.unwrap();
    assert_eq!(models.info(&info.name).unwrap().state, ModelState::Idle);
    assert_eq!(models.memory(), (0, None));
}

#[tokio::test]
async fn a_model_that_takes_more_than_it_may_is_refused_and_another_makes_room() {
    let probe = Models::open(ModelsConfig::default()).await.unwrap();
    let needs = probe.add(&model_path(), None).await.unwrap().memory_bytes;
    let with = |memory_bytes_max| ModelsConfig {
        memory_bytes_max: Some(memory_bytes_max),
        ..ModelsConfig::default()
    };
    let models = Models::open(with(needs - 1)).await.unwrap();
    models.add(&model_path(), None).await.unwrap();
    let refused = models.load(&name("karen-demo")).await.unwrap_err();
    assert!(
        matches!(refused.kind(), ModelErrorKind::Memory { .. }),
        "{refused}"
    );

    let models = Models::open(with(needs)).await.unwrap();
    let (one, two) = (name("one"), name("two"));
    for name in [&one, &two] {
        models.add(&model_path(), Some(name)).await.unwrap();
        models.load(name).await.unwrap();
    }
    let state = |name| models.info(name).unwrap().state;
    assert_eq!(
        (state(&one), state(&two)),
        (ModelState::Idle, ModelState::Warm)
    );
}

#[tokio::test]
async fn a_pin_is_kept_and_what_takes_no_memory_has_none() {
    let folder = tempfile::tempdir().unwrap();
    let models = open(folder.path()).await;
    let added = models.add(&model_path(), None).await.unwrap();
    assert!(!added.is_pinned);
    assert!(models.set_pinned(&added.name, true).unwrap().is_pinned);
    let models = open(folder.path()).await;
    let info = models.info(&added.name).unwrap();
    assert!(info.is_pinned);
    assert_eq!(
        (info.quantization, info.parameters),
        (added.quantization, added.parameters)
    );
    assert_eq!(info.memory_bytes, added.memory_bytes);
    let refused = models.set_pinned(&name("karen-static"), true).unwrap_err();
    assert!(
        matches!(refused.kind(), ModelErrorKind::Invalid(_)),
        "{refused}"
    );
}

#[tokio::test]
async fn a_folder_is_scanned_for_what_is_not_known_and_says_what_is_no_model() {
    let folder = tempfile::tempdir().unwrap();
    let shelf = folder.path().join("shelf");
    std::fs::create_dir_all(shelf.join("deeper")).unwrap();
    std::fs::create_dir_all(shelf.join("empty")).unwrap();
    for copy in ["one.gguf", "two.GGUF", "deeper/three.gguf"] {
        std::fs::copy(model_path(), shelf.join(copy)).unwrap();
    }
    for junk in ["mmproj-one.gguf", "notes.txt", "part-00002-of-00002.gguf"] {
        std::fs::write(shelf.join(junk), "no model").unwrap();
    }
    std::fs::write(shelf.join("broken.gguf"), "no model").unwrap();
    let models = open(folder.path()).await;
    let scanned = models.scan(&shelf).await.unwrap();
    let names: Vec<_> = scanned
        .added
        .iter()
        .map(|info| info.name.as_str())
        .collect();
    // All three say that they are called karen-demo; the first in order is.
    assert_eq!(names, ["karen-demo", "one", "two"]);
    let (path, error) = &scanned.refused[0];
    assert!(path.ends_with("broken.gguf") && scanned.refused.len() == 1);
    assert!(matches!(error.kind(), ModelErrorKind::Load(_)), "{error}");
    assert!(models.scan(&shelf).await.unwrap().added.is_empty());
    assert_eq!(open(folder.path()).await.list().len(), 4);
    let absent = models
        .scan(&folder.path().join("absent"))
        .await
        .unwrap_err();
    assert!(
        matches!(absent.kind(), ModelErrorKind::Invalid(_)),
        "{absent}"
    );
}
