//! The secrets of an installation, and where they come from: a setting, a file, a program, or the
//! data folder.

use std::process::Stdio;
use std::time::Duration;

use karen_auth::SigningSecret;
use tokio::process::Command;
use tokio::time::timeout;

use crate::accounts::read;
use crate::config::AuthSettings;
use crate::folder::DataFolder;
use crate::{Code, Error, Result};

const COMMAND_TIME: Duration = Duration::from_secs(30);

/// What signs and encrypts, and what did before.
pub(crate) struct Secrets {
    pub(crate) current: SigningSecret,
    /// What these have signed and encrypted is still good.
    pub(crate) earlier: Vec<SigningSecret>,
}

impl Secrets {
    /// The configured ones, or on a machine of one's own the one kept in the data folder.
    ///
    /// # Errors
    /// `INVALID_ARGUMENT` where there is none, or one that can be guessed; `TIMEOUT` of the program.
    pub(crate) async fn of(settings: &AuthSettings, folder: Option<&DataFolder>) -> Result<Self> {
        let file = &settings.secret_file;
        let text = if !settings.secret.is_empty() {
            settings.secret.expose().to_owned()
        } else if !file.as_os_str().is_empty() {
            read("auth.secret_file", file)?
        } else if !settings.secret_command.is_empty() {
            printed(&settings.secret_command).await?
        } else {
            String::new()
        };
        let mut lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
        let current = match (lines.next(), folder) {
            (Some(line), _) => SigningSecret::new(line)?,
            (None, _) if settings.has_secret() => return Err(nothing(settings)),
            (None, Some(folder)) => folder.secret()?,
            (None, None) => SigningSecret::random(),
        };
        let named = settings
            .earlier_secrets
            .iter()
            .map(|secret| secret.expose());
        let earlier = lines.chain(named).map(|line| Ok(SigningSecret::new(line)?));
        Ok(Self {
            current,
            earlier: earlier.collect::<Result<_>>()?,
        })
    }
}

/// What a program says on its standard output. What it says elsewhere is not shown: it may be secret.
async fn printed(command: &[String]) -> Result<String> {
    let (program, arguments) = command.split_first().expect("the caller has looked");
    let refuse = |what: String| {
        let message = format!("auth.secret_command: {program} {what}");
        Error::new(Code::InvalidArgument, message)
    };
    let output = Command::new(program)
        .args(arguments)
        .stdin(Stdio::null())
        .kill_on_drop(true)
        .output();
    let output = timeout(COMMAND_TIME, output).await.map_err(|_| {
        let message = format!("auth.secret_command: {program} said nothing for 30 seconds");
        Error::new(Code::Timeout, message)
    })?;
    let output = output.map_err(|e| refuse("cannot be run".to_owned()).caused_by(e))?;
    if !output.status.success() {
        return Err(refuse(format!("failed with {}", output.status)));
    }
    String::from_utf8(output.stdout)
        .map_err(|_| refuse("printed something that is no text".to_owned()))
}

fn nothing(settings: &AuthSettings) -> Error {
    let source = match settings.secret_command.first() {
        Some(program) => format!("auth.secret_command: {program} printed nothing"),
        None => "auth.secret_file is empty".to_owned(),
    };
    let advice = "it gives the secret on its first line";
    Error::new(Code::InvalidArgument, format!("{source}: {advice}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    const FIRST: &str = "9f2c41d7a06b8e35f1c49a7d20be6358";
    const SECOND: &str = "c1d4e7f0a2b3956874fedcba01234567";

    fn command(words: &[&str]) -> AuthSettings {
        AuthSettings {
            secret_command: words.iter().map(|word| (*word).to_owned()).collect(),
            ..AuthSettings::default()
        }
    }

    async fn refused(words: &[&str]) -> String {
        let secrets = Secrets::of(&command(words), None).await;
        let error = secrets.err().expect("refused");
        assert_eq!(error.code(), Code::InvalidArgument);
        error.to_string()
    }

    #[tokio::test]
    async fn a_program_gives_the_secret_and_those_before_it() {
        let text = format!("{FIRST}\n{SECOND}\n\n");
        let printed = Secrets::of(&command(&["printf", "%s", &text]), None).await;
        assert_eq!(printed.expect("printed").earlier.len(), 1);
        let file = tempfile::NamedTempFile::new().expect("file");
        std::fs::write(file.path(), text).expect("written");
        let from_file = AuthSettings {
            secret_file: file.path().to_owned(),
            ..AuthSettings::default()
        };
        let read = Secrets::of(&from_file, None).await.expect("read");
        assert_eq!(read.earlier.len(), 1);
    }

    #[tokio::test]
    async fn a_program_that_gives_none_is_named_and_not_quoted() {
        for (words, told) in [
            (&["/nowhere/at-all"][..], "cannot be run"),
            (&["sh", "-c", "echo hush >&2; exit 3"][..], "exit status: 3"),
            (&["true"][..], "printed nothing"),
            (&["printf", "%s", "too short"][..], "shorter than 32 bytes"),
        ] {
            let text = refused(words).await;
            assert!(text.contains(told), "{text}");
            assert!(
                !text.contains("hush") && !text.contains("too short"),
                "{text}"
            );
        }
    }
}
