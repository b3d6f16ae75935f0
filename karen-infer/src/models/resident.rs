//! Models that run here and take memory: loaded when they are asked, within a budget, and unloaded
//! when others need the room or nobody asks for a while.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::Duration;

use async_trait::async_trait;
use futures::StreamExt;
use tokio::sync::Notify;
use tokio::time::{Instant, sleep_until};

use super::info::ModelState;
use crate::{
    Capabilities, GenerateStream, Job, ModelAdapter, ModelError, ModelErrorKind, ModelName, Prompt,
};

/// All of them, and what they may take together.
pub(super) struct Residents {
    bytes_max: Option<u64>,
    /// How long a model stays that nobody asks.
    idle: Option<Duration>,
    places: Mutex<Vec<Weak<Place>>>,
    /// Held by whoever makes room, so that no two models are promised the same.
    making_room: tokio::sync::Mutex<()>,
    /// Rings when there may be something to unload, or nobody is left to do it for.
    changed: Arc<Notify>,
}

/// A model's adapter that sees to its being loaded. Clones are the same model.
#[derive(Clone)]
pub(super) struct Resident {
    place: Arc<Place>,
}

/// One model.
struct Place {
    name: ModelName,
    adapter: Arc<dyn ModelAdapter>,
    needs_bytes: u64,
    residents: Arc<Residents>,
    /// Held by whoever loads it; the others wait for the same.
    loading: tokio::sync::Mutex<()>,
    seat: Mutex<Seat>,
}

/// How a model is doing.
struct Seat {
    phase: Phase,
    /// Whether its memory counts: from before it loads until it is unloaded.
    is_seated: bool,
    /// Answers that it is giving.
    uses: usize,
    used_at: Instant,
    is_pinned: bool,
}

#[derive(Clone, Debug, PartialEq)]
enum Phase {
    Idle,
    Loading,
    Warm,
    Evicting,
    Failed(String),
}

/// A model is not unloaded for others while it is in use.
struct Use(Arc<Place>);

impl Residents {
    pub(super) fn new(bytes_max: Option<u64>, idle: Option<Duration>) -> Arc<Self> {
        Arc::new(Self {
            bytes_max,
            idle,
            places: Mutex::default(),
            making_room: tokio::sync::Mutex::default(),
            changed: Arc::default(),
        })
    }

    /// Unloads what nobody asks for, as long as somebody holds the models.
    pub(super) fn tend(self: &Arc<Self>) {
        let Some(idle) = self.idle else {
            return;
        };
        let (residents, changed) = (Arc::downgrade(self), Arc::clone(&self.changed));
        tokio::spawn(async move {
            loop {
                let next = match residents.upgrade() {
                    Some(residents) => residents.unload_idle(idle).await,
                    None => return,
                };
                match next {
                    Some(at) => sleep_until(at).await,
                    None => changed.notified().await,
                }
            }
        });
    }

    /// A model that is to be loaded through the result only.
    pub(super) fn enter(
        self: &Arc<Self>,
        name: &ModelName,
        adapter: Arc<dyn ModelAdapter>,
        needs_bytes: u64,
        is_pinned: bool,
    ) -> Resident {
        let place = Arc::new(Place {
            name: name.clone(),
            adapter,
            needs_bytes,
            residents: Arc::clone(self),
            loading: tokio::sync::Mutex::default(),
            seat: Mutex::new(Seat {
                phase: Phase::Idle,
                is_seated: false,
                uses: 0,
                used_at: Instant::now(),
                is_pinned,
            }),
        });
        let mut places = lock(&self.places);
        places.retain(|place| place.strong_count() > 0);
        places.push(Arc::downgrade(&place));
        Resident { place }
    }

    /// Bytes that the loaded models take, as estimated.
    pub(super) fn bytes(&self) -> u64 {
        self.seated().map(|place| place.needs_bytes).sum()
    }

    pub(super) fn bytes_max(&self) -> Option<u64> {
        self.bytes_max
    }

    fn seated(&self) -> impl Iterator<Item = Arc<Place>> {
        let places: Vec<_> = lock(&self.places)
            .iter()
            .filter_map(Weak::upgrade)
            .collect();
        places.into_iter().filter(|place| place.seat().is_seated)
    }

    /// Promises a model its memory, unloading those that were not asked for longest.
    ///
    /// # Errors
    /// `Memory` when what is left is pinned or in use, before anything is allocated.
    async fn seat(&self, place: &Place) -> Result<(), ModelError> {
        let _turn = self.making_room.lock().await;
        let Some(bytes_max) = self.bytes_max else {
            place.seat().is_seated = true;
            return Ok(());
        };
        place.seat().is_seated = false;
        loop {
            let free_bytes = bytes_max.saturating_sub(self.bytes());
            if place.needs_bytes <= free_bytes {
                place.seat().is_seated = true;
                return Ok(());
            }
            let could_fit = place.needs_bytes <= bytes_max;
            // Nobody leaves for what does not fit even alone.
            let unused = could_fit.then(|| self.longest_unused()).flatten();
            match unused {
                Some(unused) => unused.unload().await,
                None => {
                    let needs_bytes = place.needs_bytes;
                    let kind = ModelErrorKind::Memory {
                        needs_bytes,
                        free_bytes,
                    };
                    return Err(ModelError::new(kind, "load", place.name.as_str()));
                }
            }
        }
    }

    fn longest_unused(&self) -> Option<Arc<Place>> {
        let unused = self.seated().filter(|place| place.seat().may_leave());
        let chosen = unused.min_by_key(|place| place.seat().used_at)?;
        // Somebody may have come in between; the next look finds another.
        chosen.begin_to_leave().then_some(chosen)
    }

    /// Unloads what was not asked for so long; gives when to look again.
    async fn unload_idle(&self, idle: Duration) -> Option<Instant> {
        let _turn = self.making_room.lock().await;
        let mut next = None::<Instant>;
        for place in self.seated().filter(|place| place.seat().may_leave()) {
            let due = place.seat().used_at + idle;
            if due > Instant::now() {
                next = Some(next.map_or(due, |next| next.min(due)));
            } else if place.begin_to_leave() {
                tracing::info!(model = place.name.as_str(), "unloaded: nobody asked for it");
                place.unload().await;
            }
        }
        next
    }
}

impl Drop for Residents {
    fn drop(&mut self) {
        self.changed.notify_one();
    }
}

impl Seat {
    fn may_leave(&self) -> bool {
        self.phase == Phase::Warm && self.uses == 0 && !self.is_pinned
    }
}

impl Place {
    fn seat(&self) -> MutexGuard<'_, Seat> {
        lock(&self.seat)
    }

    /// Whether it is loaded, and not about to leave.
    fn is_warm(&self) -> bool {
        self.seat().phase == Phase::Warm && self.adapter.is_loaded()
    }

    fn begin_to_leave(&self) -> bool {
        let mut seat = self.seat();
        let may = seat.may_leave();
        if may {
            seat.phase = Phase::Evicting;
        }
        may
    }

    async fn unload(&self) {
        self.adapter.unload().await;
        let mut seat = self.seat();
        seat.phase = Phase::Idle;
        seat.is_seated = false;
    }

    async fn load(&self) -> Result<(), ModelError> {
        let _turn = self.loading.lock().await;
        if self.is_warm() {
            return Ok(());
        }
        self.residents.seat(self).await?;
        self.seat().phase = Phase::Loading;
        let loaded = self.adapter.load().await;
        let mut seat = self.seat();
        match &loaded {
            Ok(()) => seat.phase = Phase::Warm,
            Err(error) => {
                seat.phase = Phase::Failed(error.to_string());
                seat.is_seated = false;
            }
        }
        loaded
    }
}

impl Use {
    fn begin(place: &Arc<Place>) -> Self {
        let mut seat = place.seat();
        seat.uses += 1;
        seat.used_at = Instant::now();
        Self(Arc::clone(place))
    }
}

impl Drop for Use {
    fn drop(&mut self) {
        let mut seat = self.0.seat();
        seat.uses -= 1;
        seat.used_at = Instant::now();
        drop(seat);
        self.0.residents.changed.notify_one();
    }
}

impl Resident {
    /// Loads the model unless it is; it stays while the result does. Loading goes on when its caller
    /// does not: the next one finds it done.
    async fn in_use(&self) -> Result<Use, ModelError> {
        let in_use = Use::begin(&self.place);
        if self.place.is_warm() {
            return Ok(in_use);
        }
        let place = Arc::clone(&self.place);
        let load = tokio::spawn(async move { place.load().await.map(|()| in_use) });
        let failed =
            |e| ModelError::new(ModelErrorKind::Internal, "load", "the model").caused_by(e);
        load.await.map_err(failed)?
    }

    /// How ready it is, and why it is not.
    pub(super) fn state(&self) -> (ModelState, Option<String>) {
        let state = match &self.place.seat().phase {
            Phase::Idle => ModelState::Idle,
            Phase::Loading => ModelState::Loading,
            Phase::Warm => ModelState::Warm,
            Phase::Evicting => ModelState::Evicting,
            Phase::Failed(why) => return (ModelState::Failed, Some(why.clone())),
        };
        (state, None)
    }

    /// Bytes that it takes when it is loaded, as estimated.
    pub(super) fn needs_bytes(&self) -> u64 {
        self.place.needs_bytes
    }

    pub(super) fn is_pinned(&self) -> bool {
        self.place.seat().is_pinned
    }

    pub(super) fn set_pinned(&self, is_pinned: bool) {
        self.place.seat().is_pinned = is_pinned;
        self.place.residents.changed.notify_one();
    }
}

#[async_trait]
impl ModelAdapter for Resident {
    fn capabilities(&self) -> Capabilities {
        self.place.adapter.capabilities()
    }

    async fn load(&self) -> Result<(), ModelError> {
        self.in_use().await.map(drop)
    }

    async fn unload(&self) {
        let _turn = self.place.residents.making_room.lock().await;
        self.place.unload().await;
    }

    fn is_loaded(&self) -> bool {
        self.place.adapter.is_loaded()
    }

    async fn generate(&self, job: Job) -> Result<GenerateStream, ModelError> {
        let in_use = self.in_use().await?;
        let events = self.place.adapter.generate(job).await?;
        // The model is in use until the last event was read, or the stream is dropped.
        let kept = events.map(move |event| {
            let _ = &in_use;
            event
        });
        Ok(kept.boxed())
    }

    async fn count(&self, prompt: &Prompt) -> Result<u32, ModelError> {
        let _in_use = self.in_use().await?;
        self.place.adapter.count(prompt).await
    }

    async fn embed(&self, texts: &[String]) -> Result<Vec<Vec<f32>>, ModelError> {
        let _in_use = self.in_use().await?;
        self.place.adapter.embed(texts).await
    }

    async fn rerank(&self, query: &str, documents: &[String]) -> Result<Vec<f32>, ModelError> {
        let _in_use = self.in_use().await?;
        self.place.adapter.rerank(query, documents).await
    }
}

/// No code panics while it holds one of these locks.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests;
