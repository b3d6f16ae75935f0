//! Finding the model that answers: the budget, the cache, and the models of a route one by one.

use std::collections::VecDeque;
use std::sync::Arc;

use futures::{StreamExt, stream};

use super::Models;
use super::entry::{Entry, Source};
use super::measured::{self, Waiting};
use super::shared::{Shared, missing};
use crate::cache::{self, CacheKey, Keeping, Questions};
use crate::{
    Budget, Caller, Charge, GenerateEvent, GenerateStream, Generation, Job, ModelError, ModelName,
    PassedOver, Price, Served, Why,
};

/// What is asked, of which model, for whom.
pub(super) struct Question {
    pub(super) asked: Option<ModelName>,
    pub(super) caller: Option<Caller>,
    /// The cache is not to answer.
    pub(super) fresh: bool,
    pub(super) job: Job,
}

/// The way through the models of a route. A model asked for by its own name is a way of one step.
struct Search<'a> {
    shared: &'a Shared,
    is_route: bool,
    waiting: VecDeque<ModelName>,
    /// Models that failed a moment ago: they wait behind the others.
    cooling: Vec<ModelName>,
    passed_over: Vec<PassedOver>,
}

struct Answer {
    events: GenerateStream,
    from_cache: Option<Cached>,
}

/// To which question an answer was given before.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Cached {
    Same,
    /// One that means the same.
    Similar,
}

impl Models {
    pub(super) async fn answer(&self, question: Question) -> Result<Generation, ModelError> {
        let name = question.asked.clone().or_else(|| self.default_name());
        let name = name.ok_or_else(|| missing("a model"))?;
        if let (Some(budget), Some(caller)) = (&self.shared.config.budget, &question.caller) {
            budget.admit(caller).await?;
        }
        let mut search = Search::begin(&self.shared, &name, question.caller.as_ref());
        while let Some(model) = search.waiting.pop_front() {
            let has_more = !search.waiting.is_empty();
            match self.attempt(&model, &question, has_more).await {
                Ok(answer) => return Ok(search.end(model, answer, question)),
                Err(error) => {
                    measured::count_failure(&model);
                    search.pass_over(model, error)?;
                }
            }
        }
        Err(missing(name.as_str()))
    }

    /// Asks one model. With `await_first`, a model that fails before its first event has failed here.
    async fn attempt(
        &self,
        model: &ModelName,
        question: &Question,
        await_first: bool,
    ) -> Result<Answer, ModelError> {
        let entry = self.shared.get(model)?;
        entry.adapter.capabilities().check(&question.job)?;
        let place = self.place(&entry, model, question);
        if let Some(place) = &place
            && let Some(answer) = place.answer().await
        {
            return Ok(answer);
        }
        let waiting = Waiting::begin(model);
        let events = entry.adapter.generate(question.job.clone()).await?;
        let mut events = waiting.answered(events);
        if await_first && let Some(first) = events.next().await {
            events = stream::iter([Ok(first?)]).chain(events).boxed();
        }
        if let (Some(budget), Some(caller)) = (&self.shared.config.budget, &question.caller) {
            let bill = Bill {
                budget: Arc::clone(budget),
                caller: caller.clone(),
                model: model.clone(),
                price: self.price(model, &entry),
            };
            events = bill.charged(events);
        }
        if let Some(place) = place {
            events = cache::keep(events, place);
        }
        Ok(Answer {
            events,
            from_cache: None,
        })
    }

    /// What its tokens cost: nothing, unless somebody says so.
    fn price(&self, model: &ModelName, entry: &Entry) -> Price {
        let set = self.shared.config.prices.get(model).copied();
        set.unwrap_or_else(|| match &entry.source {
            Source::Remote(remote) => remote.price.unwrap_or_default(),
            Source::BuiltIn | Source::File(_) | Source::Adapter => Price::default(),
        })
    }

    /// Where the answer is cached, if it may be.
    fn place(&self, entry: &Entry, model: &ModelName, question: &Question) -> Option<Keeping> {
        let cache = self.shared.config.cache.as_ref()?;
        if question.fresh || !cache::is_repeatable(&question.job) {
            return None;
        }
        let identity = entry.identity(model);
        let (caller, job) = (question.caller.as_ref(), &question.job);
        let look = |questions: &Arc<Questions>| {
            let (scope, text) = cache::scope(&identity, caller, job)?;
            Some((Arc::clone(questions), questions.look(scope, text)?))
        };
        Some(Keeping {
            question: self.shared.questions.as_ref().and_then(look),
            key: cache::key(&identity, caller, job),
            cache: Arc::clone(cache),
        })
    }
}

impl Keeping {
    /// The answer that was given to the same question, or to one that means the same.
    async fn answer(&self) -> Option<Answer> {
        if let Some(events) = self.cached(&self.key).await {
            let from_cache = Some(Cached::Same);
            return Some(Answer { events, from_cache });
        }
        let (questions, looked) = self.question.as_ref()?;
        let similar = questions.find(looked)?;
        let Some(events) = self.cached(&similar).await else {
            questions.forget(looked, &similar);
            return None;
        };
        let from_cache = Some(Cached::Similar);
        Some(Answer { events, from_cache })
    }

    /// The answer under a key; a cache that fails has none.
    async fn cached(&self, key: &CacheKey) -> Option<GenerateStream> {
        match self.cache.get(key).await {
            Ok(answer) => answer.map(cache::replay),
            Err(error) => {
                let error = &error as &dyn std::error::Error;
                tracing::warn!(error, "the cache does not answer");
                None
            }
        }
    }
}

impl<'a> Search<'a> {
    fn begin(shared: &'a Shared, name: &ModelName, caller: Option<&Caller>) -> Self {
        let (is_route, plan) = {
            let mut entries = shared.lock();
            let plan = entries.plan(name, caller.map(|caller| caller.user.as_str()));
            (entries.routes.contains_key(name), plan)
        };
        let is_cooling = |model: &ModelName| is_route && shared.cooldowns.left(model).is_some();
        let (cooling, ready): (Vec<_>, Vec<_>) = plan.into_iter().partition(is_cooling);
        Self {
            shared,
            is_route,
            waiting: ready.into_iter().chain(cooling.iter().cloned()).collect(),
            cooling,
            passed_over: Vec::new(),
        }
    }

    /// Goes on behind a model that failed.
    ///
    /// # Errors
    /// The failure, where no other model is left that could do better.
    fn pass_over(&mut self, model: ModelName, error: ModelError) -> Result<(), ModelError> {
        if self.is_route {
            let usual = self.shared.config.cooldown;
            self.shared.cooldowns.begin(&model, error.kind(), usual);
        }
        if self.waiting.is_empty() || !error.kind().is_worth_another_model() {
            return Err(error);
        }
        tracing::warn!(
            model = model.as_str(),
            error = &error as &dyn std::error::Error,
            "a route passes over a model"
        );
        self.passed_over.push(PassedOver {
            model,
            reason: error.to_string(),
        });
        Ok(())
    }

    fn end(mut self, model: ModelName, answer: Answer, question: Question) -> Generation {
        if self.is_route && answer.from_cache.is_none() {
            self.shared.cooldowns.end(&model);
        }
        let spared = self
            .cooling
            .into_iter()
            .filter(|model| self.waiting.contains(model));
        self.passed_over.extend(spared.map(|model| PassedOver {
            model,
            reason: "it failed a moment ago".to_owned(),
        }));
        let why = match (&question.asked, self.is_route) {
            (_, true) if self.passed_over.is_empty() => Why::Routed,
            (_, true) => Why::Fallback,
            (Some(_), false) => Why::Named,
            (None, false) => Why::Default,
        };
        let from = match answer.from_cache {
            None => "model",
            Some(Cached::Same) => "cache",
            Some(Cached::Similar) => "similar",
        };
        measured::count_answer(&model, from);
        let served = Served {
            asked: question.asked,
            answered: model,
            why,
            passed_over: self.passed_over,
            from_cache: answer.from_cache.is_some(),
            is_similar: answer.from_cache == Some(Cached::Similar),
        };
        Generation::new(served, answer.events, question.job.cancel)
    }
}

/// Who pays for an answer.
struct Bill {
    budget: Arc<dyn Budget>,
    caller: Caller,
    model: ModelName,
    price: Price,
}

impl Bill {
    /// Charges what an answer took, before it is told.
    fn charged(self, events: GenerateStream) -> GenerateStream {
        let bill = Arc::new(self);
        let charge = move |event| {
            let bill = Arc::clone(&bill);
            async move {
                if let Ok(GenerateEvent::Usage(usage)) = &event {
                    bill.budget
                        .charge(&bill.caller, &bill.charge(*usage))
                        .await?;
                }
                event
            }
        };
        events.then(charge).boxed()
    }

    fn charge(&self, usage: crate::Usage) -> Charge {
        Charge {
            model: self.model.clone(),
            usage,
            cost_micros: self.price.of(usage),
        }
    }
}
