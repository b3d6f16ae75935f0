//! Queueing mails, and sending what is queued.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::Auth;
use crate::seal::Place;
use crate::stored::damaged;
use crate::{AuthError, AuthErrorKind, Email, Mail, Mailer, QueuedMail};

/// How long a mail is tried. The links in it live no longer either, or hardly.
const LIFETIME_MS: i64 = 24 * 60 * 60 * 1000;

/// A mail as it waits. One to nobody waits like any other, and is then thrown away: so whoever asks
/// for a mail cannot tell whether one is sent.
#[derive(Serialize, Deserialize)]
struct Waiting {
    to: Option<String>,
    subject: String,
    text: String,
}

/// What [`Auth::deliver_mail`] did.
#[derive(Debug, Default)]
#[non_exhaustive]
pub struct Delivery {
    /// Mails that were handed over.
    pub sent: u32,
    /// Why others were not. They are tried again, after a growing time.
    pub failures: Vec<AuthError>,
}

impl Auth {
    /// Whether mail is set up: without it there are no invitations and no links.
    #[must_use]
    pub fn sends_mail(&self) -> bool {
        self.shared.mailer.is_some()
    }

    /// Waits until this instance has queued a mail. A program that sends mail loops over this and
    /// [`deliver_mail`](Self::deliver_mail).
    pub async fn mail_queued(&self) {
        self.shared.mail_queued.notified().await;
    }

    /// Sends the mails that are due.
    ///
    /// # Errors
    /// `Unavailable` when no mailer is configured; what the queue reports. A mail that cannot be
    /// sent is no error but one of the [`failures`](Delivery::failures).
    pub async fn deliver_mail(&self) -> Result<Delivery, AuthError> {
        let mailer = self.mailer()?;
        let mut delivery = Delivery::default();
        while let Some(queued) = self.shared.ports.mail.claim(self.now_ms()).await? {
            match self.deliver(mailer, &queued).await {
                Ok(was_to_somebody) => delivery.sent += u32::from(was_to_somebody),
                Err(error) => delivery.failures.push(error),
            }
        }
        Ok(delivery)
    }

    /// Whether there was somebody to send it to.
    async fn deliver(&self, mailer: &dyn Mailer, queued: &QueuedMail) -> Result<bool, AuthError> {
        let id = queued.id.simple().to_string();
        let plain = self.shared.sealer.open(place(&id), &queued.sealed)?;
        let waiting: Waiting =
            serde_json::from_slice(&plain).map_err(|e| damaged("sealed").caused_by(e))?;
        let is_to_somebody = waiting.to.is_some();
        if let Some(to) = waiting.to {
            let mail = Mail {
                to: Email::parse(&to)?,
                subject: waiting.subject,
                text: waiting.text,
            };
            match mailer.send(&mail).await {
                // It never will: trying again would only hide that.
                Err(error) if error.kind() == AuthErrorKind::Invalid => {
                    self.shared.ports.mail.delete(queued.id).await?;
                    return Err(error);
                }
                done => done?,
            }
        }
        self.shared.ports.mail.delete(queued.id).await?;
        Ok(is_to_somebody)
    }

    /// Queues a mail; `to` nobody, it costs the same and goes nowhere.
    pub(super) async fn queue_mail(
        &self,
        to: Option<&Email>,
        mail: Letter,
    ) -> Result<(), AuthError> {
        let (id, now_ms) = (Uuid::now_v7(), self.now_ms());
        let waiting = Waiting {
            to: to.map(|to| to.as_str().to_owned()),
            subject: mail.subject,
            text: mail.text,
        };
        let plain = serde_json::to_vec(&waiting).expect("it is plain JSON");
        let queued = QueuedMail {
            id,
            sealed: self
                .shared
                .sealer
                .seal(place(&id.simple().to_string()), &plain),
            due_at_ms: now_ms,
            expires_at_ms: now_ms + LIFETIME_MS,
        };
        self.shared.ports.mail.put(&queued).await?;
        self.shared.mail_queued.notify_one();
        Ok(())
    }

    /// Tells the owner of an account what happened to it, where mail is set up.
    pub(super) async fn notify(&self, to: &Email, what: &str) -> Result<(), AuthError> {
        if self.shared.mailer.is_none() {
            return Ok(());
        }
        let name = &self.shared.display_name;
        let letter = Letter {
            subject: format!("{name}: {what}"),
            text: format!(
                "{what}.\n\nIf this was not you, reset your password and end your sessions:\n\n\
                 {}\n",
                self.shared.public_url
            ),
        };
        self.queue_mail(Some(to), letter).await
    }

    pub(super) fn mailer(&self) -> Result<&dyn Mailer, AuthError> {
        self.shared.mailer.as_deref().ok_or_else(|| {
            let reason = "mail is not set up: ask the operator";
            AuthError::new(AuthErrorKind::Unavailable, "send mail", reason)
        })
    }
}

/// What a mail says, whoever gets it.
pub(super) struct Letter {
    pub(super) subject: String,
    pub(super) text: String,
}

fn place(id: &str) -> Place<'_> {
    Place {
        purpose: "mail",
        owner: id,
    }
}
