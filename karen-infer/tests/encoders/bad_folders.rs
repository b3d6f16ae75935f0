//! Folders that are damaged, hostile or of another kind: an error each that says what to mend.

use std::fs;
use std::path::Path;

use karen_infer::{ModelError, ModelErrorKind};
use serde_json::{Value, json};
use tempfile::TempDir;

use super::{folder, models};

const CONFIG: &str = "config.json";
const WEIGHTS: &str = "model.safetensors";
const INDEX: &str = "model.safetensors.index.json";

/// A folder of one's own to damage.
fn copy(model: &str) -> TempDir {
    let copy = tempfile::tempdir().unwrap();
    copy_into(&folder(model), copy.path());
    copy
}

fn copy_into(from: &Path, to: &Path) {
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let target = to.join(entry.file_name());
        if entry.path().is_dir() {
            fs::create_dir(&target).unwrap();
            copy_into(&entry.path(), &target);
        } else {
            fs::copy(entry.path(), target).unwrap();
        }
    }
}

fn edit(folder: &Path, file: &str, change: impl FnOnce(&mut Value)) {
    let path = folder.join(file);
    let mut value: Value = serde_json::from_slice(&fs::read(&path).unwrap()).unwrap();
    change(&mut value);
    fs::write(path, value.to_string()).unwrap();
}

/// What comes of adding the folder and asking its model.
async fn used(folder: &Path) -> Result<Vec<Vec<f32>>, ModelError> {
    let models = models().await;
    let model = models.add(folder, None).await?.name;
    models.embed(&model, &["a dog".to_owned()]).await
}

async fn check_load(folder: &Path, says: &str) {
    let error = used(folder).await.unwrap_err();
    assert!(matches!(error.kind(), ModelErrorKind::Load(_)), "{error:?}");
    assert!(
        error.to_string().contains(says),
        "{error} does not say {says:?}"
    );
}

async fn check_unsupported(folder: &Path, says: &str) {
    let error = used(folder).await.unwrap_err();
    let is_told = matches!(error.kind(), ModelErrorKind::Unsupported(_));
    assert!(is_told, "{error:?}");
    assert!(
        error.to_string().contains(says),
        "{error} does not say {says:?}"
    );
}

#[tokio::test]
async fn a_copy_works_until_it_is_damaged() {
    used(copy("bert").path()).await.unwrap();
}

#[tokio::test]
async fn a_file_that_is_missing_is_named() {
    for file in [CONFIG, WEIGHTS, "tokenizer.json", "1_Pooling/config.json"] {
        let copy = copy("bert");
        fs::remove_file(copy.path().join(file)).unwrap();
        check_load(copy.path(), file).await;
    }
}

#[tokio::test]
async fn files_that_are_no_json_are_named() {
    for file in [
        CONFIG,
        "tokenizer.json",
        "modules.json",
        "1_Pooling/config.json",
    ] {
        let copy = copy("bert");
        fs::write(copy.path().join(file), "{\"model_type\": ").unwrap();
        check_load(copy.path(), "is damaged").await;
    }
}

#[tokio::test]
async fn weights_cut_anywhere_are_refused_before_they_are_loaded() {
    let whole = fs::read(folder("bert").join(WEIGHTS)).unwrap();
    for bytes in [0, 7, 8, 100, whole.len() / 2, whole.len() - 1] {
        let copy = copy("bert");
        fs::write(copy.path().join(WEIGHTS), &whole[..bytes]).unwrap();
        check_load(copy.path(), "cut short").await;
    }
}

/// A header and so many bytes behind it.
fn weights(header: &str, bytes: usize) -> Vec<u8> {
    let length = (header.len() as u64).to_le_bytes();
    [&length[..], header.as_bytes(), &vec![0; bytes]].concat()
}

#[tokio::test]
async fn hostile_headers_allocate_nothing_and_are_refused() {
    let tensor = |shape: &str, offsets: &str| {
        format!(r#"{{"t":{{"dtype":"F32","shape":{shape},"data_offsets":{offsets}}}}}"#)
    };
    let headers = [
        tensor("[18446744073709551615,8]", "[0,8]"),
        tensor("[4294967296,4294967296]", "[0,8]"),
        tensor("[2]", "[8,0]"),
        tensor("[2]", "[0,18446744073709551615]"),
        tensor("[-2]", "[0,8]"),
        tensor("[2]", "[4,12]"),
        "[".repeat(10_000),
        "\u{0}".to_owned(),
    ];
    for header in headers {
        let copy = copy("bert");
        fs::write(copy.path().join(WEIGHTS), weights(&header, 8)).unwrap();
        check_load(copy.path(), "its model.safetensors is").await;
    }
    let copy = copy("bert");
    fs::write(copy.path().join(WEIGHTS), u64::MAX.to_le_bytes()).unwrap();
    check_load(copy.path(), "is damaged").await;
}

#[tokio::test]
async fn numbers_of_a_config_that_no_model_has_are_refused() {
    let numbers = [
        ("hidden_size", json!(0)),
        ("hidden_size", json!(u64::MAX)),
        ("num_hidden_layers", json!(0)),
        ("num_hidden_layers", json!(4_000_000_000_u64)),
        ("num_attention_heads", json!(5)),
        ("num_attention_heads", json!(0)),
        ("intermediate_size", json!(0)),
        ("vocab_size", json!(1_u64 << 60)),
        ("max_position_embeddings", json!(0)),
        ("type_vocab_size", json!(0)),
        ("pad_token_id", json!(100_000)),
        ("layer_norm_eps", json!(0.0)),
        ("layer_norm_eps", json!(-1e30)),
    ];
    for (field, value) in numbers {
        let copy = copy("bert");
        edit(copy.path(), CONFIG, |config| config[field] = value);
        check_load(copy.path(), field).await;
    }
    let copy = copy("bert");
    edit(copy.path(), CONFIG, |config| {
        config["hidden_size"] = json!(-1)
    });
    check_load(copy.path(), CONFIG).await;
}

#[tokio::test]
async fn a_config_of_other_weights_is_told_from_them() {
    for (field, value) in [
        ("hidden_size", json!(64)),
        ("num_hidden_layers", json!(3)),
        ("intermediate_size", json!(65)),
        ("max_position_embeddings", json!(128)),
        ("vocab_size", json!(1024)),
    ] {
        let copy = copy("bert");
        edit(copy.path(), CONFIG, |config| config[field] = value);
        check_load(copy.path(), "do not fit its config.json").await;
    }
}

#[tokio::test]
async fn a_tokenizer_of_another_model_is_refused() {
    let copy = copy("bert");
    edit(copy.path(), "tokenizer.json", |tokenizer| {
        let extra = json!({"id": 70_000, "content": "<extra>", "single_word": false, "lstrip": false,
            "rstrip": false, "normalized": false, "special": true});
        tokenizer["added_tokens"]
            .as_array_mut()
            .unwrap()
            .push(extra);
        tokenizer["model"]["vocab"]["<extra>"] = json!(70_000);
    });
    check_load(copy.path(), "another model's").await;
}

#[tokio::test]
async fn what_is_not_understood_is_unsupported_and_named() {
    let changes: [(&str, Value, &str); 5] = [
        ("model_type", json!("qwen9"), "qwen9"),
        ("hidden_act", json!("swiglu"), "swiglu"),
        (
            "position_embedding_type",
            json!("relative_key"),
            "relative_key",
        ),
        (
            "architectures",
            json!(["BertForSequenceClassification"]),
            "2 classes",
        ),
        ("model_type", json!(null), "without a type"),
    ];
    for (field, value, says) in changes {
        let copy = copy("bert");
        edit(copy.path(), CONFIG, |config| config[field] = value);
        check_unsupported(copy.path(), says).await;
    }
    let copy = copy("bert");
    edit(copy.path(), "modules.json", |modules| {
        modules[1]["type"] = json!("a.Dense")
    });
    check_unsupported(copy.path(), "Dense").await;
    edit(copy.path(), "modules.json", |modules| {
        modules[1]["type"] = json!("a.Pooling")
    });
    edit(copy.path(), "1_Pooling/config.json", |pooling| {
        pooling["pooling_mode"] = json!(["cls", "mean"])
    });
    check_unsupported(copy.path(), "cls and mean").await;
}

#[tokio::test]
async fn pooling_written_the_older_way_is_the_same() {
    let copy = copy("bert");
    let whole = used(copy.path()).await.unwrap();
    edit(copy.path(), "1_Pooling/config.json", |pooling| {
        *pooling = json!({"word_embedding_dimension": 32, "pooling_mode_cls_token": false,
            "pooling_mode_mean_tokens": true, "pooling_mode_max_tokens": false});
    });
    assert_eq!(used(copy.path()).await.unwrap(), whole);
}

/// Splits the weights of `folder` into two files and an index.
fn shard(folder: &Path) {
    let bytes = fs::read(folder.join(WEIGHTS)).unwrap();
    let whole = safetensors::SafeTensors::deserialize(&bytes).unwrap();
    let mut tensors: Vec<_> = whole.iter().collect();
    tensors.sort_by_key(|(name, _)| name.to_string());
    let mut map = serde_json::Map::new();
    let half = tensors.len() / 2;
    for (file, part) in [
        ("one.safetensors", &tensors[..half]),
        ("two.safetensors", &tensors[half..]),
    ] {
        for (name, _) in part {
            map.insert((*name).to_owned(), json!(file));
        }
        let part = part.iter().map(|(name, view)| (*name, view));
        fs::write(
            folder.join(file),
            safetensors::serialize(part, None).unwrap(),
        )
        .unwrap();
    }
    fs::write(
        folder.join(INDEX),
        json!({"metadata": {}, "weight_map": map}).to_string(),
    )
    .unwrap();
    fs::remove_file(folder.join(WEIGHTS)).unwrap();
}

#[tokio::test]
async fn weights_in_several_files_are_the_same_and_a_missing_one_is_named() {
    let copy = copy("bert");
    let whole = used(copy.path()).await.unwrap();
    shard(copy.path());
    assert_eq!(used(copy.path()).await.unwrap(), whole);
    fs::remove_file(copy.path().join("two.safetensors")).unwrap();
    check_load(copy.path(), "two.safetensors").await;
}

#[tokio::test]
async fn an_index_leads_to_no_file_outside_its_folder() {
    for file in ["../one.safetensors", "/etc/passwd", "a/b.safetensors", ""] {
        let copy = copy("bert");
        shard(copy.path());
        edit(copy.path(), INDEX, |index| {
            index["weight_map"]["x"] = json!(file)
        });
        check_load(copy.path(), "no file's name").await;
    }
}

#[tokio::test]
async fn weights_that_are_no_numbers_are_told() {
    let copy = copy("bert");
    let path = copy.path().join(WEIGHTS);
    let mut bytes = fs::read(&path).unwrap();
    let header = u64::from_le_bytes(bytes[..8].try_into().unwrap()) as usize;
    // Every 16-bit float becomes "not a number".
    bytes[8 + header..].fill(0x7f);
    fs::write(&path, bytes).unwrap();
    check_load(copy.path(), "numbers that are none").await;
}
