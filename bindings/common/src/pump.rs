//! Events on their way to a host, as many at a hop as there are.

use futures::stream::{BoxStream, StreamExt};
use futures::{FutureExt, Stream};
use tokio::sync::Mutex;

use crate::{Failure, InProcess};

/// Events that one hop carries at most.
const HOP_MAX: usize = 256;
/// Events that are merged into one at most, so that a text is seen to grow.
const MERGED_MAX: usize = 64;

/// An event that may take up the one after it.
pub trait Merge: Sized {
    /// Takes up `next`, or gives it back.
    ///
    /// # Errors
    /// The event itself, when the two are to be seen apart.
    fn merge(&mut self, next: Self) -> Result<(), Self>;
}

/// A stream that a host reads in hops: the first event is waited for, and what is there by then
/// comes along. So the first token waits for nothing, and a slow reader hops less often.
pub struct Pump<T> {
    source: InProcess<Mutex<Source<T>>>,
}

struct Source<T> {
    events: BoxStream<'static, Result<T, Failure>>,
    /// Came after events of the same hop, which are given first.
    failure: Option<Failure>,
}

impl<T: Merge + Send + 'static> Pump<T> {
    /// Reads `events`.
    pub fn new(events: impl Stream<Item = Result<T, Failure>> + Send + 'static) -> Self {
        Self {
            source: InProcess::new(Mutex::new(Source {
                events: events.fuse().boxed(),
                failure: None,
            })),
        }
    }

    /// The next events, none at the end. Readers take turns; a reader that is dropped loses none.
    ///
    /// # Errors
    /// What ended the stream; `UNSUPPORTED` in a child process.
    pub async fn next(&self) -> Result<Vec<T>, Failure> {
        let mut source = self.source.get()?.lock().await;
        if let Some(failure) = source.failure.take() {
            return Err(failure);
        }
        match source.events.next().await {
            Some(Ok(first)) => Ok(source.rest(vec![first])),
            Some(Err(failure)) => Err(failure),
            None => Ok(Vec::new()),
        }
    }
}

impl<T> Pump<T> {
    pub(crate) fn is_own(&self) -> bool {
        self.source.is_own()
    }
}

impl<T: Merge> Source<T> {
    /// Adds what is there already.
    fn rest(&mut self, mut hop: Vec<T>) -> Vec<T> {
        let mut merged = 1;
        while hop.len() < HOP_MAX {
            match self.events.next().now_or_never() {
                Some(Some(Ok(next))) => add(&mut hop, next, &mut merged),
                Some(Some(Err(failure))) => {
                    self.failure = Some(failure);
                    break;
                }
                Some(None) | None => break,
            }
        }
        hop
    }
}

fn add<T: Merge>(hop: &mut Vec<T>, next: T, merged: &mut usize) {
    let last = hop.last_mut().filter(|_| *merged < MERGED_MAX);
    let apart = match last {
        Some(last) => last.merge(next).err(),
        None => Some(next),
    };
    match apart {
        Some(next) => {
            *merged = 1;
            hop.push(next);
        }
        None => *merged += 1,
    }
}

#[cfg(test)]
mod tests {
    use futures::stream;

    use super::*;

    impl Merge for String {
        fn merge(&mut self, next: Self) -> Result<(), Self> {
            if self.starts_with('|') || next.starts_with('|') {
                return Err(next);
            }
            self.push_str(&next);
            Ok(())
        }
    }

    fn texts(all: &[&str]) -> Vec<Result<String, Failure>> {
        all.iter().map(|text| Ok((*text).to_owned())).collect()
    }

    #[tokio::test]
    async fn what_is_there_comes_in_one_hop_and_deltas_are_merged() {
        let pump = Pump::new(stream::iter(texts(&["a", "b", "|", "c", "d"])));
        assert_eq!(pump.next().await.expect("events"), ["ab", "|", "cd"]);
        assert!(pump.next().await.expect("the end").is_empty());
        assert!(pump.next().await.expect("the end again").is_empty());
    }

    #[tokio::test]
    async fn the_first_event_waits_for_no_other() {
        let first = stream::iter(texts(&["a"]));
        let pump = Pump::new(first.chain(stream::pending()));
        assert_eq!(pump.next().await.expect("events"), ["a"]);
        assert!(pump.next().now_or_never().is_none());
    }

    #[tokio::test]
    async fn a_failure_comes_after_what_was_said_before_it() {
        let mut events = texts(&["a", "b"]);
        events.push(Err(Failure::invalid("on purpose")));
        let pump = Pump::new(stream::iter(events));
        assert_eq!(pump.next().await.expect("events"), ["ab"]);
        pump.next().await.expect_err("the failure");
        assert!(pump.next().await.expect("the end").is_empty());
    }

    #[tokio::test]
    async fn a_long_text_arrives_in_pieces_without_a_gap() {
        let many = vec!["x"; 10_000];
        let pump = Pump::new(stream::iter(texts(&many)));
        let (mut length, mut hops) = (0, 0);
        loop {
            let hop = pump.next().await.expect("events");
            if hop.is_empty() {
                break;
            }
            assert!(hop.len() <= HOP_MAX);
            length += hop.iter().map(String::len).sum::<usize>();
            hops += 1;
        }
        assert_eq!(length, many.len());
        assert!(hops < many.len() / MERGED_MAX + 2, "{hops} hops");
    }
}
