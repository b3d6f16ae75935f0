//! Mail: what is sent, and by what.

mod message;
mod outbox;
mod queue;
#[cfg(feature = "smtp")]
mod smtp;

use std::fmt;

use async_trait::async_trait;

pub use outbox::FileOutbox;
pub use queue::{MailQueue, QueuedMail, QueuedMailId, SqlMailQueue};
#[cfg(feature = "smtp")]
pub use smtp::{SmtpConfig, SmtpMailer, SmtpTls};

use crate::{AuthError, Email};

/// A mail in plain text.
#[derive(Clone, PartialEq, Eq)]
pub struct Mail {
    /// To whom.
    pub to: Email,
    /// One line.
    pub subject: String,
    /// Lines end in `\n`.
    pub text: String,
}

/// The text holds links that open doors.
impl fmt::Debug for Mail {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Mail")
            .field("to", &self.to)
            .finish_non_exhaustive()
    }
}

/// Hands mails over to whatever carries them.
///
/// What an implementation owes its callers, and `testing::mailer` checks: a mail that was answered
/// has been handed over for good, once; subject and text arrive as they were given, whatever
/// characters and lines they hold; neither can add a header or a recipient; many may send at once.
#[async_trait]
pub trait Mailer: Send + Sync {
    /// Sends a mail.
    ///
    /// # Errors
    /// `Unavailable` when it may be tried again; `Invalid` when this mail can never be sent.
    async fn send(&self, mail: &Mail) -> Result<(), AuthError>;
}
