//! Names for what was read, so that a change meets what its author saw: RFC 9110 section 13.

use axum::http::header::{ETAG, IF_MATCH};
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use karen_core::Code;
use serde::Serialize;
use sha2::{Digest, Sha256};

use crate::extract::Json;
use crate::problem::Problem;

/// A strong tag: half a SHA-256 of the representation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct EntityTag(String);

impl EntityTag {
    pub(crate) fn of(body: &impl Serialize) -> Self {
        let json = serde_json::to_vec(body).expect("wire types are plain JSON");
        let digest = Sha256::digest(json);
        let hex: String = digest[..16].iter().map(|b| format!("{b:02x}")).collect();
        Self(format!("\"{hex}\""))
    }

    /// The tag with its quotes, as headers have it.
    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }

    /// Passes when the request names this tag, any tag, or none; answers whether it names this one,
    /// so that the change is to meet it too.
    pub(crate) fn require(&self, headers: &HeaderMap) -> Result<bool, Problem> {
        let Some(wanted) = headers.get(IF_MATCH) else {
            return Ok(false);
        };
        let wanted = wanted.to_str().unwrap_or_default();
        if wanted.split(',').any(|tag| tag.trim() == self.0) {
            return Ok(true);
        }
        if wanted.trim() == "*" {
            return Ok(false);
        }
        let detail = "it was changed since you read it: read it again, then change it";
        Err(Problem::new(Code::Conflict, detail).status(StatusCode::PRECONDITION_FAILED))
    }
}

/// A body that is sent with its tag.
pub(crate) struct Tagged<T>(pub(crate) T);

impl<T: Serialize> IntoResponse for Tagged<T> {
    fn into_response(self) -> Response {
        let EntityTag(tag) = EntityTag::of(&self.0);
        let tag = HeaderValue::from_str(&tag).expect("hexadecimal digits");
        ([(ETAG, tag)], Json(self.0)).into_response()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(if_match: Option<&'static str>, passes: bool) {
        let mut headers = HeaderMap::new();
        if let Some(wanted) = if_match {
            headers.insert(IF_MATCH, HeaderValue::from_static(wanted));
        }
        let asked = EntityTag("\"abc\"".to_owned()).require(&headers);
        assert_eq!(asked.is_ok(), passes, "{if_match:?}");
        let status = asked.err().map(|problem| problem.status.as_u16());
        assert!(status.is_none_or(|status| status == 412));
    }

    #[test]
    fn a_change_meets_what_its_author_saw() {
        check(None, true);
        check(Some("*"), true);
        check(Some("\"abc\""), true);
        check(Some("\"old\", \"abc\""), true);
        check(Some("\"old\""), false);
        check(Some("W/\"abc\""), false);
        check(Some(""), false);
    }

    #[test]
    fn other_contents_have_another_tag() {
        assert_eq!(EntityTag::of(&[1, 2]), EntityTag::of(&[1, 2]));
        assert_ne!(EntityTag::of(&[1, 2]), EntityTag::of(&[2, 1]));
    }
}
