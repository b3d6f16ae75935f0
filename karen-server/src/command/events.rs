//! Server-sent events, read one at a time.

use axum::body::{Body, BodyDataStream};
use axum::http::Response;
use futures::StreamExt;
use karen_core::Result;

use super::door::lost;

/// The events of a response.
pub(super) struct Events {
    body: BodyDataStream,
    buffer: Vec<u8>,
}

/// One event.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Event {
    /// Its type.
    pub(super) kind: String,
    /// Its data.
    pub(super) data: String,
}

impl Events {
    pub(super) fn of(response: Response<Body>) -> Self {
        Self {
            body: response.into_body().into_data_stream(),
            buffer: Vec::new(),
        }
    }

    /// The next event; `None` at the end. May be dropped while it waits.
    pub(super) async fn next(&mut self) -> Result<Option<Event>> {
        loop {
            if let Some(end) = self.buffer.windows(2).position(|pair| pair == b"\n\n") {
                let block: Vec<u8> = self.buffer.drain(..end + 2).collect();
                match parse(&String::from_utf8_lossy(&block)) {
                    Some(event) => return Ok(Some(event)),
                    None => continue,
                }
            }
            match self.body.next().await {
                Some(bytes) => self.buffer.extend_from_slice(&bytes.map_err(lost)?),
                None => return Ok(None),
            }
        }
    }
}

/// A block of lines; comments alone are no event.
fn parse(block: &str) -> Option<Event> {
    let mut event = Event::default();
    for line in block.lines() {
        match line.split_once(": ") {
            Some(("event", kind)) => kind.clone_into(&mut event.kind),
            Some(("data", data)) => data.clone_into(&mut event.data),
            _ => {}
        }
    }
    (!event.kind.is_empty()).then_some(event)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn events_are_whole_however_they_arrive() {
        let text = ": hello\n\nid: 1\nevent: delta\ndata: {\"text\":\"\u{e4}\"}\n\n\
                    event: done\ndata: {}\n\n";
        let bytes = text
            .as_bytes()
            .iter()
            .map(|byte| Ok::<_, std::io::Error>(vec![*byte]));
        let pieces: Vec<_> = bytes.collect();
        let body = Body::from_stream(futures::stream::iter(pieces));
        let mut events = Events::of(Response::new(body));
        let delta = events.next().await.expect("read").expect("event");
        assert_eq!(delta.data, "{\"text\":\"\u{e4}\"}");
        assert_eq!(
            events.next().await.expect("read").expect("event").kind,
            "done"
        );
        assert_eq!(events.next().await.expect("read"), None);
    }
}
