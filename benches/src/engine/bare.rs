//! A bare loop over llama.cpp: what an engine can reach at most. It runs in a process of its own, since
//! llama.cpp is started once a process.

use std::num::NonZeroU32;
use std::path::Path;
use std::time::{Duration, Instant};

use llama_cpp_2::context::LlamaContext;
use llama_cpp_2::context::params::LlamaContextParams;
use llama_cpp_2::llama_backend::LlamaBackend;
use llama_cpp_2::llama_batch::LlamaBatch;
use llama_cpp_2::model::LlamaModel;
use llama_cpp_2::model::params::LlamaModelParams;
use llama_cpp_2::token::LlamaToken;

use super::{CONTEXT_TOKENS, prompt};
use crate::Result;

const STEP_TOKENS: usize = 512;

/// Greedy tokens of all streams in a second, without the reading of their prompts.
pub(crate) fn tokens_per_s(file: &Path, threads: i32, streams: usize, tokens: u32) -> Result<f64> {
    let backend = LlamaBackend::init()?;
    let model = LlamaModel::load_from_file(&backend, file, &LlamaModelParams::default())?;
    let parameters = LlamaContextParams::default()
        .with_n_ctx(NonZeroU32::new(CONTEXT_TOKENS))
        .with_n_batch(STEP_TOKENS as u32)
        .with_n_seq_max(streams as u32)
        .with_kv_unified(true)
        .with_n_threads(threads)
        .with_n_threads_batch(threads);
    let mut bare = Bare {
        context: model.new_context(&backend, parameters)?,
        batch: LlamaBatch::new(STEP_TOKENS, 1),
        streams: Vec::new(),
    };
    for stream in 0..streams {
        let text = prompt(stream);
        bare.read(model.vocab().tokenize(text.as_bytes(), true, true))?;
    }
    let took = bare.write(tokens)?;
    Ok(f64::from(tokens) * streams as f64 / took.as_secs_f64())
}

struct Bare<'model> {
    context: LlamaContext<'model>,
    batch: LlamaBatch<'static>,
    /// Of each stream the next token and its position.
    streams: Vec<(LlamaToken, i32)>,
}

impl Bare<'_> {
    fn read(&mut self, prompt: Vec<LlamaToken>) -> Result<()> {
        let sequence = self.streams.len() as i32;
        self.batch.clear();
        for (position, &token) in (0..).zip(&prompt) {
            let is_last = position as usize + 1 == prompt.len();
            self.batch.add(token, position, &[sequence], is_last)?;
        }
        self.context.decode(&mut self.batch)?;
        let next = self.likeliest(self.batch.n_tokens() - 1);
        self.streams.push((next, prompt.len() as i32));
        Ok(())
    }

    fn write(&mut self, tokens: u32) -> Result<Duration> {
        let started = Instant::now();
        for _ in 0..tokens {
            self.batch.clear();
            for (sequence, &(token, position)) in (0..).zip(&self.streams) {
                self.batch.add(token, position, &[sequence], true)?;
            }
            self.context.decode(&mut self.batch)?;
            for index in 0..self.streams.len() {
                let next = self.likeliest(index as i32);
                self.streams[index] = (next, self.streams[index].1 + 1);
            }
        }
        Ok(started.elapsed())
    }

    fn likeliest(&self, index: i32) -> LlamaToken {
        let logits = self.context.get_logits_ith(index).iter();
        let best = (0..).zip(logits).max_by(|a, b| a.1.total_cmp(b.1));
        LlamaToken::new(best.map_or(0, |(token, _)| token))
    }
}
