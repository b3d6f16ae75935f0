//! The thread that owns a model's context, and the queue in front of it.

use std::num::NonZeroU32;
use std::path::Path;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, OnceLock};
use std::thread;

use llama_cpp_2::context::params::{KvCacheType, LlamaContextParams};
use llama_cpp_2::model::params::LlamaModelParams;
use llama_cpp_2::model::{LlamaLoraAdapter, LlamaModel};
use llama_cpp_2::token::LlamaToken;
use llama_cpp_sys_2::{
    LLAMA_FLASH_ATTN_TYPE_AUTO, LLAMA_FLASH_ATTN_TYPE_DISABLED, LLAMA_FLASH_ATTN_TYPE_ENABLED,
};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, oneshot};

use super::backend::backend;
use super::batcher::Batcher;
use super::sequences::{STEP_TOKENS, Sequences};
use super::states::States;
use super::task::Task;
use crate::constraint::{Constraints, Vocabulary};
use crate::prepare::no_template;
use crate::registry::checked_adapter;
use crate::template::ChatTemplate;
use crate::{
    CacheNumbers, FlashAttention, LlamaSettings, Lora, ModelError, ModelErrorKind, Prompt,
};

/// Answers that wait for the model at most; beyond that callers are told that it is busy.
const QUEUE_MAX: usize = 64;

/// Sequences for each answer that may run at once: the others keep what earlier answers read.
const SEQUENCES_PER_ANSWER: usize = 2;

/// A loaded model. Dropping it ends the thread after the answers that were asked for.
pub(super) struct Engine {
    model: Arc<LlamaModel>,
    template: Option<ChatTemplate>,
    /// Made when an answer is first kept to a form.
    constraints: OnceLock<Constraints>,
    tasks: Sender<Task>,
    queue: Arc<Semaphore>,
}

/// An adapter of the model's weights, and how much of it is applied.
struct AppliedLora {
    adapter: LlamaLoraAdapter,
    scale: f32,
}

/// How an engine runs.
#[derive(Clone, Debug)]
pub(crate) struct EngineOptions {
    pub(crate) threads: usize,
    /// Tokens of one prompt and its answer.
    pub(crate) context_tokens: u32,
    /// Tokens that all answers share, as many as the context at least.
    pub(crate) cache_tokens: u32,
    /// Answers that are given at once at most, 1 to 64.
    pub(crate) parallel: usize,
    pub(crate) settings: LlamaSettings,
}

impl Engine {
    /// Loads a checked GGUF file. Takes as long as reading it; call it where blocking is fine.
    pub(super) fn load(path: &Path, options: &EngineOptions) -> Result<Self, ModelError> {
        let (model, lora) = load_model(path, &options.settings)?;
        let template = chat_template(&model)?;
        let (tasks, inbox) = channel();
        start_thread(Arc::clone(&model), lora, options.clone(), inbox)?;
        Ok(Self {
            model,
            template,
            constraints: OnceLock::new(),
            tasks,
            queue: Arc::new(Semaphore::new(QUEUE_MAX)),
        })
    }

    /// The tokens of a prompt. Text of a chat's template is read with its special tokens.
    pub(super) fn tokenize(&self, prompt: &Prompt) -> Result<Vec<LlamaToken>, ModelError> {
        let vocab = self.model.vocab();
        match prompt {
            Prompt::Text(text) => Ok(vocab.tokenize(text.as_bytes(), true, true)),
            Prompt::Chat { messages, tools } => {
                let template = self.template.as_ref().ok_or_else(no_template)?;
                let text = template.render(messages, tools)?;
                // Most templates write the first token themselves.
                let add_special = vocab.should_add_bos() && !text.starts_with(template.bos());
                Ok(vocab.tokenize(text.as_bytes(), add_special, true))
            }
        }
    }

    /// What keeps answers to a form. The first time takes as long as sorting the vocabulary.
    pub(super) fn constraints(&self) -> Result<&Constraints, ModelError> {
        if let Some(constraints) = self.constraints.get() {
            return Ok(constraints);
        }
        let constraints = Constraints::new(vocabulary(&self.model))?;
        Ok(self.constraints.get_or_init(|| constraints))
    }

    /// A place in the queue.
    ///
    /// # Errors
    /// `Busy` while there is none.
    pub(super) fn place(&self) -> Result<OwnedSemaphorePermit, ModelError> {
        let place = Arc::clone(&self.queue).try_acquire_owned();
        place.map_err(|_| ModelError::new(ModelErrorKind::Busy, "ask", "the model"))
    }

    /// Puts an answer in the queue.
    pub(super) fn submit(&self, task: Task) -> Result<(), ModelError> {
        let ended = |_| ModelError::new(ModelErrorKind::Unavailable, "ask", "the model");
        self.tasks.send(task).map_err(ended)
    }
}

/// The model, and the change of its weights that every answer is to have.
fn load_model(
    path: &Path,
    settings: &LlamaSettings,
) -> Result<(Arc<LlamaModel>, Option<AppliedLora>), ModelError> {
    let params = LlamaModelParams::default()
        .with_use_mmap(settings.mmap)
        .with_use_mlock(settings.mlock);
    let loaded = LlamaModel::load_from_file(backend()?, path, &params);
    let mut model = loaded.map_err(|e| refused(path).caused_by(e))?;
    let lora = settings
        .lora
        .as_ref()
        .map(|lora| load_lora(&mut model, lora));
    Ok((Arc::new(model), lora.transpose()?))
}

fn load_lora(model: &mut LlamaModel, lora: &Lora) -> Result<AppliedLora, ModelError> {
    checked_adapter(&lora.path)?;
    let adapter = model.lora_adapter_init(&lora.path);
    Ok(AppliedLora {
        adapter: adapter.map_err(|e| refused(&lora.path).caused_by(e))?,
        scale: lora.scale,
    })
}

pub(super) fn refused(path: &Path) -> ModelError {
    let why = "llama.cpp refuses it; its reason is in the log".to_owned();
    ModelError::new(
        ModelErrorKind::Load(why),
        "load",
        path.display().to_string(),
    )
}

/// The tokens as an answer writes them: control tokens write nothing.
fn vocabulary(model: &LlamaModel) -> Vocabulary {
    let vocab = model.vocab();
    let ends = vocab.tokens().filter(|&token| vocab.is_eog(token));
    let ends = ends
        .filter_map(|token| u32::try_from(token.0).ok())
        .collect();
    let words = vocab
        .tokens()
        .map(|token| vocab.token_to_piece(token, false, None));
    Vocabulary::new(words, ends)
}

fn chat_template(model: &LlamaModel) -> Result<Option<ChatTemplate>, ModelError> {
    let Ok(source) = model.chat_template(None) else {
        return Ok(None);
    };
    let source = source.to_string().map_err(|e| {
        let kind = ModelErrorKind::Load("it is no UTF-8".to_owned());
        ModelError::new(kind, "read", "the chat template").caused_by(e)
    })?;
    let vocab = model.vocab();
    let text = |token| {
        let text = vocab.text(token);
        text.map(|text| text.to_string_lossy().into_owned())
            .unwrap_or_default()
    };
    let special = |token: LlamaToken| {
        if token.0 < 0 {
            String::new()
        } else {
            text(token)
        }
    };
    ChatTemplate::new(source, special(vocab.bos()), special(vocab.eos())).map(Some)
}

/// Starts the thread, and waits until it has its context: what is wrong is known at loading.
fn start_thread(
    model: Arc<LlamaModel>,
    lora: Option<AppliedLora>,
    options: EngineOptions,
    inbox: Receiver<Task>,
) -> Result<(), ModelError> {
    let (ready, wait) = oneshot::channel();
    thread::Builder::new()
        .name("karen-model".to_owned())
        .spawn(move || serve(&model, lora, &options, &inbox, ready))
        .map_err(|e| unavailable().caused_by(e))?;
    wait.blocking_recv().unwrap_or_else(|_| Err(unavailable()))
}

fn serve(
    model: &LlamaModel,
    lora: Option<AppliedLora>,
    options: &EngineOptions,
    inbox: &Receiver<Task>,
    ready: oneshot::Sender<Result<(), ModelError>>,
) {
    let sequences = match sequences(model, lora, options) {
        Ok(sequences) => sequences,
        Err(error) => {
            // Nobody waits any more when loading was given up.
            let _ = ready.send(Err(error));
            return;
        }
    };
    let _ = ready.send(Ok(()));
    let cells = options.cache_tokens as usize;
    Batcher::new(model, sequences, options.parallel, cells).serve(inbox);
}

/// The context, with its adapter and as warm as the settings say.
fn sequences<'model>(
    model: &'model LlamaModel,
    lora: Option<AppliedLora>,
    options: &EngineOptions,
) -> Result<Sequences<'model>, ModelError> {
    let why = "memory may be short; lower models.context_tokens".to_owned();
    let kind = ModelErrorKind::Load(why);
    let failed = |e| ModelError::new(kind, "make a context for", "the model").caused_by(e);
    let context = model.new_context(backend()?, context_params(options));
    let mut context = context.map_err(failed)?;
    if let Some(AppliedLora { mut adapter, scale }) = lora {
        // The model owns what the adapter points to.
        context.lora_adapter_set(&mut adapter, scale).map_err(|e| {
            let kind = ModelErrorKind::Load("it was made for another model".to_owned());
            ModelError::new(kind, "apply", "the adapter").caused_by(e)
        })?;
    }
    let mebibytes = options.settings.prefix_mib as usize;
    let states = States::new(mebibytes.saturating_mul(1 << 20));
    let mut sequences = Sequences::new(model, context, sequence_count(options), states);
    if options.settings.warm_up {
        let bos = model.vocab().bos();
        let token = if bos.0 < 0 { LlamaToken::new(0) } else { bos };
        sequences.warm_up(token).map_err(|_| {
            let kind = ModelErrorKind::Load("it does not run".to_owned());
            ModelError::new(kind, "warm up", "the model")
        })?;
    }
    Ok(sequences)
}

fn sequence_count(options: &EngineOptions) -> usize {
    options.parallel * SEQUENCES_PER_ANSWER
}

fn context_params(options: &EngineOptions) -> LlamaContextParams {
    let threads = i32::try_from(options.threads).unwrap_or(1);
    let numbers = match options.settings.cache_numbers {
        CacheNumbers::F16 => KvCacheType::F16,
        CacheNumbers::Q8_0 => KvCacheType::Q8_0,
        CacheNumbers::Q4_0 => KvCacheType::Q4_0,
    };
    let flash_attention = match options.settings.flash_attention {
        FlashAttention::Auto => LLAMA_FLASH_ATTN_TYPE_AUTO,
        FlashAttention::On => LLAMA_FLASH_ATTN_TYPE_ENABLED,
        FlashAttention::Off => LLAMA_FLASH_ATTN_TYPE_DISABLED,
    };
    // llama.cpp ends the process where a step is shorter than there are sequences.
    let cells = options.cache_tokens.max(STEP_TOKENS as u32);
    LlamaContextParams::default()
        .with_n_ctx(NonZeroU32::new(cells))
        .with_n_batch(STEP_TOKENS as u32)
        .with_n_ubatch(STEP_TOKENS as u32)
        .with_n_seq_max(sequence_count(options) as u32)
        .with_type_k(numbers)
        .with_type_v(numbers)
        .with_flash_attention_policy(flash_attention)
        // One cache for all: what a sequence has read is shared without copying it.
        .with_kv_unified(true)
        .with_swa_full(true)
        .with_n_threads(threads)
        .with_n_threads_batch(threads)
}

fn unavailable() -> ModelError {
    ModelError::new(ModelErrorKind::Unavailable, "start", "the model's thread")
}
