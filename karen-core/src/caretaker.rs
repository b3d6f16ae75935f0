//! What has to be done while Karen is open and nobody asks.

use std::error::Error as StdError;
use std::future::Future;
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::Duration;

use karen_auth::Auth;
use karen_memory::Memory;
use tokio::task::JoinHandle;
use tokio::time::{Instant, MissedTickBehavior, interval, interval_at, sleep, timeout};
use tokio_util::sync::{CancellationToken, DropGuard};

use crate::Result;
use crate::instance::BEAT_EVERY;
use crate::karen::Shared;
use crate::privacy::Eraser;
use crate::turn::recover;

/// How often accounts are tended.
const TEND_EVERY: Duration = Duration::from_secs(60);
/// How often mails are looked for that failed before, or that another instance has queued.
const MAIL_EVERY: Duration = Duration::from_secs(30);
/// How often memory's servers are brought what waits for them.
const PROJECT_EVERY: Duration = Duration::from_secs(1);
/// What a task gets that has panicked before it is begun again.
const REST: Duration = Duration::from_secs(5);

/// Tasks that end when Karen is closed, or when the last handle is dropped. One that panics is
/// begun again.
pub(crate) struct Caretaker {
    ending: DropGuard,
    tasks: Mutex<Vec<JoinHandle<()>>>,
}

impl Caretaker {
    /// Goes on with erasures that were cut short, tends accounts, and delivers their mail.
    pub(crate) fn begin(eraser: &Eraser) -> Self {
        let (end, auth) = (CancellationToken::new(), &eraser.auth);
        let (erasing, tended, mailing) = (eraser.clone(), auth.clone(), auth.clone());
        let mut tasks = vec![
            supervise(end.clone(), move || tend(tended.clone())),
            supervise(end.clone(), move || erase(erasing.clone())),
        ];
        if auth.sends_mail() {
            tasks.push(supervise(end.clone(), move || deliver(mailing.clone())));
        }
        Self {
            ending: end.drop_guard(),
            tasks: Mutex::new(tasks),
        }
    }

    /// Brings memory's servers and analytics what waits for them, and embeds anew after the embedder changed. Where other instances share the database, says
    /// that this one lives, and mends what one that died left.
    ///
    /// # Errors
    /// `UNAVAILABLE` when it cannot be said.
    pub(crate) async fn tend_servers(&self, karen: &Arc<Shared>) -> Result<()> {
        if karen.memory.uses_servers() {
            let memory = karen.memory.clone();
            self.add(move || project(memory.clone()));
        }
        if karen.memory.reembedding().is_some() {
            let memory = karen.memory.clone();
            self.add(move || reembed(memory.clone()));
        }
        if karen.config.analytics.enabled {
            let every = Duration::from_secs(karen.config.analytics.batch_seconds.into());
            let memory = karen.memory.clone();
            self.add(move || analyse(memory.clone(), every));
        }
        if karen.is_shared() {
            karen.instances.beat().await?;
            let karen = Arc::downgrade(karen);
            self.add(move || live(karen.clone()));
        }
        Ok(())
    }

    fn add<F, Fut>(&self, task: F)
    where
        F: Fn() -> Fut + Send + 'static,
        Fut: Future<Output = ()> + Send + 'static,
    {
        let task = supervise(self.ending.token().clone(), task);
        let mut tasks = self.tasks.lock().unwrap_or_else(PoisonError::into_inner);
        tasks.push(task);
    }

    /// Ends the tasks, and waits until they have ended.
    pub(crate) async fn stop(&self) {
        self.ending.token().cancel();
        let tasks = std::mem::take(&mut *self.tasks.lock().unwrap_or_else(PoisonError::into_inner));
        for task in tasks {
            // A task that was aborted with its runtime has ended as well.
            let _ = task.await;
        }
    }
}

fn supervise<F, Fut>(end: CancellationToken, begin: F) -> JoinHandle<()>
where
    F: Fn() -> Fut + Send + 'static,
    Fut: Future<Output = ()> + Send + 'static,
{
    tokio::spawn(async move {
        loop {
            let mut task = tokio::spawn(begin());
            tokio::select! {
                () = end.cancelled() => {
                    task.abort();
                    let _ = task.await;
                    return;
                }
                ended = &mut task => {
                    let panic = ended.err().map(|e| e.to_string());
                    tracing::error!(panic, "a task in the background ended");
                }
            }
            tokio::select! {
                () = end.cancelled() => return,
                () = sleep(REST) => {}
            }
        }
    })
}

async fn tend(auth: Auth) {
    let mut due = interval_at(Instant::now() + TEND_EVERY, TEND_EVERY);
    loop {
        due.tick().await;
        if let Err(error) = auth.tend().await {
            warn(&error, "accounts were not tended");
        }
    }
}

/// Erasures that a crash cut short go on at once; those of an instance that has gone away, soon. So
/// goes what has expired.
async fn erase(eraser: Eraser) {
    loop {
        if let Err(error) = eraser.resume().await {
            let error = &error as &dyn StdError;
            tracing::warn!(error, "an erasure is not finished");
        }
        if let Err(error) = eraser.calls.delete_expired().await {
            let error = &error as &dyn StdError;
            tracing::warn!(error, "calls that have expired are kept");
        }
        sleep(TEND_EVERY).await;
    }
}

/// Delivers what is queued from before, and from then on what comes.
async fn deliver(auth: Auth) {
    loop {
        match auth.deliver_mail().await {
            Ok(delivery) => {
                for failure in &delivery.failures {
                    warn(failure, "a mail was not sent");
                }
            }
            Err(error) => warn(&error, "mails were not delivered"),
        }
        // Whichever comes first.
        let _ = timeout(MAIL_EVERY, auth.mail_queued()).await;
    }
}

async fn project(memory: Memory) {
    let mut due = interval(PROJECT_EVERY);
    due.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        due.tick().await;
        if let Err(error) = memory.catch_up().await {
            tracing::debug!(
                error = &error as &dyn StdError,
                "a server of memory lags behind"
            );
        }
    }
}

/// Once, with as many tries as it takes.
async fn reembed(memory: Memory) {
    while let Err(error) = memory.reembed().await {
        warn(&error, "vectors of another embedder are still in use");
        sleep(TEND_EVERY).await;
    }
    std::future::pending().await
}

async fn analyse(memory: Memory, every: Duration) {
    let mut due = interval_at(Instant::now() + every, every);
    due.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        due.tick().await;
        if let Err(error) = memory.catch_up_analytics().await {
            warn(&error, "analytics lag behind");
        }
    }
}

/// Until nobody holds Karen any more.
async fn live(karen: Weak<Shared>) {
    loop {
        sleep(BEAT_EVERY).await;
        let Some(karen) = karen.upgrade() else {
            return std::future::pending().await;
        };
        if let Err(error) = karen.instances.beat().await {
            warn(
                &error,
                "the other instances were not told that this one lives",
            );
        }
        if let Err(error) = recover(&karen).await {
            warn(&error, "what a dead instance left was not mended");
        }
    }
}

fn warn(error: &(dyn StdError + 'static), what: &str) {
    tracing::warn!(error, "{what}");
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicU32, Ordering};

    use futures::future::BoxFuture;

    use super::*;

    /// Counts how often it was begun, and panics the first time.
    fn clumsy(begun: Arc<AtomicU32>) -> impl Fn() -> BoxFuture<'static, ()> + Send + 'static {
        move || {
            let begun = Arc::clone(&begun);
            Box::pin(async move {
                assert!(begun.fetch_add(1, Ordering::SeqCst) > 0, "the first time");
                std::future::pending().await
            })
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_task_that_panics_is_begun_again_until_the_end() {
        let (begun, end) = (Arc::<AtomicU32>::default(), CancellationToken::new());
        let task = supervise(end.clone(), clumsy(Arc::clone(&begun)));
        sleep(2 * REST).await;
        assert_eq!(begun.load(Ordering::SeqCst), 2);
        end.cancel();
        task.await.expect("no panic");
        assert_eq!(Arc::strong_count(&begun), 1, "nothing of it is left");
    }

    #[tokio::test]
    async fn a_caretaker_that_has_stopped_holds_no_accounts() {
        let karen = crate::Karen::builder().in_memory().open().await;
        let karen = karen.expect("open");
        let session = karen.session(karen_auth::Principal::local());
        let held = Arc::downgrade(&session.shared().conversations);
        drop(session);
        karen.close().await.expect("close");
        assert!(held.upgrade().is_none());
    }
}
