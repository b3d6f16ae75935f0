//! Putting settings together from defaults, a file, the environment and the caller.

use std::collections::BTreeMap;
use std::fmt;
use std::path::{Path, PathBuf};

use toml::{Table, Value};

use super::Config;
use super::suggestion::nearest;
use crate::{Code, Error, Result};

const PREFIX: &str = "KAREN_";

/// Settings on their way to a [`Config`], each remembering where it came from.
#[derive(Clone)]
pub struct Layers {
    /// The defaults: every known setting, with a value of its type.
    known: Table,
    set: Table,
    origins: BTreeMap<String, Origin>,
}

/// Where a setting's value came from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Origin {
    /// Karen's own default.
    Default,
    /// A configuration file.
    File(PathBuf),
    /// An environment variable.
    Variable(String),
    /// The program or a command-line option.
    Caller,
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Default => f.write_str("default"),
            Self::File(path) => write!(f, "{}", path.display()),
            Self::Variable(name) => f.write_str(name),
            Self::Caller => f.write_str("command line"),
        }
    }
}

impl Default for Layers {
    fn default() -> Self {
        Self {
            known: Table::try_from(Config::default()).expect("the defaults are plain tables"),
            set: Table::new(),
            origins: BTreeMap::new(),
        }
    }
}

impl Layers {
    /// Reads a `karen.toml`.
    ///
    /// # Errors
    /// `INVALID_ARGUMENT` when it cannot be read or parsed, or names an unknown setting.
    pub fn file(mut self, path: &Path) -> Result<Self> {
        let text = std::fs::read_to_string(path)
            .map_err(|e| refuse(format!("{} cannot be read", path.display())).caused_by(e))?;
        let table = text
            .parse::<Table>()
            .map_err(|e| misread(path, &text, &e))?;
        for (section, settings) in table {
            let Value::Table(settings) = settings else {
                return Err(self.unknown(&section, &path.display()));
            };
            for (name, value) in settings {
                let setting = format!("{section}.{name}");
                let origin = Origin::File(path.to_owned());
                self.put(&setting, value, origin)?;
            }
        }
        Ok(self)
    }

    /// Reads `KAREN_SECTION_NAME` variables; others are not looked at.
    ///
    /// # Errors
    /// `INVALID_ARGUMENT` when one names an unknown setting or holds a value of another type.
    pub fn variables(mut self, all: impl Iterator<Item = (String, String)>) -> Result<Self> {
        for (variable, text) in all.filter(|(name, _)| name.starts_with(PREFIX)) {
            let Some(setting) = self.setting_of(&variable) else {
                return Err(self.unknown_variable(&variable));
            };
            self.put_text(&setting, &text, Origin::Variable(variable))?;
        }
        Ok(self)
    }

    /// Sets one setting from text, as a command-line option does.
    ///
    /// # Errors
    /// As [`variables`](Self::variables).
    pub fn set(mut self, setting: &str, text: &str) -> Result<Self> {
        self.put_text(setting, text, Origin::Caller)?;
        Ok(self)
    }

    /// The settings put together and checked.
    ///
    /// # Errors
    /// `INVALID_ARGUMENT`, naming the setting.
    pub fn config(&self) -> Result<Config> {
        let config = Value::Table(self.set.clone())
            .try_into::<Config>()
            .map_err(|e| refuse(e.message().to_owned()))?;
        config.validate()?;
        Ok(config)
    }

    /// Every setting with its value, as shown to people, and its origin. Secrets are `***`.
    ///
    /// # Errors
    /// As [`config`](Self::config).
    pub fn effective(&self) -> Result<Vec<(String, String, Origin)>> {
        let table = Table::try_from(self.config()?).expect("a config is plain tables");
        let rows = settings(&table).into_iter().map(|(setting, value)| {
            let origin = self.origins.get(&setting).cloned();
            (
                setting,
                value.to_string(),
                origin.unwrap_or(Origin::Default),
            )
        });
        Ok(rows.collect())
    }

    fn put_text(&mut self, setting: &str, text: &str, origin: Origin) -> Result<()> {
        let value = match self.known_value(setting) {
            None => return Err(self.unknown(setting, &origin)),
            Some(Value::String(_)) => Value::String(text.to_owned()),
            // Everything that is no text reads as it does in the file: 5, 0.7, true. What does not is
            // not shown, for it may be a secret.
            Some(known) => parse_scalar(text).ok_or_else(|| {
                let wanted = known.type_str();
                refuse(format!(
                    "{origin}: {setting} takes a {wanted}, written as in karen.toml"
                ))
            })?,
        };
        self.put(setting, value, origin)
    }

    fn put(&mut self, setting: &str, value: Value, origin: Origin) -> Result<()> {
        let Some(known) = self.known_value(setting) else {
            return Err(self.unknown(setting, &origin));
        };
        let value = widen(value, known);
        if known.type_str() != value.type_str() {
            let (wanted, given) = (known.type_str(), value.type_str());
            let message = format!("{origin}: {setting} takes a {wanted}, and a {given} is given");
            return Err(refuse(message));
        }
        let (section, name) = setting
            .split_once('.')
            .expect("known settings have a section");
        self.set
            .entry(section)
            .or_insert_with(|| Value::Table(Table::new()))
            .as_table_mut()
            .expect("sections are tables")
            .insert(name.to_owned(), value);
        self.origins.insert(setting.to_owned(), origin);
        Ok(())
    }

    fn known_value(&self, setting: &str) -> Option<&Value> {
        let (section, name) = setting.split_once('.')?;
        self.known.get(section)?.as_table()?.get(name)
    }

    fn setting_of(&self, variable: &str) -> Option<String> {
        let names = settings(&self.known).into_keys();
        names
            .into_iter()
            .find(|setting| variable_of(setting) == variable)
    }

    fn unknown(&self, setting: &str, place: &impl fmt::Display) -> Error {
        let known: Vec<String> = settings(&self.known).into_keys().collect();
        let meant = nearest(setting, known.iter().map(String::as_str));
        refuse(with_suggestion(
            format!("{place}: there is no setting {setting}"),
            meant,
        ))
    }

    fn unknown_variable(&self, variable: &str) -> Error {
        let known: Vec<String> = settings(&self.known)
            .into_keys()
            .map(|s| variable_of(&s))
            .collect();
        let meant = nearest(variable, known.iter().map(String::as_str));
        refuse(with_suggestion(
            format!("there is no setting for {variable}"),
            meant,
        ))
    }
}

/// Names the line and does not show it, for it may hold a secret.
fn misread(path: &Path, text: &str, error: &toml::de::Error) -> Error {
    let before = error.span().and_then(|span| text.get(..span.start));
    let line = before.map_or(1, |before| before.matches('\n').count() + 1);
    refuse(format!(
        "{}, line {line}: {}",
        path.display(),
        error.message()
    ))
}

fn settings(table: &Table) -> BTreeMap<String, Value> {
    let mut all = BTreeMap::new();
    for (section, settings) in table {
        for (name, value) in settings.as_table().into_iter().flatten() {
            all.insert(format!("{section}.{name}"), value.clone());
        }
    }
    all
}

fn variable_of(setting: &str) -> String {
    format!("{PREFIX}{}", setting.replace('.', "_").to_uppercase())
}

fn parse_scalar(text: &str) -> Option<Value> {
    let table = format!("value = {text}").parse::<Table>().ok()?;
    table.get("value").cloned()
}

/// A whole number is a fine value for a setting that may have a fraction.
fn widen(value: Value, known: &Value) -> Value {
    match (&value, known) {
        (Value::Integer(whole), Value::Float(_)) => Value::Float(*whole as f64),
        _ => value,
    }
}

fn with_suggestion(message: String, meant: Option<&str>) -> String {
    match meant {
        Some(name) => format!("{message}; did you mean {name}?"),
        None => message,
    }
}

fn refuse(message: String) -> Error {
    Error::new(Code::InvalidArgument, message)
}
