//! Settings as a host passes them: names and plain values.

use std::path::PathBuf;

use karen_core::config::{Config, Layers};
use karen_core::{Code, Karen};
use serde_json::Value;

use crate::Failure;

/// Short names of the settings that programs give most.
const SHORT_NAMES: &[(&str, &str)] = &[
    ("model", "models.demo"),
    ("instructions", "chat.instructions"),
    ("start", "data.start"),
];

/// Whether questions about all memories are answered.
const ANALYTICS: &str = "analytics.enabled";
/// What the layers of settings put before a message about one that a program gave.
const ORIGIN: &str = "command line: ";

/// Settings on their way to an open Karen. Later ones win.
///
/// A setting `chat.temperature` is also called `chat_temperature`, as the variable
/// `KAREN_CHAT_TEMPERATURE` is.
#[derive(Clone, Debug, Default)]
pub struct Settings {
    file: Option<PathBuf>,
    /// Why there can be no analytics.
    without_analytics: Option<String>,
    values: Vec<(String, Value)>,
}

impl Settings {
    /// The data folder; `:memory:` keeps nothing. `./karen-data` if not said.
    #[must_use]
    pub fn path(self, path: impl Into<String>) -> Self {
        self.set("data.folder", Value::String(path.into()))
    }

    /// Begins with a `karen.toml` and the `KAREN_*` variables.
    #[must_use]
    pub fn file(mut self, path: impl Into<PathBuf>) -> Self {
        self.file = Some(path.into());
        self
    }

    /// Gives a setting: text, a number or a truth value.
    #[must_use]
    pub fn set(mut self, name: impl Into<String>, value: Value) -> Self {
        self.values.push((name.into(), value));
        self
    }

    /// Leaves analytics off, for a host that has no DuckDB; asking for them is `UNSUPPORTED`, and says why.
    #[must_use]
    pub fn without_analytics(mut self, why: impl Into<String>) -> Self {
        self.without_analytics = Some(why.into());
        self
    }

    /// # Errors
    /// `INVALID_ARGUMENT`, naming the setting, and the right one where it was meant; `UNSUPPORTED` for
    /// analytics that there cannot be.
    pub(crate) fn config(&self) -> Result<Config, Failure> {
        let config = self.layers()?.config().map_err(spoken)?;
        match &self.without_analytics {
            Some(why) if config.analytics.enabled => {
                let message = format!("{ANALYTICS} is true: {why}");
                Err(Failure::new(Code::Unsupported, message))
            }
            _ => Ok(config),
        }
    }

    fn layers(&self) -> Result<Layers, Failure> {
        let mut layers = Layers::default();
        if self.without_analytics.is_some() {
            layers = layers.set(ANALYTICS, "false")?;
        }
        if let Some(file) = &self.file {
            layers = layers.file(file)?.variables(std::env::vars())?;
        }
        let names = names(&layers)?;
        for (name, value) in &self.values {
            let known = names.iter().find(|known| is_named(known, name));
            let short = SHORT_NAMES.iter().find(|(short, _)| short == name);
            let setting = known.map(String::as_str).or(short.map(|(_, long)| *long));
            layers = layers
                .set(setting.unwrap_or(name), &text(name, value)?)
                .map_err(spoken)?;
        }
        Ok(layers)
    }
}

/// Every setting there is, in full.
fn names(layers: &Layers) -> Result<Vec<String>, Failure> {
    let rows = layers.effective()?;
    Ok(rows.into_iter().map(|(name, ..)| name).collect())
}

fn is_named(setting: &str, name: &str) -> bool {
    setting == name || setting.replace('.', "_") == name
}

fn text(name: &str, value: &Value) -> Result<String, Failure> {
    match value {
        Value::String(text) => Ok(text.clone()),
        Value::Number(_) | Value::Bool(_) => Ok(value.to_string()),
        _ => {
            let message = format!("{name} takes text, a number or true or false");
            Err(Failure::invalid(message))
        }
    }
}

/// A program gave the setting, not a command line.
fn spoken(error: karen_core::Error) -> Failure {
    let text = error.to_string();
    match text.strip_prefix(ORIGIN) {
        Some(message) => Failure::new(error.code(), message),
        None => error.into(),
    }
}

/// Opens Karen with these settings.
pub(crate) async fn open(settings: &Settings) -> Result<Karen, Failure> {
    Ok(Karen::builder().config(settings.config()?).open().await?)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn config(name: &str, value: Value) -> Result<Config, Failure> {
        Settings::default().set(name, value).config()
    }

    #[test]
    fn a_setting_goes_by_its_dotted_its_flat_and_its_short_name() {
        for name in ["chat.instructions", "chat_instructions", "instructions"] {
            let config = config(name, json!("Be brief.")).expect("a known name");
            assert_eq!(config.chat.instructions, "Be brief.");
        }
        let config = config("chat_temperature", json!(1)).expect("a whole number will do");
        assert!((config.chat.temperature - 1.0).abs() < f32::EPSILON);
    }

    #[test]
    fn an_unknown_setting_suggests_the_right_one() {
        let failure = config("chat_temprature", json!(1)).expect_err("unknown");
        assert_eq!(failure.code(), "INVALID_ARGUMENT");
        assert_eq!(
            failure.message(),
            "there is no setting chat_temprature; did you mean chat.temperature?"
        );
    }

    #[test]
    fn a_value_of_another_kind_is_refused_by_name() {
        for value in [json!("warm"), json!([1]), json!(null)] {
            let failure = config("chat_temperature", value).expect_err("no number");
            assert!(
                failure.message().contains("temperature"),
                "{}",
                failure.message()
            );
        }
    }

    #[test]
    fn a_host_without_duckdb_opens_without_analytics_and_says_why_there_are_none() {
        let lacking = Settings::default().without_analytics("install it");
        assert!(!lacking.config().expect("plain settings").analytics.enabled);
        let asked = lacking.set("analytics_enabled", json!(true)).config();
        let failure = asked.expect_err("there are none");
        assert_eq!(failure.code(), "UNSUPPORTED");
        assert!(
            failure.message().ends_with("install it"),
            "{}",
            failure.message()
        );
    }

    #[test]
    fn the_last_path_wins() {
        let settings = Settings::default().path("here").path(":memory:");
        assert!(settings.config().expect("plain settings").is_in_memory());
    }
}
