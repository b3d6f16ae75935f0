//! Many texts, and texts that are too long.

use karen_infer::ModelErrorKind;

use super::adapter;

#[tokio::test]
async fn a_text_that_is_too_long_is_told_apart_and_not_cut() {
    let bert = adapter("bert").await;
    let long = "dog ".repeat(300);
    let refused = bert.embed(&["a dog".to_owned(), long.clone()]).await;
    let told = refused.unwrap_err();
    let ModelErrorKind::PromptTooLong {
        prompt_tokens,
        context_tokens,
    } = *told.kind()
    else {
        panic!("{told} is not that the text is too long");
    };
    assert!(prompt_tokens > 300 && context_tokens == 62, "{told}");
    let reranker = adapter("bert-reranker").await;
    let refused = reranker.rerank("a dog", &[long]).await.unwrap_err();
    assert!(matches!(
        refused.kind(),
        ModelErrorKind::PromptTooLong { .. }
    ));
}

#[tokio::test]
async fn many_texts_of_all_lengths_embed_as_each_does_alone() {
    let bert = adapter("bert").await;
    let text = |i: usize| format!("{} cats", "dog ".repeat(i * 7 % 20));
    let texts: Vec<String> = (0..200).map(text).collect();
    let rows = bert.embed(&texts).await.unwrap();
    for place in [0, 3, 77, 199] {
        let alone = bert.embed(&texts[place..=place]).await.unwrap();
        let far = rows[place].iter().zip(&alone[0]);
        let far = far.map(|(a, b)| (a - b).abs()).fold(0.0, f32::max);
        assert!(far < 1e-5, "row {place} is {far} away");
    }
}
