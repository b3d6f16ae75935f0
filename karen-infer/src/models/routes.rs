//! Names that stand for models.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::Serialize;

use super::Models;
use super::shared::taken;
use crate::route::RouteInUse;
use crate::{ModelError, ModelName, Route};

/// A route as a list shows it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct RouteInfo {
    /// What is asked for.
    pub name: ModelName,
    /// How it is answered.
    pub route: Route,
    /// Whether the registry keeps it.
    pub is_kept: bool,
    /// The models behind it that failed, and for how long they are still passed over.
    pub cooling: Vec<(ModelName, Duration)>,
}

impl Models {
    /// Sets what a name stands for, and keeps it in the registry.
    ///
    /// # Errors
    /// `Invalid` when the route is; `Missing` when a target is; `Conflict` when the name is a
    /// model's, or that of a route set [for now](Models::set_routes_for_now), which would come back
    /// in its place; `Unavailable` when the registry cannot be written.
    pub fn set_route(&self, name: &ModelName, route: Route) -> Result<(), ModelError> {
        let before = self.shared.lock().routes.get(name).cloned();
        self.put_routes(BTreeMap::from([(name.clone(), route)]), true)?;
        self.shared.keep().inspect_err(|_| {
            let routes = &mut self.shared.lock().routes;
            match before {
                Some(before) => routes.insert(name.clone(), before),
                None => routes.remove(name),
            };
        })
    }

    /// Sets what names stand for until the program ends; they may lead to each other.
    ///
    /// # Errors
    /// As [`set_route`](Models::set_route), with `Conflict` also for the name of a route that the
    /// registry keeps; then none of them is set.
    pub fn set_routes_for_now(&self, routes: BTreeMap<ModelName, Route>) -> Result<(), ModelError> {
        self.put_routes(routes, false)
    }

    fn put_routes(
        &self,
        routes: BTreeMap<ModelName, Route>,
        is_kept: bool,
    ) -> Result<(), ModelError> {
        let mut entries = self.shared.lock();
        for (name, route) in &routes {
            route.validate()?;
            let standing = entries.routes.get(name);
            let is_elsewhere = standing.is_some_and(|route| route.is_kept != is_kept);
            if is_elsewhere || entries.by_name.contains_key(name) {
                return Err(taken(name));
            }
            let is_absent =
                |target: &&ModelName| !entries.has(target) && !routes.contains_key(*target);
            if let Some(absent) = route.targets.iter().find(is_absent) {
                return Err(super::missing(absent.as_str()));
            }
        }
        let routes = routes
            .into_iter()
            .map(|(name, route)| (name, RouteInUse::new(route, is_kept)));
        entries.routes.extend(routes);
        Ok(())
    }

    /// Takes a route away. `false` if there was none.
    ///
    /// # Errors
    /// `Unavailable` when the registry cannot be written.
    pub fn remove_route(&self, name: &ModelName) -> Result<bool, ModelError> {
        let removed = {
            let mut entries = self.shared.lock();
            entries.default.take_if(|default| default == name);
            entries.routes.remove(name)
        };
        if removed.is_some() {
            self.shared.keep()?;
        }
        Ok(removed.is_some())
    }

    /// The routes, by name.
    #[must_use]
    pub fn routes(&self) -> Vec<RouteInfo> {
        let entries = self.shared.lock();
        let info = |(name, route): (&ModelName, &RouteInUse)| {
            let behind = entries.reachable(name).into_iter();
            let cooling = |model: ModelName| {
                let left = self.shared.cooldowns.left(&model)?;
                Some((model, left))
            };
            RouteInfo {
                name: name.clone(),
                route: route.route.clone(),
                is_kept: route.is_kept,
                cooling: behind.filter_map(cooling).collect(),
            }
        };
        entries.routes.iter().map(info).collect()
    }
}
