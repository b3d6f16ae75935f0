//! Which attributes an answer has: RFC 7644 section 3.9.

use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::IntoParams;

use super::user::plain;

/// Attributes that every answer has.
const ALWAYS: [&str; 2] = ["schemas", "id"];

/// Which attributes are wanted.
#[derive(Default, Deserialize, IntoParams)]
#[serde(rename_all = "camelCase")]
#[into_params(parameter_in = Query)]
pub(super) struct Projection {
    /// These alone, separated by commas.
    pub(super) attributes: Option<String>,
    /// All but these, separated by commas.
    pub(super) excluded_attributes: Option<String>,
}

impl Projection {
    /// The resource with the attributes that are wanted.
    pub(super) fn of(&self, resource: &impl Serialize) -> Value {
        let mut resource = serde_json::to_value(resource).expect("wire types are plain JSON");
        if let Value::Object(attributes) = &mut resource {
            attributes.retain(|name, _| self.wants(name));
        }
        resource
    }

    fn wants(&self, name: &str) -> bool {
        if ALWAYS.contains(&name) {
            return true;
        }
        let name = plain(name);
        match (&self.attributes, &self.excluded_attributes) {
            // A part of an attribute brings the whole of it.
            (Some(wanted), _) => listed(wanted).any(|w| w.split('.').next() == Some(&*name)),
            (None, Some(unwanted)) => !listed(unwanted).any(|u| u == name),
            (None, None) => true,
        }
    }
}

fn listed(names: &str) -> impl Iterator<Item = String> + '_ {
    names.split(',').map(|name| plain(name.trim()))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[track_caller]
    fn check(attributes: Option<&str>, excluded: Option<&str>, expect: &[&str]) {
        let projection = Projection {
            attributes: attributes.map(str::to_owned),
            excluded_attributes: excluded.map(str::to_owned),
        };
        let user = json!({ "schemas": [], "id": "1", "userName": "a", "name": {}, "active": true });
        let Value::Object(kept) = projection.of(&user) else {
            panic!("an object");
        };
        let mut kept: Vec<&str> = kept.keys().map(String::as_str).collect();
        kept.sort_unstable();
        assert_eq!(kept, expect);
    }

    #[test]
    fn an_answer_has_what_is_wanted_and_always_its_id() {
        check(None, None, &["active", "id", "name", "schemas", "userName"]);
        check(Some("USERNAME"), None, &["id", "schemas", "userName"]);
        check(
            Some("name.formatted, active"),
            None,
            &["active", "id", "name", "schemas"],
        );
        check(
            None,
            Some("name,id"),
            &["active", "id", "schemas", "userName"],
        );
    }
}
