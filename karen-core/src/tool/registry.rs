//! The tools that turns of this program can call.

use std::collections::BTreeMap;
use std::sync::{Arc, PoisonError, RwLock};

use karen_auth::Principal;

use super::{Tool, ToolSpec};
use crate::{Code, Error, Result};

/// Longest name that every provider's wire format takes.
const NAME_CHARS_MAX: usize = 64;

/// The tools by name; clones share them.
#[derive(Clone, Default)]
pub struct Plugins {
    tools: Arc<RwLock<BTreeMap<String, Arc<dyn Tool>>>>,
}

impl Plugins {
    /// Makes a tool callable from the next turn on.
    ///
    /// # Errors
    /// `INVALID_ARGUMENT` for a name that is not 1 to 64 of `a-z A-Z 0-9 _ -`, or parameters that
    /// are no object schema; `CONFLICT` if the name is taken.
    pub fn register(&self, tool: impl Tool + 'static) -> Result<()> {
        check(tool.spec())?;
        let name = tool.spec().name.clone();
        let mut tools = self.tools.write().unwrap_or_else(PoisonError::into_inner);
        if tools.contains_key(&name) {
            let message = format!("a tool named {name} is registered already");
            return Err(Error::new(Code::Conflict, message));
        }
        tools.insert(name, Arc::new(tool));
        Ok(())
    }

    /// Takes a tool away; `false` if there was none of that name.
    #[must_use]
    pub fn unregister(&self, name: &str) -> bool {
        let mut tools = self.tools.write().unwrap_or_else(PoisonError::into_inner);
        tools.remove(name).is_some()
    }

    /// What each tool says of itself, by name.
    #[must_use]
    pub fn list(&self) -> Vec<ToolSpec> {
        let tools = self.tools.read().unwrap_or_else(PoisonError::into_inner);
        tools.values().map(|tool| tool.spec().clone()).collect()
    }

    /// What `principal` may have called.
    pub(crate) fn permitted(&self, principal: &Principal) -> Vec<ToolSpec> {
        let tools = self.tools.read().unwrap_or_else(PoisonError::into_inner);
        let permitted = tools
            .values()
            .filter(|tool| principal.require(tool.permission()).is_ok());
        permitted.map(|tool| tool.spec().clone()).collect()
    }

    pub(crate) fn get(&self, name: &str) -> Option<Arc<dyn Tool>> {
        let tools = self.tools.read().unwrap_or_else(PoisonError::into_inner);
        tools.get(name).cloned()
    }
}

fn check(spec: &ToolSpec) -> Result<()> {
    let allowed = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '-';
    let length = spec.name.chars().count();
    if !(1..=NAME_CHARS_MAX).contains(&length) || !spec.name.chars().all(allowed) {
        let message = "a tool's name is 1 to 64 of a-z, A-Z, 0-9, _ and -";
        return Err(Error::new(Code::InvalidArgument, message));
    }
    if spec.parameters.get("type").and_then(|kind| kind.as_str()) != Some("object") {
        let message = format!(
            "the parameters of {} must be a JSON schema of an object",
            spec.name
        );
        return Err(Error::new(Code::InvalidArgument, message));
    }
    Ok(())
}
