//! Writing a turn's events to the log without holding up the model.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{mpsc, oneshot};
use tokio::time::{Instant, timeout_at};

use super::live::LiveTurn;
use super::{NumberedEvent, TurnEvent, TurnLog};
use crate::{Code, Error, Result};

/// How long pieces of an answer wait for company before they are synced. A crash loses at most so
/// much of an unfinished answer.
const WRITE_EVERY: Duration = Duration::from_millis(200);

/// Hands events to a task that writes them in batches.
pub(super) struct Journal {
    live: Arc<LiveTurn>,
    entries: mpsc::UnboundedSender<Entry>,
}

enum Entry {
    Event(NumberedEvent),
    /// Answers when everything before it is durable.
    Sync(oneshot::Sender<Result<()>>),
    /// As `Sync`, with the end of the turn.
    Finish(NumberedEvent, oneshot::Sender<Result<()>>),
}

impl Journal {
    pub(super) fn start(live: Arc<LiveTurn>, log: Arc<dyn TurnLog>) -> Self {
        let (entries, inbox) = mpsc::unbounded_channel();
        tokio::spawn(write(Arc::clone(&live), log, inbox));
        Self { live, entries }
    }

    /// Shows an event at once; it is durable soon after.
    pub(super) fn say(&self, event: TurnEvent) {
        let numbered = self.live.say(event);
        // A writer that is gone reports at the next sync.
        let _ = self.entries.send(Entry::Event(numbered));
    }

    /// Shows an event after it is durable.
    pub(super) async fn say_durably(&self, event: TurnEvent) -> Result<()> {
        self.say(event);
        self.sync().await
    }

    /// Waits until everything said is durable.
    pub(super) async fn sync(&self) -> Result<()> {
        let (done, wait) = oneshot::channel();
        let _ = self.entries.send(Entry::Sync(done));
        wait.await.unwrap_or_else(|_| Err(writer_gone()))
    }

    /// Makes `done` durable as the end of the turn, and then shows it.
    pub(super) async fn finish(self, done: TurnEvent) -> Result<()> {
        let number = *self.live.listen().borrow() as u64 + 1;
        let numbered = NumberedEvent {
            number,
            event: done.clone(),
        };
        let (finished, wait) = oneshot::channel();
        let _ = self.entries.send(Entry::Finish(numbered, finished));
        let result = wait.await.unwrap_or_else(|_| Err(writer_gone()));
        // Shown even if the disk refused it: who listens must learn that the turn is over.
        self.live.say(done);
        result
    }
}

/// The log's side of a turn: events that wait to be written together.
struct Writer {
    live: Arc<LiveTurn>,
    log: Arc<dyn TurnLog>,
    pending: Vec<NumberedEvent>,
    failure: Option<Error>,
}

async fn write(
    live: Arc<LiveTurn>,
    log: Arc<dyn TurnLog>,
    mut inbox: mpsc::UnboundedReceiver<Entry>,
) {
    let mut writer = Writer {
        live,
        log,
        pending: Vec::new(),
        failure: None,
    };
    let mut due = Instant::now();
    loop {
        let received = if writer.pending.is_empty() {
            due = Instant::now() + WRITE_EVERY;
            inbox.recv().await
        } else {
            match timeout_at(due, inbox.recv()).await {
                Ok(received) => received,
                Err(_) => {
                    writer.append().await;
                    continue;
                }
            }
        };
        match received {
            None => return writer.append().await,
            Some(entry) => writer.take(entry).await,
        }
    }
}

impl Writer {
    async fn take(&mut self, entry: Entry) {
        match entry {
            Entry::Event(event) => self.pending.push(event),
            Entry::Sync(done) => {
                self.append().await;
                self.report(done);
            }
            Entry::Finish(event, done) => {
                self.pending.push(event);
                let (scope, turn) = (&self.live.scope, &self.live.turn.id);
                let written = self.log.finish(scope, turn, &self.pending).await;
                self.keep(written);
                self.report(done);
            }
        }
    }

    async fn append(&mut self) {
        if self.pending.is_empty() {
            return;
        }
        let (scope, turn) = (&self.live.scope, &self.live.turn.id);
        let written = self.log.append(scope, turn, &self.pending).await;
        self.keep(written);
    }

    /// What could not be written is tried again with what follows. The first failure is the one to
    /// report: later ones mostly follow from it.
    fn keep(&mut self, written: Result<()>) {
        match written {
            Ok(()) => self.pending.clear(),
            Err(error) => {
                self.failure.get_or_insert(error);
            }
        }
    }

    fn report(&mut self, done: oneshot::Sender<Result<()>>) {
        // Nobody waits any more when the turn was dropped: nothing to tell.
        let _ = done.send(self.failure.take().map_or(Ok(()), Err));
    }
}

fn writer_gone() -> Error {
    Error::new(Code::Internal, "the writer of the turn's log is gone")
}
