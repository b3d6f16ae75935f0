//! The one filter that directories find people with: `userName eq "ada@example.com"`.

use karen_core::Code;

use super::error::{ErrorType, Refusal};
use super::user::plain;
use crate::problem::Problem;

/// The `userName` that a filter asks for (RFC 7644 section 3.4.2.2).
pub(super) fn user_name(filter: &str) -> Result<String, Refusal> {
    let mut words = filter.trim().splitn(3, ' ');
    let (attribute, operator) = (words.next().unwrap_or(""), words.next().unwrap_or(""));
    let value = words.next().unwrap_or("").trim();
    let is_asked = plain(attribute) == "username" && operator.eq_ignore_ascii_case("eq");
    match serde_json::from_str(value) {
        Ok(name) if is_asked => Ok(name),
        _ => Err(refusal()),
    }
}

fn refusal() -> Refusal {
    let detail = "a filter has the form userName eq \"ada@example.com\"";
    let problem = Problem::new(Code::InvalidArgument, detail);
    Refusal::named(ErrorType::InvalidFilter, problem)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(filter: &str, expect: Option<&str>) {
        assert_eq!(user_name(filter).ok().as_deref(), expect, "{filter}");
    }

    #[test]
    fn people_are_found_by_their_user_name() {
        let ada = Some("ada@example.com");
        check("userName eq \"ada@example.com\"", ada);
        check(" USERNAME EQ  \"ada@example.com\" ", ada);
        let long = "urn:ietf:params:scim:schemas:core:2.0:User:userName eq \"ada@example.com\"";
        check(long, ada);
        check(r#"userName eq "a \"b\"""#, Some("a \"b\""));
        check("userName eq ada@example.com", None);
        check("userName sw \"ada\"", None);
        check("title pr", None);
        check("userName eq \"a\" and active eq true", None);
        check("", None);
    }
}
