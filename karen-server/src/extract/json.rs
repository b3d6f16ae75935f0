//! JSON in and out.

use axum::extract::{FromRequest, OptionalFromRequest, Request};
use axum::http::header::CONTENT_TYPE;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use karen_core::Code;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_path_to_error::Segment;

use super::text_of;
use crate::problem::Problem;

/// A JSON body. Refuses with 415 for another type, 400 for what is no JSON, and 422, naming the
/// place, for what is not the JSON that is wanted.
pub(crate) struct Json<T>(pub(crate) T);

impl<S: Send + Sync, T: DeserializeOwned> FromRequest<S> for Json<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, _: &S) -> Result<Self, Problem> {
        if !is_json(request.headers()) {
            let detail = "the body must be JSON, sent as Content-Type: application/json";
            let problem = Problem::new(Code::InvalidArgument, detail);
            return Err(problem.status(StatusCode::UNSUPPORTED_MEDIA_TYPE));
        }
        parse(&text_of(request).await?).map(Self)
    }
}

/// No body, and none announced, is `None`.
impl<S: Send + Sync, T: DeserializeOwned> OptionalFromRequest<S> for Json<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &S) -> Result<Option<Self>, Problem> {
        if !request.headers().contains_key(CONTENT_TYPE) {
            return Ok(None);
        }
        <Self as FromRequest<S>>::from_request(request, state)
            .await
            .map(Some)
    }
}

impl<T: Serialize> IntoResponse for Json<T> {
    fn into_response(self) -> Response {
        axum::Json(self.0).into_response()
    }
}

/// Whether the body says that it is `application/json`, or a format made of it.
fn is_json(headers: &HeaderMap) -> bool {
    let text = headers
        .get(CONTENT_TYPE)
        .and_then(|value| value.to_str().ok());
    let essence = text
        .and_then(|text| text.split(';').next())
        .unwrap_or_default();
    let essence = essence.trim().to_ascii_lowercase();
    essence == "application/json"
        || (essence.starts_with("application/") && essence.ends_with("+json"))
}

fn parse<T: DeserializeOwned>(text: &str) -> Result<T, Problem> {
    let mut json = serde_json::Deserializer::from_str(text);
    let value = serde_path_to_error::deserialize(&mut json).map_err(|error| {
        let place = pointer(error.path());
        refuse(&error.into_inner(), Some(place))
    })?;
    json.end().map_err(|error| refuse(&error, None))?;
    Ok(value)
}

fn refuse(error: &serde_json::Error, place: Option<String>) -> Problem {
    if error.is_data() {
        let detail = without_text(&error.to_string());
        let problem = Problem::new(Code::InvalidArgument, detail);
        return problem.at(place.unwrap_or_default());
    }
    let problem = Problem::new(
        Code::InvalidArgument,
        format!("the body is not JSON: {error}"),
    );
    problem.status(StatusCode::BAD_REQUEST)
}

/// What serde says, but for the text that it quotes: that may be a password in the wrong place.
fn without_text(detail: &str) -> String {
    let quoted = detail.split_once("string \"");
    let after = quoted.and_then(|(_, rest)| rest.rsplit_once("\", expected"));
    match (quoted, after) {
        (Some((before, _)), Some((_, after))) => format!("{before}string, expected{after}"),
        _ => detail.to_owned(),
    }
}

/// A path of serde's as a JSON pointer (RFC 6901).
fn pointer(path: &serde_path_to_error::Path) -> String {
    path.iter()
        .map(|segment| match segment {
            Segment::Seq { index } => format!("/{index}"),
            Segment::Map { key } | Segment::Enum { variant: key } => {
                format!("/{}", key.replace('~', "~0").replace('/', "~1"))
            }
            Segment::Unknown => String::new(),
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;

    use super::*;

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Order {
        #[allow(dead_code)]
        items: Vec<u8>,
    }

    #[track_caller]
    fn check(text: &str, status: u16, place: Option<&str>) {
        let problem = parse::<Order>(text).expect_err(text);
        assert_eq!(problem.code, Code::InvalidArgument);
        assert_eq!(problem.status.as_u16(), status, "{text}");
        let pointer = problem.faults.first().map(|fault| fault.pointer.as_str());
        assert_eq!(pointer, place, "{text}");
    }

    #[test]
    fn what_is_no_json_is_told_from_what_is_not_wanted() {
        check("", 400, None);
        check("{\"items\":[1}", 400, None);
        check("{\"items\":[]} and more", 400, None);
        check("{\"items\":[1, \"two\"]}", 422, Some("/items/1"));
        check("{\"items\":[1, 256]}", 422, Some("/items/1"));
        check("{\"items\":[], \"color\": 1}", 422, Some("/color"));
        check("{}", 422, Some(""));
        check("[]", 422, Some(""));
    }

    #[test]
    fn what_was_sent_is_not_said_again() {
        let sent = "{\"items\":[\"a \\\"secret\\\", expected by nobody\"]}";
        let problem = parse::<Order>(sent).expect_err("no number");
        let said = "invalid type: string, expected u8 at line 1 column";
        assert!(problem.detail.starts_with(said), "{}", problem.detail);
    }

    #[test]
    fn types_made_of_json_are_json() {
        for (given, json) in [
            ("application/json", true),
            ("Application/JSON; charset=utf-8", true),
            ("application/merge-patch+json", true),
            ("text/json", false),
            ("application/x-ndjson", false),
            ("", false),
        ] {
            let mut headers = HeaderMap::new();
            headers.insert(CONTENT_TYPE, given.parse().expect("header"));
            assert_eq!(is_json(&headers), json, "{given}");
        }
    }
}
