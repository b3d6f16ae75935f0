//! Where the key of a provider comes from.

use std::env;

use reqwest::header::HeaderValue;

use crate::{ModelError, ModelErrorKind, RemoteModel};

/// Reads the key that a model is asked with; `None` for a server that wants none.
///
/// # Errors
/// `Denied`, naming the variable or file that is to hold it.
pub(super) async fn read(model: &RemoteModel) -> Result<Option<String>, ModelError> {
    let key = match (&model.key_env, &model.key_file) {
        (Some(name), _) => env::var(name).map_err(|e| {
            let why = format!("its key is missing: set the environment variable {name}");
            absent(why).caused_by(e)
        })?,
        (None, Some(file)) => tokio::fs::read_to_string(file).await.map_err(|e| {
            let why = format!("the file {} of its key cannot be read", file.display());
            absent(why).caused_by(e)
        })?,
        (None, None) => return Ok(None),
    };
    match key.trim() {
        "" => Err(absent("its key is empty".to_owned())),
        key => Ok(Some(key.to_owned())),
    }
}

/// A header that logs do not show.
pub(super) fn header(text: &str) -> Result<HeaderValue, ModelError> {
    let mut value = HeaderValue::from_str(text).map_err(|e| {
        let why = "its key has characters that no key has".to_owned();
        absent(why).caused_by(e)
    })?;
    value.set_sensitive(true);
    Ok(value)
}

fn absent(why: String) -> ModelError {
    ModelError::new(ModelErrorKind::Denied(why), "ask", "the provider")
}
