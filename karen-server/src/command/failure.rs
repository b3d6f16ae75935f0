//! How a command fails: a code, what happened, what to do next.

use std::error::Error as _;
use std::process::ExitCode;

use karen_core::{Code, Error};

/// Tells the terminal; the exit code is 1 (clap uses 2 for wrong usage).
pub(crate) fn report(error: &Error) -> ExitCode {
    eprintln!("error[{}]: {error}", error.code());
    let mut cause = error.source();
    while let Some(below) = cause {
        eprintln!("  because: {below}");
        cause = below.source();
    }
    eprintln!("  next: {}", next_step(error.code()));
    ExitCode::FAILURE
}

pub(super) fn next_step(code: Code) -> &'static str {
    match code {
        Code::InvalidArgument => "see `karen-server --help` and `karen-server config check`",
        Code::Unauthenticated | Code::Forbidden => {
            "name an account that may do this (--as EMAIL), or none to act as the owner"
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
