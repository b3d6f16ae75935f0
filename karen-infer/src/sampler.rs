//! Choosing the next token from a model's logits.

use std::collections::HashMap;

use crate::Sampling;

/// Tokens back that the repeat penalty looks.
const REPEAT_WINDOW: usize = 64;

/// Chooses tokens for one answer.
#[derive(Debug)]
pub(crate) struct Sampler {
    sampling: Sampling,
    random: SplitMix64,
    recent: Vec<usize>,
    counts: HashMap<usize, u32>,
}

impl Sampler {
    pub(crate) fn new(sampling: Sampling) -> Self {
        let seed = sampling.seed.unwrap_or_else(rand::random);
        Self {
            sampling,
            random: SplitMix64(seed),
            recent: Vec::new(),
            counts: HashMap::new(),
        }
    }

    /// The next token; `logits` has one entry a token of the vocabulary and is not empty. One of
    /// minus infinity is chosen only where all are.
    pub(crate) fn choose(&mut self, logits: &[f32]) -> usize {
        let token = match self.penalised(logits) {
            Some(logits) => self.draw(&logits),
            None => self.draw(logits),
        };
        self.remember(token);
        token
    }

    fn remember(&mut self, token: usize) {
        if self.recent.len() == REPEAT_WINDOW {
            self.recent.remove(0);
        }
        self.recent.push(token);
        *self.counts.entry(token).or_default() += 1;
    }

    /// The logits with penalties, or `None` when there are none to apply.
    fn penalised(&self, logits: &[f32]) -> Option<Vec<f32>> {
        let Sampling {
            repeat_penalty,
            presence_penalty,
            frequency_penalty,
            ..
        } = self.sampling;
        let repeats = repeat_penalty != 1.0 && repeat_penalty > 0.0;
        if !repeats && presence_penalty == 0.0 && frequency_penalty == 0.0 {
            return None;
        }
        let mut logits = logits.to_vec();
        for (&token, &count) in &self.counts {
            let logit = &mut logits[token];
            if repeats && self.recent.contains(&token) {
                *logit = if *logit > 0.0 {
                    *logit / repeat_penalty
                } else {
                    *logit * repeat_penalty
                };
            }
            *logit -= presence_penalty + frequency_penalty * count as f32;
        }
        Some(logits)
    }

    fn draw(&mut self, logits: &[f32]) -> usize {
        if self.sampling.temperature <= 0.0 {
            return likeliest(logits);
        }
        let candidates = self.candidates(logits);
        let total: f32 = candidates.iter().map(|(_, p)| p).sum();
        let mut left = self.random.next_unit() * total;
        for &(token, probability) in &candidates {
            left -= probability;
            if left < 0.0 {
                return token;
            }
        }
        candidates
            .last()
            .map_or_else(|| likeliest(logits), |&(token, _)| token)
    }

    /// Tokens that may be drawn with their relative probabilities, likeliest first.
    fn candidates(&self, logits: &[f32]) -> Vec<(usize, f32)> {
        let Sampling {
            temperature,
            top_k,
            top_p,
            min_p,
            ..
        } = self.sampling;
        let mut order: Vec<usize> = (0..logits.len()).collect();
        order.sort_unstable_by(|&a, &b| logits[b].total_cmp(&logits[a]).then(a.cmp(&b)));
        if top_k > 0 {
            order.truncate(top_k as usize);
        }
        let best = logits[order[0]];
        let mut candidates: Vec<(usize, f32)> = order
            .iter()
            .map(|&token| (token, ((logits[token] - best) / temperature).exp()))
            .collect();
        let total: f32 = candidates.iter().map(|(_, p)| p).sum();
        let mut sum = 0.0;
        let nucleus = candidates.iter().position(|(_, p)| {
            sum += p / total;
            sum >= top_p
        });
        candidates.truncate(nucleus.map_or(candidates.len(), |last| last + 1));
        // The likeliest one has the relative probability 1, so it always stays. What a constraint
        // rules out has none, and is not drawn by rounding either.
        candidates.retain(|&(_, p)| p > 0.0 && p >= min_p.min(1.0));
        candidates
    }
}

/// The token with the largest logit, the lowest id among equals.
fn likeliest(logits: &[f32]) -> usize {
    let mut best = 0;
    for (token, logit) in logits.iter().enumerate() {
        if *logit > logits[best] {
            best = token;
        }
    }
    best
}

/// SplitMix64 (Steele, Lea, Flood 2014): small, and the same on every machine and in every version,
/// which no generator of a library promises.
#[derive(Debug)]
struct SplitMix64(u64);

impl SplitMix64 {
    /// Uniform in [0, 1).
    fn next_unit(&mut self) -> f32 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((z ^ (z >> 31)) >> 40) as f32 / (1u64 << 24) as f32
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn drawn(sampling: Sampling, logits: &[f32], times: usize) -> Vec<usize> {
        let mut sampler = Sampler::new(sampling);
        (0..times).map(|_| sampler.choose(logits)).collect()
    }

    fn random(seed: u64) -> Sampling {
        Sampling {
            temperature: 1.0,
            seed: Some(seed),
            ..Sampling::default()
        }
    }

    #[test]
    fn temperature_zero_takes_the_likeliest_and_the_first_among_equals() {
        assert_eq!(
            drawn(Sampling::default(), &[0.0, 2.0, 2.0, 1.0], 3),
            [1, 1, 1]
        );
    }

    #[test]
    fn a_seed_gives_the_same_answer_and_another_seed_another() {
        let logits = vec![0.0; 100];
        let first = drawn(random(1), &logits, 50);
        assert_eq!(first, drawn(random(1), &logits, 50));
        assert_ne!(first, drawn(random(2), &logits, 50));
    }

    #[test]
    fn draws_follow_the_probabilities() {
        let logits = [0.0_f32, 3.0_f32.ln()];
        let ones = drawn(random(7), &logits, 4000).iter().sum::<usize>();
        assert!(
            (2850..3150).contains(&ones),
            "{ones} of 4000, 3000 expected"
        );
    }

    #[test]
    fn cuts_leave_only_the_likeliest_tokens() {
        let logits = [3.0, 2.0, 1.0, 0.0];
        for sampling in [
            Sampling {
                top_k: 1,
                ..random(3)
            },
            Sampling {
                top_p: 0.5,
                ..random(3)
            },
            Sampling {
                min_p: 0.9,
                ..random(3)
            },
        ] {
            assert!(
                drawn(sampling, &logits, 100)
                    .iter()
                    .all(|&token| token == 0)
            );
        }
    }

    #[test]
    fn penalties_push_tokens_back_that_were_said() {
        let logits = [1.0, 0.9, 0.8];
        let presence = Sampling {
            presence_penalty: 2.0,
            ..Sampling::default()
        };
        assert_eq!(drawn(presence, &logits, 3), [0, 1, 2]);
        let repeat = Sampling {
            repeat_penalty: 2.0,
            ..Sampling::default()
        };
        assert_eq!(drawn(repeat, &logits, 3), [0, 1, 2]);
        let frequency = Sampling {
            frequency_penalty: 1.0,
            ..Sampling::default()
        };
        assert_eq!(drawn(frequency, &logits, 4), [0, 1, 2, 0]);
    }
}
