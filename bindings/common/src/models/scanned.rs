//! What a look into a folder found.

use karen_core::Error;
use karen_core::infer::ModelInfo;
use serde::Serialize;

/// What a look into a folder found.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Scanned {
    /// The models that were not known before.
    pub added: Vec<ModelInfo>,
    /// What looks like a model and is none that can be added.
    pub refused: Vec<Refused>,
}

/// A file or folder that was not added.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Refused {
    /// Where it is.
    pub path: String,
    /// What adding it would have failed with.
    pub code: String,
    /// Why.
    pub message: String,
}

impl From<karen_core::infer::Scanned> for Scanned {
    fn from(scanned: karen_core::infer::Scanned) -> Self {
        let refused = scanned.refused.into_iter().map(|(path, error)| {
            let error = Error::from(error);
            Refused {
                path: path.display().to_string(),
                code: error.code().to_string(),
                message: error.to_string(),
            }
        });
        Self {
            added: scanned.added,
            refused: refused.collect(),
        }
    }
}
