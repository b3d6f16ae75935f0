//! A decoder in memory, with its tokenizer and its chat template.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Mutex, OnceLock, PoisonError};

use rayon::ThreadPool;
use tokenizers::Tokenizer;

use super::network::Network;
use super::pieces::Pieces;
use super::session::{Session, Task, Words};
use crate::candle::model::{device, pool, unfit};
use crate::candle::{tokens, weights};
use crate::constraint::{Constraints, Vocabulary};
use crate::folder::{ChatFiles, FolderConfig, ModelFolder};
use crate::prepare::no_template;
use crate::template::ChatTemplate;
use crate::{FinishReason, ModelError, ModelErrorKind, Prompt};

pub(super) struct Model {
    tokenizer: Tokenizer,
    pieces: Pieces,
    /// Tokens that end an answer.
    ends: Vec<u32>,
    template: Option<ChatTemplate>,
    /// Made when an answer is first kept to a form.
    constraints: OnceLock<Constraints>,
    session: Mutex<Session>,
    /// Its own, as candle would take every core.
    threads: ThreadPool,
}

impl Model {
    /// Loads a folder that was checked, for a context of so many tokens.
    pub(super) fn load(
        folder: &ModelFolder,
        context_tokens: u32,
        threads: usize,
    ) -> Result<Self, ModelError> {
        let FolderConfig::Decoder(config) = &folder.config else {
            let kind = ModelErrorKind::Unsupported("it writes no text".to_owned());
            return Err(ModelError::new(kind, "load", "the model"));
        };
        let tokenizer = tokens::tokenizer(folder, config.vocabulary)?;
        let chat = ChatFiles::read(&folder.path).map_err(|e| {
            let kind = ModelErrorKind::Load(e.to_string());
            ModelError::new(kind, "load", folder.path.display().to_string()).caused_by(e)
        })?;
        let mut ends = [config.ends.as_slice(), chat.ends.as_slice()].concat();
        ends.extend(tokenizer.token_to_id(&chat.eos));
        let ChatFiles { bos, eos, .. } = chat;
        let template = chat
            .template
            .map(|source| ChatTemplate::new(source, bos, eos));
        let device = device().map_err(|e| unfit(folder, &e))?;
        let weights = weights::read(folder, &device).map_err(|e| unfit(folder, &e))?;
        let network = Network::new(config, context_tokens, weights);
        Ok(Self {
            pieces: Pieces::new(&tokenizer),
            tokenizer,
            ends,
            template: template.transpose()?,
            constraints: OnceLock::new(),
            session: Mutex::new(Session::new(network.map_err(|e| unfit(folder, &e))?)),
            threads: pool(threads)?,
        })
    }

    /// The tokens of a prompt. A chat's template writes its special tokens itself.
    pub(super) fn tokenize(&self, prompt: &Prompt) -> Result<Vec<u32>, ModelError> {
        let (text, add_special) = match prompt {
            Prompt::Text(text) => (text.clone(), true),
            Prompt::Chat { messages, tools } => {
                let template = self.template.as_ref().ok_or_else(no_template)?;
                (template.render(messages, tools)?, false)
            }
        };
        let encoding = self.tokenizer.encode_fast(text, add_special).map_err(|e| {
            let why = "its tokenizer does not understand the text".to_owned();
            ModelError::new(ModelErrorKind::Invalid(why), "read", "the prompt").caused_by(e)
        })?;
        Ok(encoding.get_ids().to_vec())
    }

    /// What keeps answers to a form. The first time takes as long as sorting the vocabulary.
    pub(super) fn constraints(&self) -> Result<&Constraints, ModelError> {
        if let Some(constraints) = self.constraints.get() {
            return Ok(constraints);
        }
        let words = self.pieces.words().iter().cloned();
        let constraints = Constraints::new(Vocabulary::new(words, self.ends.clone()))?;
        Ok(self.constraints.get_or_init(|| constraints))
    }

    /// Writes an answer to its end. Blocks; one at a time.
    pub(super) fn answer(&self, mut task: Task) {
        // What broke a session is forgotten below, so that the next answer begins with a whole one.
        let mut held = self.session.lock().unwrap_or_else(PoisonError::into_inner);
        let session: &mut Session = &mut held;
        let words = Words {
            pieces: &self.pieces,
            ends: &self.ends,
        };
        let answered = catch_unwind(AssertUnwindSafe(|| {
            self.threads.install(|| session.answer(&mut task, &words))
        }));
        let panicked = |_| {
            Err(ModelError::new(
                ModelErrorKind::Internal,
                "run",
                "the model",
            ))
        };
        match answered.unwrap_or_else(panicked) {
            Ok(finish) => task
                .writer
                .finish(finish.unwrap_or(FinishReason::Cancelled)),
            Err(error) => {
                session.clear();
                task.writer.fail(error);
            }
        }
    }
}
