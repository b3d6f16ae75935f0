//! What a host language is told when something fails.

use std::any::Any;
use std::error::Error as _;

use karen_core::{Code, Error};
use serde::Serialize;

/// A failed operation as plain data. Programs branch on the code, people read the message and the
/// help.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Failure {
    code: &'static str,
    message: String,
    retryable: bool,
    help: &'static str,
    /// Seconds.
    retry_after: Option<f64>,
    /// What lies beneath, nearest first.
    causes: Vec<String>,
}

impl Failure {
    /// A failure without a cause below it.
    #[must_use]
    pub fn new(code: Code, message: impl Into<String>) -> Self {
        Self {
            code: code.as_str(),
            message: message.into(),
            retryable: code.is_retryable(),
            help: help(code),
            retry_after: None,
            causes: Vec::new(),
        }
    }

    /// An argument that cannot be used.
    #[must_use]
    pub fn invalid(message: impl Into<String>) -> Self {
        Self::new(Code::InvalidArgument, message)
    }

    pub(crate) fn unavailable(message: impl Into<String>) -> Self {
        Self::new(Code::Unavailable, message)
    }

    pub(crate) fn cancelled() -> Self {
        Self::new(Code::Cancelled, "it was cancelled")
    }

    pub(crate) fn inherited(pid: u32) -> Self {
        let message = format!(
            "this handle belongs to process {pid}, which this one was forked from: open Karen here"
        );
        Self::new(Code::Unsupported, message)
    }

    /// A panic, which never crosses into another language.
    #[must_use]
    pub fn panicked(panic: &(dyn Any + Send)) -> Self {
        let text = panic.downcast_ref::<&str>().copied();
        let text = text.or_else(|| panic.downcast_ref::<String>().map(String::as_str));
        let message = format!("Karen made a mistake: {}", text.unwrap_or("a panic"));
        Self::new(Code::Internal, message)
    }

    /// The stable code, one of [`Code`].
    #[must_use]
    pub fn code(&self) -> &'static str {
        self.code
    }

    /// What went wrong, a sentence for people.
    #[must_use]
    pub fn message(&self) -> &str {
        &self.message
    }

    /// Whether the same call may succeed later, unchanged.
    #[must_use]
    pub fn is_retryable(&self) -> bool {
        self.retryable
    }

    /// What to do next.
    #[must_use]
    pub fn help(&self) -> &'static str {
        self.help
    }

    /// Seconds to wait before trying again, where that is known.
    #[must_use]
    pub fn retry_after(&self) -> Option<f64> {
        self.retry_after
    }

    /// What lies beneath, nearest first.
    #[must_use]
    pub fn causes(&self) -> &[String] {
        &self.causes
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        let causes = std::iter::successors(error.source(), |&cause| cause.source());
        Self {
            retry_after: error.wait().map(|wait| wait.as_secs_f64()),
            causes: causes.map(ToString::to_string).collect(),
            ..Self::new(error.code(), error.to_string())
        }
    }
}

/// What somebody can do about a failure of this kind.
#[must_use]
pub fn help(code: Code) -> &'static str {
    match code {
        Code::NotFound => "List what there is, and check the id and who is asking.",
        Code::Unauthenticated => "Sign in again, or show a live token or API key.",
        Code::LoginNotRecent => {
            "Show the password again, and the code if there is a second factor."
        }
        Code::Forbidden => "Ask an administrator for the permission that the message names.",
        Code::InvalidArgument => "Correct the argument that the message names.",
        Code::Conflict => "Wait for what is going on, or choose another name.",
        Code::ModelMissing => "List the models, or add a GGUF file or an adapter.",
        Code::ModelLoad => "Check that the file is a whole GGUF and that memory suffices.",
        Code::Cancelled => "Nothing: somebody cancelled it. What was said is kept.",
        Code::Timeout => "Try again, or raise the time that is allowed.",
        Code::Quota => {
            "Wait until the period ends, or have the limit raised: limits.tokens_per_day, or the tenant's."
        }
        Code::RateLimited => "Wait as long as the error says, and try again.",
        Code::PluginFailed => "Read the tool's own error, and correct the tool.",
        Code::Unavailable => "Try again; if it was closed, open Karen anew.",
        Code::StorageFull => "Free some disk space, and try again.",
        Code::ReadOnly => "Check the owner and the permissions of the data folder.",
        Code::Locked => "Close the other program, share its handle, or choose another folder.",
        Code::TooNew => "Upgrade this program to the version that wrote the data.",
        Code::TooLarge => "Shorten it to the limit that the message names.",
        Code::Corrupt => "Restore a backup, or move the damaged file away.",
        Code::Unsupported => "Use a build or a process in which it is possible.",
        // The codes are open to additions, and what is not known is a mistake of Karen's.
        _ => "Please report it with the message and the causes: it is a mistake of Karen's.",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_code_but_a_mistake_of_karens_has_help_of_its_own() {
        let mistake = help(Code::Internal);
        for code in Code::ALL {
            assert_eq!(
                help(*code) == mistake,
                *code == Code::Internal,
                "help of {code}"
            );
        }
    }

    #[test]
    fn an_error_keeps_its_code_its_wait_and_its_causes() {
        let error = Error::new(Code::RateLimited, "too many")
            .retry_after(std::time::Duration::from_millis(1500))
            .caused_by(std::io::Error::other("the limiter"));
        let failure = Failure::from(error);
        assert_eq!(failure.code(), "RATE_LIMITED");
        assert!(failure.is_retryable());
        assert_eq!(failure.retry_after(), Some(1.5));
        assert_eq!(failure.causes(), ["the limiter"]);
    }
}
