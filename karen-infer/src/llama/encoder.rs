//! Embedding and reranking models as a [`ModelAdapter`]: what their last layer says of a whole text.

use std::num::NonZeroU32;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread;

use async_trait::async_trait;
use llama_cpp_2::context::LlamaContext;
use llama_cpp_2::context::params::LlamaContextParams;
use llama_cpp_2::llama_batch::LlamaBatch;
use llama_cpp_2::model::LlamaModel;
use llama_cpp_2::model::params::LlamaModelParams;
use llama_cpp_2::token::LlamaToken;
use tokio::sync::oneshot;

use super::backend::backend;
use super::engine::{EngineOptions, refused};
use crate::adapter::GenerateStream;
use crate::loadable::Loadable;
use crate::registry::Task;
use crate::{Capabilities, Job, ModelAdapter, ModelError, ModelErrorKind, Prompt};

/// Texts of one step at most: more are no faster.
const TEXTS_MAX: usize = 32;

/// A GGUF file of an encoder, loaded at its first use.
pub(crate) struct EncoderAdapter {
    path: PathBuf,
    task: Task,
    options: EngineOptions,
    encoder: Loadable<Encoder>,
}

/// A loaded model. Dropping it ends its thread after what it was asked.
struct Encoder {
    model: Arc<LlamaModel>,
    questions: Sender<Question>,
}

/// Texts in tokens, and where their rows go.
struct Question {
    texts: Vec<Vec<LlamaToken>>,
    rows: oneshot::Sender<Result<Vec<Vec<f32>>, ModelError>>,
}

impl EncoderAdapter {
    /// `path` holds a GGUF file that was checked; nothing is read yet.
    pub(crate) fn new(path: PathBuf, task: Task, options: EngineOptions) -> Self {
        Self {
            path,
            task,
            options,
            encoder: Loadable::default(),
        }
    }

    async fn encoder(&self) -> Result<Arc<Encoder>, ModelError> {
        let (path, options) = (self.path.clone(), self.options.clone());
        let load = move || {
            // Looked at again: the file may have changed since it was added.
            crate::registry::checked_header(&path)?;
            Encoder::load(&path, &options)
        };
        self.encoder.get(load).await
    }

    fn require(&self, task: Task) -> Result<(), ModelError> {
        if self.task == task {
            return Ok(());
        }
        Err(self.unsupported())
    }

    fn unsupported(&self) -> ModelError {
        let why = match self.task {
            Task::Rerank => "it scores documents for a query, and does nothing else",
            Task::Embed | Task::Generate => "it embeds texts, and does nothing else",
        };
        let kind = ModelErrorKind::Unsupported(why.to_owned());
        ModelError::new(kind, "ask", "the model")
    }

    /// Tokens that the model takes, whatever was cut from them.
    fn fitting(&self, tokens: Vec<LlamaToken>) -> Result<Vec<LlamaToken>, ModelError> {
        let prompt_tokens = u32::try_from(tokens.len()).unwrap_or(u32::MAX);
        let context_tokens = self.options.context_tokens;
        let kind = match prompt_tokens {
            0 => ModelErrorKind::Invalid("its tokenizer makes no token of it".to_owned()),
            _ if prompt_tokens > context_tokens => ModelErrorKind::PromptTooLong {
                prompt_tokens,
                context_tokens,
            },
            _ => return Ok(tokens),
        };
        Err(ModelError::new(kind, "read", "the text"))
    }
}

#[async_trait]
impl ModelAdapter for EncoderAdapter {
    fn capabilities(&self) -> Capabilities {
        Capabilities {
            embed: self.task == Task::Embed,
            rerank: self.task == Task::Rerank,
            exact_counts: true,
            context_tokens: self.options.context_tokens,
            ..Capabilities::default()
        }
    }

    async fn load(&self) -> Result<(), ModelError> {
        self.encoder().await.map(|_| ())
    }

    async fn unload(&self) {
        self.encoder.unload().await;
    }

    fn is_loaded(&self) -> bool {
        self.encoder.is_loaded()
    }

    async fn generate(&self, _job: Job) -> Result<GenerateStream, ModelError> {
        Err(self.unsupported())
    }

    async fn count(&self, prompt: &Prompt) -> Result<u32, ModelError> {
        let Prompt::Text(text) = prompt else {
            return Err(self.unsupported());
        };
        let tokens = self.encoder().await?.tokens(text);
        Ok(u32::try_from(tokens.len()).unwrap_or(u32::MAX))
    }

    async fn embed(&self, texts: &[String]) -> Result<Vec<Vec<f32>>, ModelError> {
        self.require(Task::Embed)?;
        let encoder = self.encoder().await?;
        let texts = texts.iter().map(|text| self.fitting(encoder.tokens(text)));
        let mut rows = encoder.rows(texts.collect::<Result<_, _>>()?).await?;
        rows.iter_mut().for_each(|row| normalise(row));
        Ok(rows)
    }

    async fn rerank(&self, query: &str, documents: &[String]) -> Result<Vec<f32>, ModelError> {
        self.require(Task::Rerank)?;
        let encoder = self.encoder().await?;
        let pairs = documents
            .iter()
            .map(|document| self.fitting(encoder.pair(query, document)));
        let rows = encoder.rows(pairs.collect::<Result<_, _>>()?).await?;
        let score = |row: Vec<f32>| row.first().map(|logit| 1.0 / (1.0 + (-logit).exp()));
        Ok(rows.into_iter().filter_map(score).collect())
    }
}

impl Encoder {
    fn load(path: &Path, options: &EngineOptions) -> Result<Self, ModelError> {
        let params = LlamaModelParams::default()
            .with_use_mmap(options.settings.mmap)
            .with_use_mlock(options.settings.mlock);
        let model = LlamaModel::load_from_file(backend()?, path, &params);
        let model = Arc::new(model.map_err(|e| refused(path).caused_by(e))?);
        let (questions, inbox) = channel();
        let (ready, wait) = oneshot::channel();
        let (served, options) = (Arc::clone(&model), options.clone());
        let started = thread::Builder::new()
            .name("karen-encoder".to_owned())
            .spawn(move || serve(&served, &options, &inbox, ready));
        started.map_err(|e| ended().caused_by(e))?;
        wait.blocking_recv().unwrap_or_else(|_| Err(ended()))?;
        Ok(Self { model, questions })
    }

    /// The tokens of a text, with those that frame it.
    fn tokens(&self, text: &str) -> Vec<LlamaToken> {
        self.model.vocab().tokenize(text.as_bytes(), true, false)
    }

    /// The tokens of a query and a document, as llama.cpp's server puts them together.
    fn pair(&self, query: &str, document: &str) -> Vec<LlamaToken> {
        let vocab = self.model.vocab();
        let only = |is_added: bool, token| is_added.then_some(token);
        let mut tokens = Vec::new();
        tokens.extend(only(vocab.should_add_bos(), vocab.bos()));
        tokens.extend(vocab.tokenize(query.as_bytes(), false, false));
        tokens.extend(only(vocab.should_add_eos(), vocab.eos()));
        tokens.extend(only(vocab.should_add_sep(), vocab.sep()));
        tokens.extend(vocab.tokenize(document.as_bytes(), false, false));
        tokens.extend(only(vocab.should_add_eos(), vocab.eos()));
        tokens
    }

    /// What the model says of each text, in their order.
    async fn rows(&self, texts: Vec<Vec<LlamaToken>>) -> Result<Vec<Vec<f32>>, ModelError> {
        let (rows, wait) = oneshot::channel();
        let sent = self.questions.send(Question { texts, rows });
        sent.map_err(|_| ended())?;
        wait.await.unwrap_or_else(|_| Err(ended()))
    }
}

fn serve(
    model: &LlamaModel,
    options: &EngineOptions,
    inbox: &Receiver<Question>,
    ready: oneshot::Sender<Result<(), ModelError>>,
) {
    let context = backend().and_then(|backend| {
        let kind =
            ModelErrorKind::Load("memory may be short; lower models.context_tokens".to_owned());
        let failed = |e| ModelError::new(kind, "make a context for", "the model").caused_by(e);
        model
            .new_context(backend, context_params(options))
            .map_err(failed)
    });
    let mut context = match context {
        Ok(context) => context,
        Err(error) => {
            // Nobody waits any more when loading was given up.
            let _ = ready.send(Err(error));
            return;
        }
    };
    let _ = ready.send(Ok(()));
    let mut batch = LlamaBatch::new(options.context_tokens as usize, 1);
    for question in inbox {
        let computed = compute(&mut context, &mut batch, &question, options.context_tokens);
        // Who asked may have stopped waiting.
        let _ = question.rows.send(computed);
    }
}

fn context_params(options: &EngineOptions) -> LlamaContextParams {
    let threads = i32::try_from(options.threads).unwrap_or(1);
    // llama.cpp ends the process where a step is shorter than there are sequences.
    let tokens = options.context_tokens.max(TEXTS_MAX as u32);
    // A text is read in one step: its tokens look at those behind them too.
    LlamaContextParams::default()
        .with_n_ctx(NonZeroU32::new(tokens))
        .with_n_batch(tokens)
        .with_n_ubatch(tokens)
        .with_n_seq_max(TEXTS_MAX as u32)
        .with_kv_unified(true)
        .with_embeddings(true)
        .with_n_threads(threads)
        .with_n_threads_batch(threads)
}

fn compute(
    context: &mut LlamaContext<'_>,
    batch: &mut LlamaBatch<'_>,
    question: &Question,
    step_tokens: u32,
) -> Result<Vec<Vec<f32>>, ModelError> {
    let mut rows = Vec::with_capacity(question.texts.len());
    let mut left = question.texts.as_slice();
    while !left.is_empty() {
        if question.rows.is_closed() {
            return Err(ModelError::new(
                ModelErrorKind::Cancelled,
                "ask",
                "the model",
            ));
        }
        let (texts, rest) = left.split_at(fitting(left, step_tokens as usize));
        left = rest;
        step(context, batch, texts, &mut rows)?;
    }
    Ok(rows)
}

/// How many of the texts go into one step; one at least.
fn fitting(texts: &[Vec<LlamaToken>], tokens_max: usize) -> usize {
    let mut tokens = 0;
    let fits = texts.iter().take(TEXTS_MAX).take_while(|text| {
        tokens += text.len();
        tokens <= tokens_max
    });
    fits.count().max(1)
}

fn step(
    context: &mut LlamaContext<'_>,
    batch: &mut LlamaBatch<'_>,
    texts: &[Vec<LlamaToken>],
    rows: &mut Vec<Vec<f32>>,
) -> Result<(), ModelError> {
    let failed = || ModelError::new(ModelErrorKind::Internal, "run", "the model");
    batch.clear();
    for (sequence, text) in (0..).zip(texts) {
        for (position, &token) in (0..).zip(text) {
            let added = batch.add(token, position, &[sequence], true);
            added.map_err(|e| failed().caused_by(e))?;
        }
    }
    context.clear_kv_cache();
    context.decode(batch).map_err(|e| failed().caused_by(e))?;
    for (sequence, _) in (0..).zip(texts) {
        let row = context.embeddings_seq_ith(sequence);
        let row = row.map_err(|e| failed().caused_by(e))?;
        if row.iter().any(|number| !number.is_finite()) {
            let why = "it computes numbers that are none: its weights are damaged".to_owned();
            return Err(ModelError::new(
                ModelErrorKind::Load(why),
                "ask",
                "the model",
            ));
        }
        rows.push(row.to_vec());
    }
    Ok(())
}

/// A row of zeros stays one.
fn normalise(row: &mut [f32]) {
    let length = row.iter().map(|x| x * x).sum::<f32>().sqrt().max(1e-12);
    row.iter_mut().for_each(|x| *x /= length);
}

fn ended() -> ModelError {
    ModelError::new(ModelErrorKind::Unavailable, "ask", "the model's thread")
}
