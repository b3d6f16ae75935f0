use std::sync::atomic::{AtomicU32, Ordering};

use futures::stream;
use tokio_util::sync::CancellationToken;

use super::*;
use crate::{AnswerFormat, GenerateEvent, Sampling, ToolChoice};

/// A model that counts how often it was loaded, and fails at it as often as it is told to.
#[derive(Default)]
struct Counting {
    loads: AtomicU32,
    is_loaded: AtomicU32,
    failures: AtomicU32,
}

#[async_trait]
impl ModelAdapter for Counting {
    fn capabilities(&self) -> Capabilities {
        Capabilities::default()
    }

    async fn load(&self) -> Result<(), ModelError> {
        self.loads.fetch_add(1, Ordering::SeqCst);
        tokio::task::yield_now().await;
        if self.failures.load(Ordering::SeqCst) > 0 {
            self.failures.fetch_sub(1, Ordering::SeqCst);
            let kind = ModelErrorKind::Load("it is to fail".to_owned());
            return Err(ModelError::new(kind, "load", "the model"));
        }
        self.is_loaded.store(1, Ordering::SeqCst);
        Ok(())
    }

    async fn unload(&self) {
        tokio::task::yield_now().await;
        self.is_loaded.store(0, Ordering::SeqCst);
    }

    fn is_loaded(&self) -> bool {
        self.is_loaded.load(Ordering::SeqCst) == 1
    }

    async fn generate(&self, _job: Job) -> Result<GenerateStream, ModelError> {
        assert!(self.is_loaded(), "it is asked while it is not loaded");
        let text = Ok(GenerateEvent::TextDelta("hello".to_owned()));
        Ok(stream::iter([text]).boxed())
    }

    async fn count(&self, _prompt: &Prompt) -> Result<u32, ModelError> {
        assert!(self.is_loaded(), "it is asked while it is not loaded");
        Ok(1)
    }

    async fn embed(&self, texts: &[String]) -> Result<Vec<Vec<f32>>, ModelError> {
        Ok(vec![Vec::new(); texts.len()])
    }
}

struct House {
    residents: Arc<Residents>,
}

impl House {
    fn of(bytes_max: u64) -> Self {
        Self {
            residents: Residents::new(Some(bytes_max), None),
        }
    }

    fn enter(&self, name: &str, needs_bytes: u64) -> (Resident, Arc<Counting>) {
        let name = ModelName::parse(name).expect("a name");
        let adapter = Arc::new(Counting::default());
        let shared: Arc<dyn ModelAdapter> = Arc::clone(&adapter) as _;
        let resident = self.residents.enter(&name, shared, needs_bytes, false);
        (resident, adapter)
    }
}

fn job() -> Job {
    Job {
        prompt: Prompt::Text("hello".to_owned()),
        tool_choice: ToolChoice::Auto,
        format: AnswerFormat::Text,
        sampling: Sampling::default(),
        stop: Vec::new(),
        max_tokens: None,
        ignore_end: false,
        token_ids: false,
        waiting: crate::Waiting::default(),
        cancel: CancellationToken::new(),
    }
}

async fn ask(model: &Resident) -> u32 {
    let prompt = Prompt::Text("hello".to_owned());
    model.count(&prompt).await.expect("it fits")
}

fn state(model: &Resident) -> ModelState {
    model.state().0
}

#[tokio::test(start_paused = true)]
async fn the_model_not_asked_for_longest_makes_room() {
    let house = House::of(100);
    let (one, _) = house.enter("one", 40);
    let (two, _) = house.enter("two", 40);
    let (three, _) = house.enter("three", 40);
    for model in [&one, &two, &one] {
        ask(model).await;
        tokio::time::advance(Duration::from_secs(1)).await;
    }
    assert_eq!(house.residents.bytes(), 80);
    ask(&three).await;
    assert_eq!(
        [&one, &two, &three].map(state),
        [ModelState::Warm, ModelState::Idle, ModelState::Warm]
    );
    assert_eq!(house.residents.bytes(), 80);
}

#[tokio::test]
async fn what_cannot_fit_is_refused_before_it_loads_and_nothing_leaves_for_it() {
    let house = House::of(100);
    let (small, _) = house.enter("small", 60);
    let (large, adapter) = house.enter("large", 101);
    ask(&small).await;
    let refused = large.load().await.expect_err("too large");
    let free_bytes = 40;
    let needs_bytes = 101;
    assert_eq!(
        *refused.kind(),
        ModelErrorKind::Memory {
            needs_bytes,
            free_bytes
        }
    );
    assert_eq!(adapter.loads.load(Ordering::SeqCst), 0);
    assert_eq!(state(&small), ModelState::Warm);
    assert_eq!(state(&large), ModelState::Idle);
}

#[tokio::test]
async fn who_is_answering_or_pinned_does_not_leave() {
    let house = House::of(100);
    let (busy, _) = house.enter("busy", 60);
    let (other, _) = house.enter("other", 60);
    let answer = busy.generate(job()).await.expect("it fits");
    assert!(other.load().await.is_err());
    drop(answer);
    other.load().await.expect("the answer is over");
    assert_eq!(state(&busy), ModelState::Idle);
    other.set_pinned(true);
    assert!(busy.load().await.is_err());
    other.set_pinned(false);
    busy.load().await.expect("it may leave again");
}

#[tokio::test]
async fn those_who_come_together_load_it_once() {
    let house = House::of(100);
    let (model, adapter) = house.enter("model", 60);
    let asked: Vec<_> = (0..20).map(|_| ask(&model)).collect();
    futures::future::join_all(asked).await;
    assert_eq!(adapter.loads.load(Ordering::SeqCst), 1);
}

#[tokio::test]
async fn a_failure_is_told_its_memory_given_back_and_the_next_try_may_succeed() {
    let house = House::of(100);
    let (model, adapter) = house.enter("model", 60);
    adapter.failures.store(1, Ordering::SeqCst);
    model.load().await.expect_err("it is to fail");
    let (state, why) = model.state();
    assert_eq!(state, ModelState::Failed);
    assert!(why.expect("a reason").contains("it is to fail"));
    assert_eq!(house.residents.bytes(), 0);
    ask(&model).await;
    assert_eq!(model.state(), (ModelState::Warm, None));
}

#[tokio::test]
async fn loading_goes_on_when_its_caller_does_not() {
    let house = House::of(100);
    let (model, adapter) = house.enter("model", 60);
    let mut load = Box::pin(model.load());
    assert!(futures::poll!(&mut load).is_pending());
    drop(load);
    ask(&model).await;
    assert_eq!(adapter.loads.load(Ordering::SeqCst), 1);
}

#[tokio::test(start_paused = true)]
async fn who_is_not_asked_for_a_while_leaves_and_comes_back() {
    let residents = Residents::new(None, Some(Duration::from_secs(60)));
    residents.tend();
    let house = House { residents };
    let (model, adapter) = house.enter("model", 60);
    let (pinned, _) = house.enter("pinned", 60);
    pinned.set_pinned(true);
    ask(&pinned).await;
    for _ in 0..3 {
        ask(&model).await;
        tokio::time::sleep(Duration::from_secs(59)).await;
        assert_eq!(state(&model), ModelState::Warm);
    }
    tokio::time::sleep(Duration::from_secs(2)).await;
    assert_eq!(state(&model), ModelState::Idle);
    assert!(!adapter.is_loaded());
    assert_eq!(state(&pinned), ModelState::Warm);
    ask(&model).await;
    assert_eq!(state(&model), ModelState::Warm);
}

#[tokio::test(start_paused = true)]
async fn a_long_answer_keeps_its_model() {
    let residents = Residents::new(None, Some(Duration::from_secs(60)));
    residents.tend();
    let house = House { residents };
    let (model, _) = house.enter("model", 60);
    let answer = model.generate(job()).await.expect("it fits");
    tokio::time::sleep(Duration::from_secs(600)).await;
    assert_eq!(state(&model), ModelState::Warm);
    drop(answer);
    tokio::time::sleep(Duration::from_secs(61)).await;
    assert_eq!(state(&model), ModelState::Idle);
}
