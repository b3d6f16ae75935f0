//! How a command fails: a code, what happened, what to do next.

use std::error::Error as _;
use std::process::ExitCode;

use karen_core::infer::{ModelError, ModelErrorKind};
use karen_core::{Code, Error};

/// Tells the terminal; the exit code is 1 (clap uses 2 for wrong usage).
pub(crate) fn report(error: &Error) -> ExitCode {
    eprintln!("error[{}]: {error}", error.code());
    let mut cause = error.source();
    while let Some(below) = cause {
        eprintln!("  because: {below}");
        cause = below.source();
    }
    eprintln!("  next: {}", next_step(error));
    ExitCode::FAILURE
}

/// What to do about an error. Whose key is refused or missing is told by its cause: to the code it
/// is the same.
pub(super) fn next_step(error: &Error) -> &'static str {
    let cause = error
        .source()
        .and_then(|cause| cause.downcast_ref::<ModelError>());
    match cause.map(ModelError::kind) {
        Some(ModelErrorKind::Denied(_)) => {
            "give Karen the provider's key where the message says, and start it again"
        }
        _ => next_step_of(error.code()),
    }
}

fn next_step_of(code: Code) -> &'static str {
    match code {
        Code::InvalidArgument => "see `karen-server --help` and `karen-server config check`",
        Code::Unauthenticated => {
            "name an account that may do this (--as EMAIL), or none to act as the owner"
        }
        // A running server tells the code of a provider's refusal, and not its cause.
        Code::Forbidden => {
            "mend what the message names; a permission has an account (--as EMAIL), or the owner"
        }
        Code::ModelMissing => {
            "see `karen-server models list`, add one with `karen-server models add FILE.gguf`"
        }
        Code::ModelLoad => "get the model's file again, and add it with `karen-server models add`",
        Code::Locked => "stop that process, or run the command as the user who started it",
        Code::StorageFull => "free some space and run the command again; nothing was lost",
        Code::ReadOnly => "check who owns the data folder, or name another with --data-dir",
        Code::TooNew => "upgrade this program, or name another folder with --data-dir",
        Code::TooLarge => "split it, or raise the limit that is named",
        Code::Timeout | Code::RateLimited | Code::Quota => "wait a little and try again",
        _ => "`karen-server doctor` looks for the cause",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_missing_key_of_a_provider_is_told_from_a_missing_permission() {
        let kind = ModelErrorKind::Denied("set the environment variable KEY".to_owned());
        let error = Error::from(ModelError::new(kind, "ask", "the provider"));
        assert!(next_step(&error).contains("provider's key"));
        let error = Error::new(Code::Forbidden, "not yours");
        assert!(next_step(&error).contains("--as EMAIL"));
    }
}
