//! Encryption at rest that is required: what this process would write legibly is named and refused.
//!
//! Secrets are encrypted in every database anyway, under `auth.secret`. What people say is not: SQLite
//! and the outbox write it as it is. So where encryption is required, it goes to a PostgreSQL whose
//! disks are encrypted, and all that is made from it stays in memory.

use crate::config::{Config, MailTransport};
use crate::{Code, Error, Result};

/// Passes a configuration under which nothing that people said and no secret is written to a disk of
/// this machine by Karen.
///
/// # Errors
/// `UNSUPPORTED`, naming each store that is not covered and what to set instead.
pub(crate) fn check(config: &Config) -> Result<()> {
    if !config.encryption.required {
        return Ok(());
    }
    let legible = legible(config);
    if legible.is_empty() {
        return Ok(());
    }
    let message = format!(
        "encryption.required is set, and these would be written as they are: {}",
        legible.join("; ")
    );
    Err(Error::new(Code::Unsupported, message))
}

/// What would be written as it is, and what to set instead.
fn legible(config: &Config) -> Vec<&'static str> {
    let is_kept = !config.is_in_memory();
    let is_sqlite = is_kept && config.postgres.url.is_empty();
    let has_outbox = match config.mail.transport {
        MailTransport::Files => is_kept || !config.mail.folder.as_os_str().is_empty(),
        MailTransport::None | MailTransport::Smtp => false,
    };
    let has_parquet = config.analytics.enabled && !config.analytics.folder.as_os_str().is_empty();
    let stores = [
        (
            is_sqlite,
            "the database in the data folder (set postgres.url, on encrypted disks)",
        ),
        (
            is_kept && !config.auth.has_secret(),
            "the secret (set auth.secret_command)",
        ),
        (
            has_outbox,
            "mails in files (set mail.transport to \"smtp\" or \"none\")",
        ),
        (
            has_parquet,
            "reports in analytics.folder (leave it empty, and they stay in memory)",
        ),
    ];
    let legible = stores.into_iter().filter(|(is_legible, _)| *is_legible);
    legible.map(|(_, store)| store).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Layers;

    /// Which of the stores are refused, by a word of each.
    #[track_caller]
    fn check_settings(settings: &[(&str, &str)], refused: &[&str]) {
        let layers = Layers::default().set("encryption.required", "true");
        let layers = settings.iter().fold(layers, |layers, (setting, value)| {
            layers.and_then(|layers| layers.set(setting, value))
        });
        let config = layers.and_then(|layers| layers.config()).expect("settings");
        let told = match check(&config) {
            Ok(()) => String::new(),
            Err(error) => {
                assert_eq!(error.code(), Code::Unsupported);
                error.to_string()
            }
        };
        for word in ["database", "the secret", "mails", "reports"] {
            assert_eq!(
                told.contains(word),
                refused.contains(&word),
                "{word}: {told}"
            );
        }
    }

    #[test]
    fn what_would_be_legible_is_named() {
        check_settings(&[], &["database", "the secret", "mails"]);
        let covered = [
            ("postgres.url", "postgres://karen@db/karen"),
            ("auth.secret_command", "[\"pass\", \"show\", \"karen\"]"),
            ("mail.transport", "none"),
        ];
        check_settings(&covered, &[]);
        for (number, word) in ["database", "the secret", "mails"].into_iter().enumerate() {
            let mut but_one = covered.to_vec();
            but_one.remove(number);
            check_settings(&but_one, &[word]);
        }
        let reports = [covered.to_vec(), vec![("analytics.folder", "/shared")]].concat();
        check_settings(&reports, &["reports"]);
        check_settings(&[("data.folder", ":memory:")], &[]);
    }
}
