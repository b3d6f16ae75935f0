//! What every embedder owes.

use crate::Embedder;

/// How far the length of a vector may be from 1: what f32 sums lose, and no more.
const LENGTH_ERROR_MAX: f32 = 1e-3;

/// Runs the contract of [`Embedder`].
///
/// # Panics
/// At the first promise that is not kept.
pub async fn embedder(embedder: &dyn Embedder) {
    takes_any_text(embedder).await;
    keeps_rows_in_order(embedder).await;
    says_the_same_of_the_same(embedder).await;
}

async fn embed(embedder: &dyn Embedder, texts: &[&str]) -> Vec<Vec<f32>> {
    let texts: Vec<String> = texts.iter().map(|text| (*text).to_owned()).collect();
    embedder.embed(&texts).await.expect("embed")
}

async fn takes_any_text(embedder: &dyn Embedder) {
    assert!(embed(embedder, &[]).await.is_empty(), "no texts, no rows");
    let long = "a long way round ".repeat(2_000);
    let texts = [
        "My dog is called Biscuit.",
        "",
        " \n",
        "?!",
        "日本語 🦀",
        &long,
    ];
    let rows = embed(embedder, &texts).await;
    assert_eq!(rows.len(), texts.len(), "a row for each text");
    for row in &rows {
        assert_eq!(row.len(), embedder.dim(), "each row has dim() numbers");
        let length = row.iter().map(|v| v * v).sum::<f32>().sqrt();
        assert!(
            length == 0.0 || (length - 1.0).abs() <= LENGTH_ERROR_MAX,
            "a row of length {length}"
        );
    }
    assert!(
        rows[0].iter().any(|v| *v != 0.0),
        "a sentence says something"
    );
    assert!(rows[1].iter().all(|v| *v == 0.0), "nothing says nothing");
}

async fn keeps_rows_in_order(embedder: &dyn Embedder) {
    let texts = ["My dog is called Biscuit.", "The train leaves at nine."];
    let rows = embed(embedder, &texts).await;
    assert_ne!(rows[0], rows[1], "different sentences differ");
    let reversed = embed(embedder, &[texts[1], texts[0]]).await;
    let dot = |a: &[f32], b: &[f32]| a.iter().zip(b).map(|(a, b)| a * b).sum::<f32>();
    for (row, other) in [(0, 1), (1, 0)] {
        let same = dot(&rows[row], &reversed[other]);
        assert!(
            same > 1.0 - LENGTH_ERROR_MAX,
            "row i belongs to texts[i], whatever else is in the batch"
        );
    }
}

async fn says_the_same_of_the_same(embedder: &dyn Embedder) {
    let texts = ["My dog is called Biscuit."; 2];
    let (id, dim) = (embedder.id().to_owned(), embedder.dim());
    let rows = embed(embedder, &texts).await;
    assert_eq!(rows[0], rows[1], "equal texts, equal vectors");
    assert_eq!(embed(embedder, &texts).await, rows, "and so the next time");
    assert_eq!((embedder.id(), embedder.dim()), (id.as_str(), dim));
}
