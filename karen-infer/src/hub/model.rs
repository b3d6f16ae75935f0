//! What a model of a hub is called.

use std::fmt;
use std::path::{Component, Path};

use crate::{ModelError, ModelErrorKind};

const PREFIX: &str = "hf:";
const REVISION: &str = "main";

/// A model of a hub: `hf:org/repo`, `hf:org/repo:file`, either with `@revision` behind the repository.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct HubModel {
    /// Such as `Qwen/Qwen2.5-0.5B-Instruct-GGUF`.
    pub repository: String,
    /// A branch, a tag or a commit.
    pub revision: String,
    /// A file of it, or a part of a GGUF file's name that no other has, such as `Q4_K_M`.
    pub file: Option<String>,
}

impl HubModel {
    /// Reads `hf:org/repo@revision:file`.
    ///
    /// # Errors
    /// `Invalid`, with an example.
    pub fn parse(text: &str) -> Result<Self, ModelError> {
        let Some(rest) = text.strip_prefix(PREFIX) else {
            return Err(refused());
        };
        let (place, file) = match rest.split_once(':') {
            Some((place, file)) => (place, Some(file)),
            None => (rest, None),
        };
        let (repository, revision) = place.split_once('@').unwrap_or((place, REVISION));
        let is_known = is_repository(repository)
            && is_path(revision)
            && file.is_none_or(|file| is_path(file) && !file.is_empty());
        if !is_known {
            return Err(refused());
        }
        Ok(Self {
            repository: repository.to_owned(),
            revision: revision.to_owned(),
            file: file.map(str::to_owned),
        })
    }

    /// The repository without who it belongs to.
    #[cfg(feature = "remote")]
    pub(crate) fn own_name(&self) -> &str {
        let last = self.repository.rsplit('/').next();
        last.unwrap_or(&self.repository)
    }

    /// Its folder below that of all pulled models.
    #[cfg(feature = "remote")]
    pub(crate) fn folder(&self) -> String {
        self.repository.replace('/', "--")
    }
}

impl fmt::Display for HubModel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{PREFIX}{}", self.repository)?;
        if self.revision != REVISION {
            write!(f, "@{}", self.revision)?;
        }
        self.file.iter().try_for_each(|file| write!(f, ":{file}"))
    }
}

/// A name, or an owner and a name.
fn is_repository(text: &str) -> bool {
    let is_part = |part: &str| {
        let fits = |c: char| c.is_ascii_alphanumeric() || "._-".contains(c);
        !part.is_empty() && !part.starts_with('.') && part.chars().all(fits)
    };
    text.split('/').count() <= 2 && text.split('/').all(is_part) && !text.contains("--")
}

/// A path that stays where it begins.
pub(super) fn is_path(text: &str) -> bool {
    let mut parts = Path::new(text).components();
    let stays = |part| matches!(part, Component::Normal(_));
    !text.is_empty() && !text.contains(['\\', '\0']) && parts.all(stays)
}

fn refused() -> ModelError {
    let why = "a model of a hub is named hf:ORG/REPO or hf:ORG/REPO:FILE, such as \
               hf:Qwen/Qwen2.5-0.5B-Instruct-GGUF:Q4_K_M";
    ModelError::new(ModelErrorKind::Invalid(why.to_owned()), "pull", "the model")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_has_a_repository_and_may_have_a_revision_and_a_file() {
        for (text, repository, revision, file) in [
            ("hf:org/repo", "org/repo", "main", None),
            ("hf:org/repo:m.gguf", "org/repo", "main", Some("m.gguf")),
            (
                "hf:org/repo@v1:a/m.gguf",
                "org/repo",
                "v1",
                Some("a/m.gguf"),
            ),
            ("hf:gpt2", "gpt2", "main", None),
        ] {
            let model = HubModel::parse(text).expect(text);
            assert_eq!(model.repository, repository);
            assert_eq!(model.revision, revision);
            assert_eq!(model.file.as_deref(), file);
            assert_eq!(model.to_string(), text);
        }
    }

    #[test]
    fn what_would_lead_elsewhere_is_no_name() {
        for text in [
            "",
            "org/repo",
            "hf:",
            "hf:../x",
            "hf:a/b/c",
            "hf:org/repo:",
            "hf:org/repo:../x",
            "hf:org/repo:/etc/x",
            "hf:org/repo@../x",
            "hf:org/re po",
            "hf:org/repo?x=1",
        ] {
            assert!(HubModel::parse(text).is_err(), "{text}");
        }
    }
}
