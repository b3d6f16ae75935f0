//! The models that are known, by name and in the order of adding.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::info::{ModelFormat, ModelInfo, ModelState};
use crate::registry::Registered;
use crate::{ModelAdapter, ModelName};

#[derive(Default)]
pub(super) struct Entries {
    pub(super) by_name: BTreeMap<ModelName, Entry>,
    /// In the order of adding: the first that can generate is the default unless one is set.
    pub(super) order: Vec<ModelName>,
    pub(super) default: Option<ModelName>,
}

#[derive(Clone)]
pub(super) struct Entry {
    pub(super) adapter: Arc<dyn ModelAdapter>,
    pub(super) format: ModelFormat,
    pub(super) file: Option<Registered>,
    /// Whether the registry's file lists it.
    pub(super) is_kept: bool,
}

impl Entry {
    pub(super) fn info(&self, name: &ModelName) -> ModelInfo {
        let capabilities = self.adapter.capabilities();
        let file = self.file.as_ref();
        ModelInfo {
            name: name.clone(),
            format: self.format,
            path: file.map(|file| file.path.clone()),
            architecture: file.map(|file| file.architecture.clone()),
            size_bytes: file.map_or(0, |file| file.size_bytes),
            context_tokens: capabilities.context_tokens,
            capabilities,
            state: match file {
                Some(file) if !file.path.exists() => ModelState::Absent,
                _ if self.adapter.is_loaded() => ModelState::Warm,
                _ => ModelState::Idle,
            },
        }
    }
}

impl Entries {
    pub(super) fn insert(&mut self, (name, entry): (ModelName, Entry)) {
        self.order.push(name.clone());
        self.by_name.insert(name, entry);
    }

    pub(super) fn remove(&mut self, name: &ModelName) -> Option<Entry> {
        self.order.retain(|known| known != name);
        self.default.take_if(|default| default == name);
        self.by_name.remove(name)
    }
}
