//! The contract of adapters: kept by one that a user wrote, and seen to be broken by those that
//! break it.

use std::sync::Arc;

use async_trait::async_trait;
use futures::StreamExt;
use karen_infer::testing::{
    budget, embedding_adapter, model_adapter, reranking_adapter, response_cache,
};
use karen_infer::{
    Budget, CacheKey, CachedAnswer, Caller, Capabilities, Charge, FinishReason, GenerateEvent,
    GenerateStream, InProcessCache, Job, ModelAdapter, ModelError, ModelErrorKind, ModelName,
    Models, ModelsConfig, Prompt, ResponseCache,
};
use tokio::sync::Mutex;

use crate::parrot::Parrot;

#[tokio::test]
async fn an_adapter_that_a_user_wrote_keeps_the_contract() {
    model_adapter(&Parrot::default()).await;
}

#[tokio::test]
async fn the_built_in_embedder_keeps_the_contract() {
    let models = Models::open(ModelsConfig::default()).await.unwrap();
    let name = ModelName::parse("karen-static").unwrap();
    embedding_adapter(&*models.adapter(&name).unwrap()).await;
}

/// What a broken adapter does wrong.
#[derive(Clone, Copy, Debug)]
enum Fault {
    NoUsage,
    NoDone,
    UsageBeforeText,
    TextAfterDone,
    EmptyText,
    IgnoresLimit,
    IgnoresStop,
    IgnoresCancel,
    Miscounts,
    CutsLongPrompts,
    FailsInside,
    EmbedsNonsense,
}

/// A parrot with a fault.
struct Broken(Fault);

impl Broken {
    fn altered(
        &self,
        event: Result<GenerateEvent, ModelError>,
    ) -> Vec<Result<GenerateEvent, ModelError>> {
        use GenerateEvent::{Done, TextDelta, Usage};
        let text = || Ok(TextDelta("squawk ".to_owned()));
        match (self.0, event) {
            (Fault::NoUsage, Ok(Usage(_))) | (Fault::NoDone, Ok(Done(_))) => Vec::new(),
            (Fault::UsageBeforeText, Ok(Usage(usage))) => vec![Ok(Usage(usage)), text()],
            (Fault::TextAfterDone, Ok(Done(reason))) => vec![Ok(Done(reason)), text()],
            (Fault::EmptyText, Ok(Usage(usage))) => {
                vec![Ok(TextDelta(String::new())), Ok(Usage(usage))]
            }
            (Fault::IgnoresCancel, Ok(Done(FinishReason::Cancelled))) => {
                vec![Ok(Done(FinishReason::Stop))]
            }
            (Fault::FailsInside, Ok(Usage(_))) => {
                let kind = ModelErrorKind::Interrupted;
                vec![Err(ModelError::new(kind, "ask", "the parrot"))]
            }
            (_, event) => vec![event],
        }
    }
}

#[async_trait]
impl ModelAdapter for Broken {
    fn capabilities(&self) -> Capabilities {
        Parrot::default().capabilities()
    }

    async fn load(&self) -> Result<(), ModelError> {
        Ok(())
    }

    async fn unload(&self) {}

    fn is_loaded(&self) -> bool {
        true
    }

    async fn generate(&self, mut job: Job) -> Result<GenerateStream, ModelError> {
        match (self.0, &mut job.prompt) {
            (Fault::IgnoresLimit, _) => job.max_tokens = None,
            (Fault::IgnoresStop, _) => job.stop.clear(),
            (Fault::CutsLongPrompts, Prompt::Chat { messages, .. }) => {
                messages[0].content.truncate(50);
            }
            _ => {}
        }
        let events = Parrot::default().generate(job).await?;
        let fault = Broken(self.0);
        let altered = events.flat_map(move |event| futures::stream::iter(fault.altered(event)));
        Ok(altered.boxed())
    }

    async fn count(&self, prompt: &Prompt) -> Result<u32, ModelError> {
        let counted = Parrot::default().count(prompt).await?;
        Ok(match self.0 {
            Fault::Miscounts => counted + 1,
            _ => counted,
        })
    }

    async fn embed(&self, texts: &[String]) -> Result<Vec<Vec<f32>>, ModelError> {
        match self.0 {
            Fault::EmbedsNonsense => Ok(vec![vec![1.0]; texts.len()]),
            _ => Parrot::default().embed(texts).await,
        }
    }
}

/// A reranker with a fault.
#[derive(Clone, Copy, Debug)]
enum BrokenReranker {
    OutOfOrder,
    OutOfRange,
    ScoreTooMany,
}

#[async_trait]
impl ModelAdapter for BrokenReranker {
    fn capabilities(&self) -> Capabilities {
        Capabilities {
            embed: true,
            rerank: true,
            ..Parrot::default().capabilities()
        }
    }

    async fn load(&self) -> Result<(), ModelError> {
        Ok(())
    }

    async fn unload(&self) {}

    fn is_loaded(&self) -> bool {
        true
    }

    async fn generate(&self, job: Job) -> Result<GenerateStream, ModelError> {
        Parrot::default().generate(job).await
    }

    async fn count(&self, prompt: &Prompt) -> Result<u32, ModelError> {
        Parrot::default().count(prompt).await
    }

    async fn embed(&self, texts: &[String]) -> Result<Vec<Vec<f32>>, ModelError> {
        Parrot::default().embed(texts).await
    }

    async fn rerank(&self, _: &str, documents: &[String]) -> Result<Vec<f32>, ModelError> {
        let score = |document: &String| 1.0 / document.len() as f32;
        let mut scores: Vec<f32> = documents.iter().map(score).collect();
        match self {
            Self::OutOfOrder => scores.sort_by(f32::total_cmp),
            Self::OutOfRange => scores.iter_mut().for_each(|score| *score -= 0.5),
            Self::ScoreTooMany => scores.push(0.5),
        }
        Ok(scores)
    }
}

#[tokio::test]
async fn the_suite_of_rerankers_sees_each_fault() {
    use BrokenReranker::*;
    for broken in [OutOfOrder, OutOfRange, ScoreTooMany] {
        let suite = async move { reranking_adapter(&broken).await };
        assert!(fails(suite).await, "{broken:?} is not seen");
    }
}

/// Whether a suite fails on what it is given.
async fn fails(suite: impl Future<Output = ()> + Send + 'static) -> bool {
    tokio::spawn(suite).await.is_err()
}

#[tokio::test]
async fn the_suite_of_adapters_sees_each_fault() {
    use Fault::*;
    for fault in [
        NoUsage,
        NoDone,
        UsageBeforeText,
        TextAfterDone,
        EmptyText,
        IgnoresLimit,
        IgnoresStop,
        IgnoresCancel,
        Miscounts,
        CutsLongPrompts,
        FailsInside,
        EmbedsNonsense,
    ] {
        let suite = async move { model_adapter(&Broken(fault)).await };
        assert!(fails(suite).await, "{fault:?} is not seen");
    }
}

#[tokio::test]
async fn the_cache_in_process_keeps_the_contract() {
    response_cache(&InProcessCache::new(1 << 20, std::time::Duration::MAX)).await;
}

/// A cache that confuses keys.
struct OnePlace(InProcessCache);

#[async_trait]
impl ResponseCache for OnePlace {
    async fn get(&self, _: &CacheKey) -> Result<Option<CachedAnswer>, ModelError> {
        self.0.get(&CacheKey::new([0; 32])).await
    }

    async fn put(&self, _: &CacheKey, answer: CachedAnswer) -> Result<(), ModelError> {
        self.0.put(&CacheKey::new([0; 32]), answer).await
    }

    async fn clear(&self) -> Result<(), ModelError> {
        self.0.clear().await
    }
}

#[tokio::test]
async fn the_suite_of_caches_sees_keys_confused() {
    let cache = OnePlace(InProcessCache::new(1 << 20, std::time::Duration::MAX));
    assert!(fails(async move { response_cache(&cache).await }).await);
}

/// So many tokens each.
#[derive(Clone)]
pub(crate) struct Purse {
    spent: Arc<Mutex<Vec<(Caller, u32)>>>,
    tokens: u32,
    /// Everybody pays from the same purse.
    shared: bool,
}

impl Purse {
    pub(crate) fn of(tokens: u32) -> Self {
        Self {
            spent: Arc::default(),
            tokens,
            shared: false,
        }
    }

    /// What was charged to whom.
    pub(crate) async fn spent(&self) -> Vec<(Caller, u32)> {
        self.spent.lock().await.clone()
    }
}

#[async_trait]
impl Budget for Purse {
    async fn admit(&self, caller: &Caller) -> Result<(), ModelError> {
        let spent = self.spent.lock().await;
        let own = spent
            .iter()
            .filter(|(spender, _)| self.shared || spender == caller);
        if own.map(|(_, tokens)| tokens).sum::<u32>() < self.tokens {
            return Ok(());
        }
        let kind = ModelErrorKind::Quota("the purse is empty".to_owned());
        Err(ModelError::new(kind, "ask", "the model"))
    }

    async fn charge(&self, caller: &Caller, charge: &Charge) -> Result<(), ModelError> {
        let tokens = charge.usage.prompt_tokens + charge.usage.completion_tokens;
        self.spent.lock().await.push((caller.clone(), tokens));
        Ok(())
    }
}

#[tokio::test]
async fn the_suite_of_budgets_tells_a_shared_purse_from_purses_of_their_own() {
    budget(&Purse::of(1_000_000)).await;
    let shared = Purse {
        shared: true,
        ..Purse::of(1_000_000)
    };
    assert!(fails(async move { budget(&shared).await }).await);
}
