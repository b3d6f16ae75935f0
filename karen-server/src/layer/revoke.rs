//! Ends what is still being said to somebody who is in no more.

use axum::body::{Body, Bytes, HttpBody};
use axum::http::header::CONTENT_TYPE;
use axum::response::Response;
use futures::{StreamExt, stream};
use karen_core::auth::Auth;
use karen_core::{Code, Principal};

use crate::problem::Problem;
use crate::sse;

const OVER: &str = "you were logged out, or may do something else now: log in and go on";

/// Cuts a stream off when its listener's session, key, account or tenant ends. What is whole already
/// goes out as it is.
pub(super) fn until_ended(response: Response, auth: &Auth, principal: &Principal) -> Response {
    if response.body().size_hint().exact().is_some() {
        return response;
    }
    let is_events = response
        .headers()
        .get(CONTENT_TYPE)
        .is_some_and(|value| value.as_bytes().starts_with(b"text/event-stream"));
    let (auth, principal) = (auth.clone(), principal.clone());
    let ended = Box::pin(async move { auth.ended(&principal).await });
    response.map(|body| cut(body, ended, is_events))
}

/// A stream of events ends with one that says why. Any other body is broken off, so that nobody
/// takes it for whole.
fn cut(
    body: Body,
    ended: impl Future<Output = ()> + Send + Unpin + 'static,
    is_events: bool,
) -> Body {
    let frames = (body.into_data_stream(), ended);
    let frames = stream::unfold(Some(frames), move |frames| async move {
        let (mut data, mut ended) = frames?;
        tokio::select! {
            biased;
            () = &mut ended => Some((farewell(is_events), None)),
            next = data.next() => next.map(|frame| (frame, Some((data, ended)))),
        }
    });
    // Who compresses it asks again at its end.
    Body::from_stream(frames.fuse())
}

fn farewell(is_events: bool) -> Result<Bytes, axum::Error> {
    let problem = Problem::new(Code::Unauthenticated, OVER);
    match is_events {
        true => Ok(sse::problem_text(&problem)),
        false => Err(axum::Error::new(std::io::Error::other(OVER))),
    }
}

#[cfg(test)]
mod tests {
    use std::future::ready;

    use http_body_util::BodyExt;

    use super::*;

    /// A body that says something and then waits for ever.
    fn waiting() -> Body {
        let said = stream::once(ready(Ok::<_, axum::Error>("said\n")));
        Body::from_stream(said.chain(stream::pending()))
    }

    /// Over after the first frame was read.
    async fn read(is_events: bool) -> Result<String, axum::Error> {
        let (over, ended) = tokio::sync::oneshot::channel::<()>();
        let ended = Box::pin(async move { drop(ended.await) });
        let mut body = cut(waiting(), ended, is_events);
        let first = body.frame().await.expect("a frame")?;
        assert_eq!(first.into_data().expect("data"), "said\n");
        drop(over);
        let rest = body.collect().await?.to_bytes();
        Ok(String::from_utf8(rest.into()).expect("text"))
    }

    #[tokio::test]
    async fn a_body_that_has_ended_stays_ended() {
        let mut body = cut(
            Body::from("said\n"),
            Box::pin(std::future::pending()),
            false,
        );
        assert!(body.frame().await.is_some());
        assert!(body.frame().await.is_none());
        assert!(body.frame().await.is_none());
    }

    #[tokio::test]
    async fn events_end_with_the_reason_and_other_bodies_are_broken_off() {
        let farewell = read(true).await.expect("a clean end");
        assert!(farewell.starts_with("event: error\ndata: {"), "{farewell}");
        assert!(farewell.contains("UNAUTHENTICATED"));
        assert!(read(false).await.is_err());
    }
}
