//! Providers that fail: each failure has a kind of its own, and none is taken for an answer.

use std::time::Duration;

use futures::StreamExt;
use karen_infer::testing::{ReplayServer, Reply};
use karen_infer::{
    FinishReason, GenerateEvent, ModelErrorKind, Models, Provider, RemoteConfig, RemoteModel,
};
use serde_json::json;

use crate::provider::{ask, hello, impatient, models_with, remote, remote_name, text};

const ANSWER: &str = "data: {\"choices\":[{\"delta\":{\"content\":\"Hello, \"}}]}\n\n\
                      data: {\"choices\":[{\"delta\":{\"content\":\"Ada.\"},\"finish_reason\":\"stop\"}]}\n\n\
                      data: [DONE]\n\n";

async fn openai(replies: Vec<Reply>) -> (ReplayServer, Models) {
    openai_with(replies, impatient()).await
}

async fn openai_with(replies: Vec<Reply>, config: RemoteConfig) -> (ReplayServer, Models) {
    let server = ReplayServer::start(replies).await;
    let models = models_with(remote(Provider::OpenAi, &server), config).await;
    (server, models)
}

async fn failure(models: &Models) -> ModelErrorKind {
    ask(models, hello())
        .await
        .1
        .expect("it fails")
        .kind()
        .clone()
}

fn refusal(status: u16, code: &str) -> Reply {
    Reply::json(status, &json!({"error": {"message": "no", "code": code}}))
}

#[tokio::test]
async fn a_passing_failure_is_tried_again() {
    let limited = refusal(429, "rate_limit_exceeded").header("retry-after-ms", "2");
    let (server, models) = openai(vec![
        limited,
        refusal(503, "overloaded"),
        Reply::events(ANSWER),
    ])
    .await;
    let (events, error) = ask(&models, hello()).await;
    assert!(error.is_none(), "{error:?}");
    assert_eq!(text(&events), "Hello, Ada.");
    assert_eq!(server.requests().len(), 3);
}

#[tokio::test]
async fn retries_end_and_the_last_failure_is_told() {
    let (server, models) = openai(vec![refusal(500, "oops")]).await;
    assert_eq!(failure(&models).await, ModelErrorKind::Unavailable);
    assert_eq!(server.requests().len(), 3);
}

#[tokio::test]
async fn what_does_not_pass_is_not_tried_again() {
    let quota = "what may be spent at the provider is spent".to_owned();
    for (status, code, kind) in [
        (429, "insufficient_quota", ModelErrorKind::Quota(quota)),
        (404, "model_not_found", ModelErrorKind::Missing),
    ] {
        let (server, models) = openai(vec![refusal(status, code)]).await;
        assert_eq!(failure(&models).await, kind);
        assert_eq!(server.requests().len(), 1);
    }
    let (server, models) = openai(vec![refusal(401, "invalid_api_key")]).await;
    assert!(matches!(failure(&models).await, ModelErrorKind::Denied(_)));
    assert_eq!(server.requests().len(), 1);
}

#[tokio::test]
async fn a_limit_is_told_with_its_wait() {
    let limited = refusal(429, "rate_limit_exceeded").header("retry-after", "600");
    let (server, models) = openai(vec![limited]).await;
    let wait = Some(Duration::from_secs(600));
    assert_eq!(failure(&models).await, ModelErrorKind::RateLimited { wait });
    assert_eq!(
        server.requests().len(),
        1,
        "nobody waits ten minutes unasked"
    );
}

#[tokio::test]
async fn an_endpoint_that_keeps_failing_is_no_longer_tried_again() {
    let (server, models) = openai(vec![refusal(500, "oops")]).await;
    for _ in 0..10 {
        failure(&models).await;
    }
    // Ten requests; the first failures use up the retries that the budget has.
    assert_eq!(server.requests().len(), 13);
}

#[tokio::test]
async fn a_missing_key_is_named_and_nothing_is_asked() {
    let server = ReplayServer::start(vec![Reply::events(ANSWER)]).await;
    let model = RemoteModel {
        key_env: Some("KAREN_NO_SUCH_KEY".to_owned()),
        ..remote(Provider::OpenAi, &server)
    };
    let models = models_with(model, impatient()).await;
    let ModelErrorKind::Denied(why) = failure(&models).await else {
        panic!("it is denied");
    };
    assert!(why.contains("KAREN_NO_SUCH_KEY"), "{why}");
    assert!(models.load(&remote_name()).await.is_err());
    assert!(server.requests().is_empty());
}

#[tokio::test]
async fn a_key_comes_from_a_file_and_is_read_anew() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("key");
    std::fs::write(&file, "first\n").unwrap();
    let server = ReplayServer::start(vec![Reply::events(ANSWER)]).await;
    let model = RemoteModel {
        key_env: None,
        key_file: Some(file.clone()),
        ..remote(Provider::OpenAi, &server)
    };
    let models = models_with(model, impatient()).await;
    ask(&models, hello()).await;
    std::fs::write(&file, "second").unwrap();
    ask(&models, hello()).await;
    let requests = server.requests();
    let keys = requests
        .iter()
        .map(|request| request.header("authorization").unwrap());
    assert_eq!(keys.collect::<Vec<_>>(), ["Bearer first", "Bearer second"]);
}

#[tokio::test]
async fn a_stream_cut_at_any_byte_is_no_answer_unless_all_of_it_came() {
    let cuts = (0..ANSWER.len()).map(|bytes| Reply::events(&ANSWER.as_bytes()[..bytes]).then_cut());
    let (_server, models) = openai(cuts.collect()).await;
    for bytes in 0..ANSWER.len() {
        let (events, error) = ask(&models, hello()).await;
        let Some(error) = error else {
            panic!("cut at {bytes}: {events:?}");
        };
        let expect = if text(&events).is_empty() {
            ModelErrorKind::Unavailable
        } else {
            ModelErrorKind::Interrupted
        };
        assert_eq!(*error.kind(), expect, "cut at {bytes}: {events:?}");
    }
}

#[tokio::test]
async fn a_stream_that_ends_early_is_no_answer() {
    // The connection closes as it should, and the answer has no end.
    let first = ANSWER.find("\n\n").unwrap() + 2;
    let (_server, models) = openai(vec![Reply::events(&ANSWER.as_bytes()[..first])]).await;
    assert_eq!(failure(&models).await, ModelErrorKind::Interrupted);
}

#[tokio::test]
async fn a_stream_garbled_at_any_byte_ends_with_an_error_or_an_answer_and_never_hangs() {
    let places = (0..ANSWER.len()).flat_map(|at| [b'}', b'\0', 0xff, b'\n'].map(|byte| (at, byte)));
    let garbled = |(at, byte): (usize, u8)| {
        let mut stream = ANSWER.as_bytes().to_vec();
        stream[at] = byte;
        Reply::events(stream)
    };
    let (_server, models) = openai(places.clone().map(garbled).collect()).await;
    let mut malformed = 0;
    for (at, byte) in places {
        let (events, error) = ask(&models, hello()).await;
        let Some(error) = error else {
            let last = events.last();
            assert!(
                matches!(last, Some(GenerateEvent::Done(_))),
                "{byte} at {at}"
            );
            continue;
        };
        use ModelErrorKind::{Interrupted, Malformed, Unavailable};
        let kind = error.kind();
        assert!(
            matches!(kind, Malformed | Interrupted | Unavailable),
            "{byte} at {at}: {error}"
        );
        malformed += u32::from(*kind == Malformed);
    }
    assert!(malformed > 100, "{malformed}");
}

#[tokio::test]
async fn an_answer_in_another_format_is_malformed() {
    for reply in [
        Reply::events("data: <html>\n\n"),
        Reply::events("data: {\"choices\":7}\n\n"),
        Reply::json(200, &json!([1, 2])),
        Reply::events(
            "data: {\"choices\":[{\"delta\":{\"tool_calls\":[{\"index\":0,\"function\":{\"name\":\"f\",\"arguments\":\"{\"}}]},\"finish_reason\":\"tool_calls\"}]}\n\ndata: [DONE]\n\n",
        ),
    ] {
        let (_server, models) = openai(vec![reply]).await;
        assert_eq!(failure(&models).await, ModelErrorKind::Malformed);
    }
}

#[tokio::test]
async fn an_error_in_the_middle_of_a_stream_has_its_kind() {
    let first = ANSWER.find("\n\n").unwrap() + 2;
    let limited =
        "data: {\"error\":{\"message\":\"slow down\",\"code\":\"rate_limit_exceeded\"}}\n\n";
    let stream = format!("{}{limited}", &ANSWER[..first]);
    let (_server, models) = openai(vec![Reply::events(stream)]).await;
    let (events, error) = ask(&models, hello()).await;
    assert_eq!(text(&events), "Hello, ");
    assert_eq!(
        *error.unwrap().kind(),
        ModelErrorKind::RateLimited { wait: None }
    );
}

#[tokio::test]
async fn a_provider_that_falls_silent_times_out() {
    let soon = RemoteConfig {
        silence: Duration::from_millis(50),
        retries: 0,
        ..impatient()
    };
    let first = ANSWER.find("\n\n").unwrap() + 2;
    let half = Reply::events(&ANSWER.as_bytes()[..first]).then_hang();
    let (_server, models) = openai_with(vec![half], soon.clone()).await;
    let (events, error) = ask(&models, hello()).await;
    assert_eq!(text(&events), "Hello, ");
    assert_eq!(*error.unwrap().kind(), ModelErrorKind::Interrupted);
    let nothing = Reply::events("").then_hang();
    let (_server, models) = openai_with(vec![nothing], soon).await;
    assert_eq!(failure(&models).await, ModelErrorKind::Timeout);
}

#[tokio::test]
async fn a_provider_that_is_not_there_is_unavailable() {
    let server = ReplayServer::start(Vec::new()).await;
    let model = remote(Provider::OpenAi, &server);
    drop(server);
    let models = models_with(model, impatient()).await;
    assert_eq!(failure(&models).await, ModelErrorKind::Unavailable);
}

#[tokio::test]
async fn cancelling_ends_an_answer_that_hangs() {
    let first = ANSWER.find("\n\n").unwrap() + 2;
    let half = Reply::events(&ANSWER.as_bytes()[..first]).then_hang();
    let (_server, models) = openai(vec![half]).await;
    let mut generation = models.generate(hello()).await.unwrap();
    generation.next().await.unwrap().unwrap();
    generation.cancel();
    let rest: Vec<_> = generation.map(Result::unwrap).collect().await;
    assert!(matches!(
        rest[..],
        [
            GenerateEvent::Usage(_),
            GenerateEvent::Done(FinishReason::Cancelled)
        ]
    ));
}

#[tokio::test]
async fn a_redirection_does_not_carry_the_key_away() {
    let other = ReplayServer::start(vec![Reply::events(ANSWER)]).await;
    let away = Reply::json(307, &json!({}))
        .header("location", &format!("{}/v1/chat/completions", other.url()));
    let (_server, models) = openai(vec![away]).await;
    assert_eq!(failure(&models).await, ModelErrorKind::Unavailable);
    assert!(other.requests().is_empty());
}

#[tokio::test]
async fn an_embedding_of_another_number_of_texts_is_malformed() {
    let server = ReplayServer::start(vec![Reply::json(200, &json!({"data": []}))]).await;
    let model = RemoteModel {
        embeds: true,
        ..remote(Provider::OpenAi, &server)
    };
    let models = models_with(model, impatient()).await;
    let error = models
        .embed(&remote_name(), &["text".to_owned()])
        .await
        .unwrap_err();
    assert_eq!(*error.kind(), ModelErrorKind::Malformed);
}
