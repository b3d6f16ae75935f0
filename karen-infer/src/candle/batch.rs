//! Texts of like length, put side by side.

use std::ops::Range;

use candle_core::{Device, Result, Tensor};

use super::tokens::Tokens;

/// Tokens of a batch at most, with what pads its shorter texts; one text may have more.
const TOKENS_MAX: usize = 4096;
/// More side by side is no faster.
const TEXTS_MAX: usize = 64;
/// Added to the score of what pads a text: nothing is left of it.
const PADDED: f32 = f32::MIN;

pub(super) struct Batch {
    /// `[texts, tokens]`
    pub(super) ids: Tensor,
    /// `[texts, tokens]`: 1 for the second of two texts.
    pub(super) types: Tensor,
    /// `[texts, 1, 1, tokens]`, where texts differ in length.
    pub(super) mask: Option<Tensor>,
    /// Tokens of each text.
    pub(super) lengths: Vec<usize>,
}

impl Batch {
    /// `texts` are not empty, and each has a token.
    pub(super) fn new(texts: &[&Tokens], pad_token: u32, device: &Device) -> Result<Self> {
        let lengths: Vec<usize> = texts.iter().map(|text| text.ids.len()).collect();
        let longest = lengths.iter().copied().max().unwrap_or_default();
        let shape = (texts.len(), longest);
        let padded = |part: fn(&Tokens) -> &[u32], filler: u32| {
            let rows = texts.iter().flat_map(|text| {
                let fillers = std::iter::repeat_n(filler, longest - text.ids.len());
                part(text).iter().copied().chain(fillers)
            });
            Tensor::from_vec(rows.collect::<Vec<u32>>(), shape, device)
        };
        Ok(Self {
            ids: padded(|text| &text.ids, pad_token)?,
            types: padded(|text| &text.types, 0)?,
            mask: mask(&lengths, longest, device)?,
            lengths,
        })
    }
}

fn mask(lengths: &[usize], longest: usize, device: &Device) -> Result<Option<Tensor>> {
    if lengths.iter().all(|&length| length == longest) {
        return Ok(None);
    }
    let row = |&length: &usize| (0..longest).map(move |at| if at < length { 0.0 } else { PADDED });
    let rows: Vec<f32> = lengths.iter().flat_map(row).collect();
    Tensor::from_vec(rows, (lengths.len(), 1, 1, longest), device).map(Some)
}

/// The places of `lengths` from the shortest to the longest, and which of them go together.
pub(super) fn plan(lengths: &[usize]) -> (Vec<usize>, Vec<Range<usize>>) {
    let mut order: Vec<usize> = (0..lengths.len()).collect();
    order.sort_by_key(|&place| lengths[place]);
    let mut batches = Vec::new();
    let mut start = 0;
    for end in 1..=order.len() {
        let grown = order
            .get(end)
            .map(|&place| lengths[place] * (end + 1 - start));
        let fits = grown.is_some_and(|tokens| tokens <= TOKENS_MAX && end - start < TEXTS_MAX);
        if !fits {
            batches.push(start..end);
            start = end;
        }
    }
    (order, batches)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_text_is_in_one_batch_and_none_is_too_large() {
        let lengths: Vec<usize> = (0..500).map(|i| 1 + (i * 7919) % 900).collect();
        let (order, batches) = plan(&lengths);
        let mut seen: Vec<usize> = batches
            .iter()
            .flat_map(|b| order[b.clone()].to_vec())
            .collect();
        seen.sort_unstable();
        assert_eq!(seen, (0..500).collect::<Vec<_>>());
        for batch in batches {
            let longest = order[batch.clone()].iter().map(|&i| lengths[i]).max();
            let texts = batch.len();
            assert!(texts <= TEXTS_MAX && longest.unwrap() * texts <= TOKENS_MAX);
        }
    }

    #[test]
    fn a_text_longer_than_a_batch_stands_alone() {
        let (order, batches) = plan(&[9000, 3, 9000]);
        assert_eq!((order, batches), (vec![1, 0, 2], vec![0..1, 1..2, 2..3]));
        assert_eq!(plan(&[]), (Vec::new(), Vec::new()));
    }
}
