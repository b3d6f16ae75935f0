//! A name that stands for one or several models.

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::{ModelError, ModelErrorKind, ModelName};

/// Targets of a route at most.
const TARGETS_MAX: usize = 32;

/// A name that stands for one or several models. Where the first one chosen fails before its first
/// word, the next is asked: only a route does that, and the answer says so.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Route {
    /// How the first one is chosen.
    #[serde(default)]
    pub choose: Choose,
    /// Models, or further routes.
    pub targets: Vec<ModelName>,
    /// Shares of [`Balance`](Choose::Balance) and [`Split`](Choose::Split), one a target; equal if
    /// empty. 0 is only asked after the others have failed.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub weights: Vec<u32>,
}

/// How a route chooses the first of its targets. The others follow as fallbacks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Choose {
    /// The first one: those behind it answer when it fails.
    #[default]
    Order,
    /// Each in turn, by weight: for several endpoints of the same model.
    Balance,
    /// By the caller, by weight, and always the same for the same caller: for comparing models.
    Split,
}

impl Route {
    /// Another name of one model.
    #[must_use]
    pub fn alias(target: ModelName) -> Self {
        Self {
            targets: vec![target],
            ..Self::default()
        }
    }

    /// Models in the order in which they are asked.
    pub fn fallback(targets: impl IntoIterator<Item = ModelName>) -> Self {
        Self {
            targets: targets.into_iter().collect(),
            ..Self::default()
        }
    }

    /// Checks what types alone do not.
    ///
    /// # Errors
    /// `Invalid`, saying what.
    pub fn validate(&self) -> Result<(), ModelError> {
        let refuse = |why: String| {
            let kind = ModelErrorKind::Invalid(why);
            Err(ModelError::new(kind, "use", "the route"))
        };
        if !(1..=TARGETS_MAX).contains(&self.targets.len()) {
            let count = self.targets.len();
            return refuse(format!(
                "it has {count} targets, and may have 1 to {TARGETS_MAX}"
            ));
        }
        if !self.weights.is_empty() && self.weights.len() != self.targets.len() {
            return refuse("it has another number of weights than of targets".to_owned());
        }
        if !self.weights.is_empty() && self.weights.iter().all(|weight| *weight == 0) {
            return refuse("all of its weights are 0".to_owned());
        }
        Ok(())
    }

    fn weight(&self, index: usize) -> u32 {
        self.weights.get(index).copied().unwrap_or(1)
    }

    /// The targets by rendezvous (Thaler and Ravishankar 1998), weighted: everybody has a rank of
    /// them that does not change, and changing a weight moves as few callers as can be.
    fn rendezvous(&self, caller: &str) -> Vec<usize> {
        let score = |index: usize| {
            let hash = hash(caller, self.targets[index].as_str());
            f64::from(self.weight(index)) / -hash.ln()
        };
        let mut order: Vec<usize> = (0..self.targets.len()).collect();
        order.sort_by(|a, b| score(*b).total_cmp(&score(*a)));
        order
    }
}

/// A number above 0 and below 1 for a caller and a target.
fn hash(caller: &str, target: &str) -> f64 {
    let mut hasher = Sha256::new();
    hasher.update(caller);
    hasher.update([0]);
    hasher.update(target);
    let digest = hasher.finalize();
    let bits = digest[..4]
        .iter()
        .fold(0_u32, |bits, byte| bits << 8 | u32::from(*byte));
    (f64::from(bits) + 0.5) / (f64::from(u32::MAX) + 1.0)
}

/// A route at work: whose turn it is.
#[derive(Clone, Debug)]
pub(crate) struct RouteInUse {
    pub(crate) route: Route,
    /// Whether the registry's file lists it.
    pub(crate) is_kept: bool,
    /// What each target is owed, for [`Choose::Balance`].
    owed: Vec<i64>,
}

impl RouteInUse {
    pub(crate) fn new(route: Route, is_kept: bool) -> Self {
        Self {
            owed: vec![0; route.targets.len()],
            route,
            is_kept,
        }
    }

    /// The targets in the order in which to ask them this time.
    pub(crate) fn order(&mut self, caller: Option<&str>) -> Vec<ModelName> {
        let indices = match (self.route.choose, caller) {
            (Choose::Order, _) => (0..self.route.targets.len()).collect(),
            (Choose::Split, Some(caller)) => self.route.rendezvous(caller),
            // Without a caller nothing can be kept to: a split then shares out evenly.
            (Choose::Balance | Choose::Split, _) => self.turn(),
        };
        let target = |index: usize| self.route.targets[index].clone();
        indices.into_iter().map(target).collect()
    }

    /// Smooth weighted round robin, as nginx does it: whoever is owed most has its turn.
    fn turn(&mut self) -> Vec<usize> {
        let weights = (0..self.owed.len()).map(|index| i64::from(self.route.weight(index)));
        let mut total = 0;
        for (owed, weight) in self.owed.iter_mut().zip(weights) {
            *owed += weight;
            total += weight;
        }
        let mut order: Vec<usize> = (0..self.owed.len()).collect();
        order.sort_by_key(|index| (self.route.weight(*index) == 0, -self.owed[*index]));
        self.owed[order[0]] -= total;
        order
    }
}

#[cfg(test)]
mod tests;
