use reqwest::header::HeaderValue;

use super::*;

fn failure(status: u16, headers: &[(&'static str, &str)], body: &str) -> Failure {
    let mut map = HeaderMap::new();
    for (name, value) in headers {
        map.insert(*name, HeaderValue::from_str(value).expect("value"));
    }
    Failure::of(
        StatusCode::from_u16(status).expect("status"),
        &map,
        body.as_bytes(),
    )
}

fn check(status: u16, body: &str, kind: ModelErrorKind, may_retry: bool) {
    let failure = failure(status, &[], body);
    assert_eq!(*failure.error.kind(), kind, "{body}");
    assert_eq!(failure.may_retry, may_retry, "{body}");
}

fn quota() -> ModelErrorKind {
    ModelErrorKind::Quota("what may be spent at the provider is spent".to_owned())
}

#[test]
fn refusals_of_openai_are_told_apart() {
    let limited = ModelErrorKind::RateLimited { wait: None };
    check(
        429,
        r#"{"error":{"message":"slow down","code":"rate_limit_exceeded"}}"#,
        limited.clone(),
        true,
    );
    check(429, "", limited, true);
    check(
        429,
        r#"{"error":{"code":"insufficient_quota"}}"#,
        quota(),
        false,
    );
    check(
        401,
        r#"{"error":{"message":"Incorrect API key provided: sk-x"}}"#,
        denied(),
        false,
    );
    check(
        404,
        r#"{"error":{"code":"model_not_found"}}"#,
        ModelErrorKind::Missing,
        false,
    );
    check(500, "<html>oops</html>", ModelErrorKind::Unavailable, true);
    check(409, "{}", ModelErrorKind::Unavailable, true);
    let why = "the provider refuses messages[0].role: invalid_value".to_owned();
    let refused =
        r#"{"error":{"message":"no 'king'","code":"invalid_value","param":"messages[0].role"}}"#;
    check(400, refused, ModelErrorKind::Invalid(why), false);
}

#[test]
fn refusals_of_gemini_are_told_apart() {
    let daily = r#"{"error":{"code":429,"status":"RESOURCE_EXHAUSTED","details":[
        {"@type":"type.googleapis.com/google.rpc.QuotaFailure",
         "violations":[{"quotaId":"GenerateRequestsPerDayPerProject"}]},
        {"@type":"type.googleapis.com/google.rpc.RetryInfo","retryDelay":"30s"}]}}"#;
    check(429, daily, quota(), false);
    let key = r#"[{"error":{"code":400,"status":"INVALID_ARGUMENT","details":[
        {"@type":"type.googleapis.com/google.rpc.ErrorInfo","reason":"API_KEY_INVALID"}]}}]"#;
    check(400, key, denied(), false);
    let soon = r#"{"error":{"code":429,"status":"RESOURCE_EXHAUSTED","details":[
        {"@type":"type.googleapis.com/google.rpc.RetryInfo","retryDelay":"45.5s"}]}}"#;
    let wait = Some(Duration::from_millis(45_500));
    check(429, soon, ModelErrorKind::RateLimited { wait }, true);
}

#[test]
fn prompts_that_are_too_long_are_counted_as_each_server_counts() {
    let expect = ModelErrorKind::PromptTooLong {
        prompt_tokens: 9001,
        context_tokens: 8192,
    };
    for body in [
        r#"{"error":{"message":"This model's maximum context length is 8192 tokens. However, your messages resulted in 9001 tokens.","code":"context_length_exceeded"}}"#,
        r#"{"error":{"message":"The input token count (9,001) exceeds the maximum number of tokens allowed (8,192).","status":"INVALID_ARGUMENT"}}"#,
        r#"{"error":{"type":"exceed_context_size_error","n_prompt_tokens":9001,"n_ctx":8192}}"#,
    ] {
        check(400, body, expect.clone(), false);
    }
}

#[test]
fn waits_are_read_in_every_form() {
    let waited = |name, value: &str| failure(429, &[(name, value)], "").wait;
    assert_eq!(
        waited("retry-after-ms", "1500"),
        Some(Duration::from_millis(1500))
    );
    assert_eq!(
        waited("retry-after", "2.5"),
        Some(Duration::from_millis(2500))
    );
    assert_eq!(waited("retry-after", "soon"), None);
    let later = Timestamp::now() + Duration::from_secs(3600);
    let later = rfc2822::DateTimePrinter::new()
        .timestamp_to_rfc9110_string(&later)
        .expect("date");
    assert!(waited("retry-after", &later).expect("a date") > Duration::from_secs(3500));
}

#[test]
fn the_server_has_the_last_word_on_retries() {
    assert!(failure(400, &[("x-should-retry", "true")], "").may_retry);
    assert!(!failure(503, &[("x-should-retry", "false")], "").may_retry);
    assert!(!failure(429, &[("retry-after", "600")], "").may_retry);
}

#[test]
fn nothing_that_was_said_or_is_secret_reaches_an_error() {
    let body = r#"{"error":{"message":"my secret diary and sk-abc","code":"my secret diary","param":"sk abc"}}"#;
    for status in [400, 401, 403, 404, 422, 429, 500] {
        let error = failure(status, &[], body).error;
        let shown = format!("{error} {error:?}");
        assert!(
            !shown.contains("diary") && !shown.contains("abc"),
            "{shown}"
        );
    }
}
