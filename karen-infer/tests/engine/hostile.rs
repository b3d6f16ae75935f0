//! Files that say what no model has: each is refused or answers, and the process lives.

use std::fs;
use std::path::Path;

use futures::TryStreamExt;
use karen_infer::{GenerateEvent, ModelError, ModelErrorKind, ModelName, Models, ModelsConfig};

use super::{demo, endless, model_path, run};

/// The demonstration model with the number behind a key replaced.
fn with_number(key: &str, number: u32) -> Vec<u8> {
    let mut bytes = fs::read(model_path()).unwrap();
    let at = bytes
        .windows(key.len())
        .position(|window| window == key.as_bytes())
        .expect("the model has the key");
    let value = at + key.len() + 4;
    bytes[value..value + 4].copy_from_slice(&number.to_le_bytes());
    bytes
}

async fn used(path: &Path) -> Result<usize, ModelError> {
    let models = Models::open(ModelsConfig::default()).await?;
    let name = ModelName::parse("hostile")?;
    models.add(path, Some(&name)).await?;
    models.load(&name).await?;
    let answer = models.complete(endless(2)).await?;
    let events: Vec<GenerateEvent> = answer.try_collect().await?;
    let is_token = |event: &&GenerateEvent| matches!(event, GenerateEvent::Token(_));
    Ok(events.iter().filter(is_token).count())
}

/// What may be said of a file that is not as it says.
fn is_refusal(kind: &ModelErrorKind) -> bool {
    matches!(
        kind,
        ModelErrorKind::Load(_)
            | ModelErrorKind::Unsupported(_)
            | ModelErrorKind::Memory { .. }
            | ModelErrorKind::PromptTooLong { .. }
    )
}

#[tokio::test]
async fn numbers_that_no_model_has_are_refused_and_other_answers_go_on() {
    let (models, _) = demo().await;
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("hostile.gguf");
    let keys = [
        "llama.block_count",
        "llama.embedding_length",
        "llama.feed_forward_length",
        "llama.attention.head_count",
        "llama.attention.head_count_kv",
        "llama.rope.dimension_count",
        "llama.context_length",
    ];
    for key in keys {
        for number in [0, 1, 3, 0x7fff_ffff, 0x8000_0000, u32::MAX] {
            fs::write(&path, with_number(key, number)).unwrap();
            match used(&path).await {
                Ok(tokens) => assert!(tokens <= 2, "{key} = {number}"),
                Err(error) => assert!(is_refusal(error.kind()), "{key} = {number}: {error}"),
            }
        }
        assert_eq!(run(&models, endless(2)).await.0.len(), 2, "after {key}");
    }
}

fn header(tensors: u64, pairs: u64, rest: &[u8]) -> Vec<u8> {
    let begin = [&b"GGUF"[..], &3_u32.to_le_bytes()].concat();
    [
        begin,
        tensors.to_le_bytes().into(),
        pairs.to_le_bytes().into(),
        rest.into(),
    ]
    .concat()
}

fn text(text: &str) -> Vec<u8> {
    [&(text.len() as u64).to_le_bytes(), text.as_bytes()].concat()
}

#[tokio::test]
async fn counts_and_lengths_beyond_the_file_allocate_nothing_and_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("hostile.gguf");
    let array_of = |kind: u32, count: u64| {
        let array = [9_u32.to_le_bytes(), kind.to_le_bytes()].concat();
        [text("key"), array, count.to_le_bytes().into()].concat()
    };
    let tensor = |dimensions: &[u64], offset: u64| {
        let sizes = dimensions
            .iter()
            .flat_map(|size| size.to_le_bytes())
            .collect();
        let count = u32::try_from(dimensions.len()).unwrap().to_le_bytes();
        let place = [vec![0; 4], offset.to_le_bytes().into()].concat();
        [text("tensor"), count.into(), sizes, place].concat()
    };
    let minus_one = (-1_i64).cast_unsigned();
    let cases = [
        ("endless pairs", header(0, u64::MAX, &text("key"))),
        ("endless tensors", header(u64::MAX, 0, &tensor(&[1], 0))),
        ("an endless text", header(0, 1, &u64::MAX.to_le_bytes())),
        ("a long text", header(0, 1, &(1_u64 << 40).to_le_bytes())),
        ("an endless array", header(0, 1, &array_of(4, u64::MAX))),
        (
            "arrays in arrays",
            header(0, 1, &array_of(9, 1).repeat(1000)),
        ),
        (
            "an unknown type",
            header(0, 1, &[text("key"), vec![99, 0, 0, 0]].concat()),
        ),
        ("a negative size", header(1, 0, &tensor(&[minus_one], 0))),
        (
            "sizes that overflow",
            header(1, 0, &tensor(&[1 << 40, 1 << 40], 0)),
        ),
        (
            "an offset that overflows",
            header(1, 0, &tensor(&[8], u64::MAX)),
        ),
        ("many dimensions", header(1, 0, &tensor(&[1; 9], 0))),
    ];
    for (what, bytes) in cases {
        fs::write(&path, bytes).unwrap();
        let error = used(&path).await.expect_err(what);
        assert!(is_refusal(error.kind()), "{what}: {error}");
    }
}

#[cfg(feature = "candle")]
#[tokio::test]
async fn weights_that_compute_no_numbers_end_the_answer_and_not_the_engine() {
    use candle_core::quantized::gguf_file::Content;
    use futures::StreamExt;

    let mut bytes = fs::read(model_path()).unwrap();
    let content = Content::read(&mut std::io::Cursor::new(&bytes)).unwrap();
    let norm = &content.tensor_infos["output_norm.weight"];
    let from = usize::try_from(content.tensor_data_offset + norm.offset).unwrap();
    for number in bytes[from..from + 4 * norm.shape.elem_count()].chunks_exact_mut(4) {
        number.copy_from_slice(&f32::NAN.to_le_bytes());
    }
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("nan.gguf");
    fs::write(&path, bytes).unwrap();
    let models = Models::open(ModelsConfig::default()).await.unwrap();
    models.add(&path, None).await.unwrap();
    for _ in 0..2 {
        let mut answer = models.complete(endless(4)).await.unwrap();
        let error = answer
            .next()
            .await
            .unwrap()
            .expect_err("no token can be chosen");
        assert_eq!(*error.kind(), ModelErrorKind::Internal);
    }
}
