//! Changes of a user, an attribute at a time: RFC 7644 section 3.5.2.

use karen_core::Code;
use karen_core::auth::{Account, DirectoryEntry, Email};
use serde::Deserialize;
use serde_json::Value;
use utoipa::ToSchema;

use super::error::{ErrorType, Refusal};
use super::user::{plain, state, truth};
use crate::problem::Problem;

/// The changes, in the order in which they are made; all of them or none.
#[derive(Deserialize, ToSchema)]
pub(super) struct ScimPatch {
    #[serde(rename = "Operations", alias = "operations")]
    #[schema(min_items = 1)]
    operations: Vec<ScimOperation>,
}

#[derive(Deserialize, ToSchema)]
struct ScimOperation {
    /// `add`, `replace` or `remove`.
    #[schema(example = "replace")]
    op: String,
    /// The attribute; if absent, `value` is an object of attributes.
    #[schema(example = "active")]
    path: Option<String>,
    #[schema(value_type = Object, required = false, example = json!(false))]
    #[serde(default)]
    value: Value,
}

impl ScimPatch {
    /// What `account` is after the changes.
    pub(super) fn entry(&self, account: &Account) -> Result<DirectoryEntry, Refusal> {
        let mut entry = DirectoryEntry {
            email: account.email.clone(),
            name: account.name.clone(),
            state: account.state,
        };
        for operation in &self.operations {
            operation.apply(&mut entry)?;
        }
        Ok(entry)
    }
}

impl ScimOperation {
    fn apply(&self, entry: &mut DirectoryEntry) -> Result<(), Refusal> {
        let path = self.path.as_deref().map(plain);
        let op = self.op.to_ascii_lowercase();
        match (op.as_str(), path.as_deref(), &self.value) {
            ("add" | "replace", Some(path), value) => set(entry, path, value),
            ("add" | "replace", None, Value::Object(attributes)) => attributes
                .iter()
                .filter(|(name, _)| !is_fixed(&plain(name)))
                .try_for_each(|(name, value)| set(entry, &plain(name), value)),
            ("add" | "replace", None, _) => {
                let detail = "without a path the value is an object of attributes";
                Err(refusal(ErrorType::InvalidValue, detail))
            }
            ("remove", Some(path), _) => require_dispensable(path),
            ("remove", None, _) => Err(refusal(ErrorType::NoTarget, "what is removed has a path")),
            _ => {
                let detail = "op is add, replace or remove";
                Err(refusal(ErrorType::InvalidSyntax, detail))
            }
        }
    }
}

fn set(entry: &mut DirectoryEntry, path: &str, value: &Value) -> Result<(), Refusal> {
    match path {
        "username" => entry.email = Email::parse(text(path, value)?)?,
        "displayname" | "name.formatted" => entry.name = text(path, value)?.to_owned(),
        "name" => {
            if let Some(formatted) = value.get("formatted") {
                entry.name = text(path, formatted)?.to_owned();
            }
        }
        "active" => entry.state = state(truth(value)?),
        path if is_fixed(path) => {
            let detail = format!("{path} cannot be changed");
            return Err(refusal(ErrorType::Mutability, detail));
        }
        "" => return Err(refusal(ErrorType::InvalidPath, "a path names an attribute")),
        // What Karen does not keep is ignored, as in a whole user.
        _ => {}
    }
    Ok(())
}

/// What every user has stays.
fn require_dispensable(path: &str) -> Result<(), Refusal> {
    let is_needed = ["username", "displayname", "name", "active"].contains(&path);
    if !is_needed && !is_fixed(path) {
        return Ok(());
    }
    let detail = format!("{path} is needed: it can be replaced, and not removed");
    Err(refusal(ErrorType::Mutability, detail))
}

fn is_fixed(path: &str) -> bool {
    ["id", "schemas", "meta"].contains(&path) || path.starts_with("meta.")
}

fn text<'v>(path: &str, value: &'v Value) -> Result<&'v str, Refusal> {
    let wrong = || refusal(ErrorType::InvalidValue, format!("{path} is text"));
    value.as_str().ok_or_else(wrong)
}

fn refusal(named: ErrorType, detail: impl Into<std::borrow::Cow<'static, str>>) -> Refusal {
    Refusal::named(named, Problem::new(Code::InvalidArgument, detail))
}
