//! The models and routes that are known, by name.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::info::{ModelFormat, ModelInfo, ModelState};
use super::resident::Resident;
use crate::registry::{FileFormat, FileModel, NamedRemote, Registered, Registry};
use crate::route::RouteInUse;
use crate::{ModelAdapter, ModelName, Provider, RemoteModel};

#[derive(Default)]
pub(super) struct Entries {
    pub(super) by_name: BTreeMap<ModelName, Entry>,
    /// In the order of adding: the first that can generate is the default unless one is set.
    pub(super) order: Vec<ModelName>,
    pub(super) routes: BTreeMap<ModelName, RouteInUse>,
    pub(super) default: Option<ModelName>,
}

#[derive(Clone)]
pub(super) struct Entry {
    pub(super) adapter: Arc<dyn ModelAdapter>,
    /// The same, where it runs here and takes memory.
    pub(super) resident: Option<Resident>,
    pub(super) source: Source,
    /// Whether the registry's file lists it.
    pub(super) is_kept: bool,
}

/// Where a model comes from.
#[derive(Clone)]
pub(super) enum Source {
    BuiltIn,
    File(FileModel),
    #[cfg_attr(
        not(feature = "remote"),
        expect(dead_code, reason = "only the feature reaches providers")
    )]
    Remote(RemoteModel),
    Adapter,
}

impl Entry {
    pub(super) fn info(&self, name: &ModelName) -> ModelInfo {
        let capabilities = self.adapter.capabilities();
        let (state, failure) = self.state();
        let resident = self.resident.as_ref();
        let (file, remote) = match &self.source {
            Source::File(file) => (Some(file), None),
            Source::Remote(remote) => (None, Some(remote)),
            Source::BuiltIn | Source::Adapter => (None, None),
        };
        ModelInfo {
            name: name.clone(),
            format: self.source.format(),
            path: file.map(|file| file.path.clone()),
            architecture: file.map(|file| file.architecture.clone()),
            size_bytes: file.map_or(0, |file| file.size_bytes),
            quantization: file.and_then(|file| file.quantization.clone()),
            parameters: file.map_or(0, |file| file.parameters),
            memory_bytes: resident.map_or(0, Resident::needs_bytes),
            is_pinned: resident.is_some_and(Resident::is_pinned),
            remote: remote.cloned(),
            context_tokens: capabilities.context_tokens,
            capabilities,
            state,
            failure,
        }
    }

    /// How ready it is, and why it is not.
    fn state(&self) -> (ModelState, Option<String>) {
        let is_absent = matches!(&self.source, Source::File(file) if !file.path.exists());
        match (&self.resident, is_absent) {
            (_, true) => (ModelState::Absent, None),
            (Some(resident), _) => resident.state(),
            (None, _) if self.adapter.is_loaded() => (ModelState::Warm, None),
            (None, _) => (ModelState::Idle, None),
        }
    }

    /// What tells the model apart from every other, also one of the same name at another time.
    pub(super) fn identity(&self, name: &ModelName) -> String {
        match &self.source {
            Source::BuiltIn | Source::Adapter => name.to_string(),
            Source::File(file) => format!("{name} {} {}", file.size_bytes, file.path.display()),
            Source::Remote(remote) => format!(
                "{name} {} {} {} {}",
                remote.provider.as_str(),
                remote.url(),
                remote.model,
                remote.reasons
            ),
        }
    }

    fn registered(&self, name: &ModelName) -> Option<Registered> {
        let source = self.is_kept.then_some(&self.source)?;
        match source {
            Source::File(file) => Some(Registered::File(file.clone())),
            Source::Remote(remote) => Some(Registered::Remote(NamedRemote {
                name: name.clone(),
                remote: remote.clone(),
            })),
            Source::BuiltIn | Source::Adapter => None,
        }
    }
}

impl Source {
    fn format(&self) -> ModelFormat {
        match self {
            Self::BuiltIn => ModelFormat::BuiltIn,
            Self::File(file) => match file.format {
                FileFormat::Gguf => ModelFormat::Gguf,
                FileFormat::Safetensors => ModelFormat::Safetensors,
            },
            Self::Adapter => ModelFormat::Adapter,
            Self::Remote(remote) => match remote.provider {
                Provider::OpenAi | Provider::OpenAiResponses => ModelFormat::OpenAi,
                Provider::Gemini => ModelFormat::Gemini,
            },
        }
    }
}

impl Entries {
    pub(super) fn has(&self, name: &ModelName) -> bool {
        self.by_name.contains_key(name) || self.routes.contains_key(name)
    }

    pub(super) fn insert(&mut self, (name, entry): (ModelName, Entry)) {
        self.order.push(name.clone());
        self.by_name.insert(name, entry);
    }

    pub(super) fn remove(&mut self, name: &ModelName) -> Option<Entry> {
        self.order.retain(|known| known != name);
        self.default.take_if(|default| default == name);
        self.by_name.remove(name)
    }

    /// The models to ask for `name`, in this order; itself if it is a model.
    pub(super) fn plan(&mut self, name: &ModelName, caller: Option<&str>) -> Vec<ModelName> {
        let mut plan = Vec::new();
        self.expand(name, caller, &mut Vec::new(), &mut plan);
        plan
    }

    /// Routes may lead to routes, and to themselves: each is followed once.
    fn expand(
        &mut self,
        name: &ModelName,
        caller: Option<&str>,
        followed: &mut Vec<ModelName>,
        plan: &mut Vec<ModelName>,
    ) {
        let Some(route) = self.routes.get_mut(name) else {
            if !plan.contains(name) {
                plan.push(name.clone());
            }
            return;
        };
        if followed.contains(name) {
            return;
        }
        followed.push(name.clone());
        for target in route.order(caller) {
            self.expand(&target, caller, followed, plan);
        }
    }

    /// The models that `name` can lead to, without taking a turn.
    pub(super) fn reachable(&self, name: &ModelName) -> Vec<ModelName> {
        let mut found = vec![name.clone()];
        let mut next = 0;
        while let Some(name) = found.get(next) {
            let targets = self
                .routes
                .get(name)
                .map(|route| route.route.targets.clone());
            for target in targets.unwrap_or_default() {
                if !found.contains(&target) {
                    found.push(target);
                }
            }
            next += 1;
        }
        found.retain(|name| self.by_name.contains_key(name));
        found
    }

    /// A route as a list shows it: what all of its models can do. `None` where it leads nowhere.
    pub(super) fn route_info(&self, name: &ModelName) -> Option<ModelInfo> {
        self.routes.get(name)?;
        let targets = self.reachable(name);
        let infos = targets
            .iter()
            .map(|target| self.by_name[target].info(target));
        infos.reduce(ModelInfo::shared).map(|info| ModelInfo {
            name: name.clone(),
            format: ModelFormat::Route,
            ..info
        })
    }

    /// What the registry's file is to hold.
    pub(super) fn registry(&self) -> Registry {
        let models = self
            .order
            .iter()
            .filter_map(|name| self.by_name[name].registered(name));
        let routes = self.routes.iter().filter(|(_, route)| route.is_kept);
        let routes = routes.map(|(name, route)| (name.clone(), route.route.clone()));
        Registry::new(self.default.clone(), models.collect(), routes.collect())
    }
}

impl ModelInfo {
    /// What is true of both.
    fn shared(self, other: Self) -> Self {
        let capabilities = self.capabilities.shared(other.capabilities);
        Self {
            path: None,
            architecture: None,
            size_bytes: 0,
            quantization: None,
            parameters: 0,
            memory_bytes: 0,
            is_pinned: false,
            failure: None,
            remote: None,
            context_tokens: capabilities.context_tokens,
            capabilities,
            state: self.state.readier(other.state),
            ..self
        }
    }
}

impl ModelState {
    /// A route is as ready as the readiest of its models.
    fn readier(self, other: Self) -> Self {
        let readiness = |state| match state {
            Self::Warm => 5,
            Self::Loading => 4,
            Self::Idle => 3,
            Self::Evicting => 2,
            Self::Failed => 1,
            Self::Absent => 0,
        };
        if readiness(other) > readiness(self) {
            other
        } else {
            self
        }
    }
}
