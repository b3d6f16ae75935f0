//! Telling other instances what was ended here, and hearing what they ended.

use std::sync::Arc;

use tokio::sync::mpsc;
use tokio::task::JoinHandle;

use crate::live::LiveCredentials;
use crate::{Bell, Ending, Heard};

/// The tasks that ring and listen; they end with it.
pub(super) struct Hearing(Vec<JoinHandle<()>>);

impl Hearing {
    /// Begins to ring for what `live` ends, and to listen. From a bell that cannot be reached nothing
    /// is heard: what other instances end is noticed when the stores are asked again.
    pub(super) async fn begin(bell: &Arc<dyn Bell>, live: &Arc<LiveCredentials>) -> Self {
        let mut tasks = vec![tokio::spawn(ring(Arc::clone(bell), live.tell()))];
        if let Ok(heard) = bell.listen().await {
            tasks.push(tokio::spawn(hear(heard, Arc::clone(live))));
        }
        Self(tasks)
    }
}

impl Drop for Hearing {
    fn drop(&mut self) {
        for task in &self.0 {
            task.abort();
        }
    }
}

async fn ring(bell: Arc<dyn Bell>, mut endings: mpsc::UnboundedReceiver<Ending>) {
    while let Some(ending) = endings.recv().await {
        // Who was not told finds out by asking the stores.
        let _ = bell.ring(&ending).await;
    }
}

async fn hear(mut heard: mpsc::UnboundedReceiver<Heard>, live: Arc<LiveCredentials>) {
    while let Some(heard) = heard.recv().await {
        match heard {
            Heard::Ended(ending) => live.hear(&ending),
            Heard::Missed => live.forget_all(),
        }
    }
}
