//! `modules.json`: how sentence-transformers makes one vector of a text's tokens.

use std::path::{Component, Path};

use serde::Deserialize;

use super::{FolderError, json};

const MODULES: &str = "modules.json";
const SENTENCE: &str = "sentence_bert_config.json";
const TOKENIZER: &str = "tokenizer_config.json";

/// How the vectors of a text's tokens become one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Pooling {
    /// Their mean; also what a folder without `modules.json` gets.
    #[default]
    Mean,
    /// The first one.
    First,
    /// The largest number of each dimension.
    Max,
}

#[derive(Deserialize)]
struct Module {
    path: String,
    #[serde(rename = "type")]
    kind: String,
}

/// The pooling's own file: an older one has a flag a mode, a newer one names it.
#[derive(Deserialize)]
struct Written {
    pooling_mode: Option<Mode>,
    #[serde(default)]
    pooling_mode_cls_token: bool,
    #[serde(default)]
    pooling_mode_mean_tokens: bool,
    #[serde(default)]
    pooling_mode_max_tokens: bool,
    #[serde(default)]
    pooling_mode_mean_sqrt_len_tokens: bool,
    #[serde(default)]
    pooling_mode_weightedmean_tokens: bool,
    #[serde(default)]
    pooling_mode_lasttoken: bool,
}

/// One mode, or several whose vectors are put side by side.
#[derive(Deserialize)]
#[serde(untagged)]
enum Mode {
    One(String),
    Many(Vec<String>),
}

#[derive(Deserialize)]
struct Sentence {
    max_seq_length: Option<u32>,
}

#[derive(Deserialize)]
struct Tokenizer {
    /// Some write 10^30 for "no limit".
    model_max_length: Option<f64>,
}

impl Pooling {
    /// Reads what `folder` says of it.
    pub(super) fn read(folder: &Path) -> Result<Self, FolderError> {
        let modules: Vec<Module> = json::read(folder, MODULES)?.unwrap_or_default();
        let mut pooling = Self::default();
        for module in &modules {
            match module.kind.rsplit('.').next().unwrap_or_default() {
                // Rows are normalised in any case.
                "Transformer" | "Normalize" => {}
                "Pooling" => pooling = Self::of(folder, &module.path)?,
                other => {
                    return Err(FolderError::Unlike(format!(
                        "it ends in a module {other}, which is not understood here"
                    )));
                }
            }
        }
        Ok(pooling)
    }

    fn of(folder: &Path, module: &str) -> Result<Self, FolderError> {
        let is_inside = Path::new(module)
            .components()
            .all(|part| matches!(part, Component::Normal(_)));
        if !is_inside {
            return Err(FolderError::ShardName(module.to_owned()));
        }
        let file = format!("{module}/config.json");
        let written: Written = json::read(folder, &file)?.ok_or(FolderError::Absent(file))?;
        written.mode()
    }
}

impl Written {
    fn mode(self) -> Result<Pooling, FolderError> {
        let modes = self.modes();
        match modes.iter().map(String::as_str).collect::<Vec<_>>()[..] {
            ["mean"] => Ok(Pooling::Mean),
            ["cls"] => Ok(Pooling::First),
            ["max"] => Ok(Pooling::Max),
            ref other => Err(FolderError::Unlike(format!(
                "its pooling is {}, and one of mean, cls and max is understood here",
                other.join(" and ")
            ))),
        }
    }

    fn modes(self) -> Vec<String> {
        match self.pooling_mode {
            Some(Mode::One(mode)) => return vec![mode],
            Some(Mode::Many(modes)) => return modes,
            None => {}
        }
        let flags = [
            ("cls", self.pooling_mode_cls_token),
            ("mean", self.pooling_mode_mean_tokens),
            ("max", self.pooling_mode_max_tokens),
            ("mean_sqrt_len", self.pooling_mode_mean_sqrt_len_tokens),
            ("weightedmean", self.pooling_mode_weightedmean_tokens),
            ("lasttoken", self.pooling_mode_lasttoken),
        ];
        let set = flags.into_iter().filter(|(_, is_set)| *is_set);
        set.map(|(mode, _)| mode.to_owned()).collect()
    }
}

/// Tokens of a text at most, where the model's makers say.
pub(super) fn tokens_max(folder: &Path) -> Result<Option<u32>, FolderError> {
    let sentence: Option<Sentence> = json::read(folder, SENTENCE)?;
    if let Some(tokens) = sentence.and_then(|sentence| sentence.max_seq_length) {
        return checked("max_seq_length", f64::from(tokens)).map(Some);
    }
    let tokenizer: Option<Tokenizer> = json::read(folder, TOKENIZER)?;
    let tokens = tokenizer.and_then(|tokenizer| tokenizer.model_max_length);
    tokens
        .map(|tokens| checked("model_max_length", tokens))
        .transpose()
}

/// A conversion stays within the numbers that there are.
fn checked(field: &'static str, value: f64) -> Result<u32, FolderError> {
    if value >= 1.0 {
        Ok(value as u32)
    } else {
        Err(FolderError::Number { field, value })
    }
}
