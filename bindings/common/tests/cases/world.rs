//! One open Karen, its sessions, and what the steps before have given.

use std::collections::BTreeMap;

use karen_bindings::{Failure, Karen, Session, Settings};
use serde_json::{Map, Value, json};

use crate::Step;
use crate::calls::call;
use crate::matching::matches;

pub(crate) struct World {
    pub(crate) karen: Karen,
    pub(crate) sessions: BTreeMap<String, Session>,
    kept: Map<String, Value>,
}

impl World {
    pub(crate) async fn open(settings: &Map<String, Value>) -> Result<Self, Failure> {
        let karen = Karen::open(in_memory(settings)).await?;
        let local = karen.session(None).await?;
        Ok(Self {
            karen,
            sessions: BTreeMap::from([("local".to_owned(), local)]),
            kept: Map::new(),
        })
    }

    pub(crate) async fn close(self) {
        self.karen.close().await.expect("it closes");
    }

    pub(crate) async fn make(&mut self, step: &Step) -> Result<(), String> {
        let args = self.filled(&Value::Object(step.args.clone()))?;
        let by = step.by.as_deref().unwrap_or("local");
        let session = self
            .sessions
            .get(by)
            .ok_or("there is no such session")?
            .clone();
        let result = if step.call == "karen.session" {
            self.sign_in(step, &args).await
        } else {
            call(self, &session, &step.call, &args).await
        };
        match (result, &step.error) {
            (Err(failure), Some(code)) if failure.code() == code => Ok(()),
            (Err(failure), _) => Err(format!("{} {}", failure.code(), failure.message())),
            (Ok(found), Some(code)) => Err(format!("{found} instead of {code}")),
            (Ok(found), None) => self.take(step, found),
        }
    }

    async fn sign_in(&mut self, step: &Step, args: &Value) -> Result<Value, Failure> {
        let session = self.karen.session(args["token"].as_str()).await?;
        let whose = json!(session.whose());
        if let Some(name) = &step.kept_as {
            self.sessions.insert(name.clone(), session);
        }
        Ok(whose)
    }

    fn take(&mut self, step: &Step, found: Value) -> Result<(), String> {
        if let Some(expect) = &step.expect {
            matches(&self.filled(expect)?, &found)?;
        }
        if let Some(name) = &step.kept_as {
            self.kept.insert(name.clone(), found);
        }
        Ok(())
    }

    /// `value` with what its references stand for.
    fn filled(&self, value: &Value) -> Result<Value, String> {
        Ok(match value {
            Value::String(text) if text.starts_with('$') => self.kept(&text[1..])?,
            Value::Array(items) => items
                .iter()
                .map(|item| self.filled(item))
                .collect::<Result<_, _>>()?,
            Value::Object(fields) => {
                let filled = fields
                    .iter()
                    .map(|(name, field)| Ok((name.clone(), self.filled(field)?)));
                Value::Object(filled.collect::<Result<_, String>>()?)
            }
            plain => plain.clone(),
        })
    }

    fn kept(&self, path: &str) -> Result<Value, String> {
        let (name, rest) = path.split_once('.').unwrap_or((path, ""));
        let kept = self
            .kept
            .get(name)
            .ok_or_else(|| format!("nothing is kept as {name}"))?;
        let pointer = if rest.is_empty() {
            String::new()
        } else {
            format!("/{}", rest.replace('.', "/"))
        };
        let part = kept
            .pointer(&pointer)
            .ok_or_else(|| format!("{name} has no {rest}"))?;
        Ok(part.clone())
    }
}

pub(crate) fn in_memory(settings: &Map<String, Value>) -> Settings {
    let start = Settings::default().path(":memory:");
    settings
        .iter()
        .fold(start, |all, (name, value)| all.set(name, value.clone()))
}
