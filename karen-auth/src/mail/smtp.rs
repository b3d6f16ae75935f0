//! Mails over SMTP (RFC 5321).

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use lettre::address::{Address, Envelope};
use lettre::transport::smtp::authentication::Credentials;
use lettre::transport::smtp::client::{Tls, TlsParameters};
use lettre::{AsyncSmtpTransport, AsyncTransport, Tokio1Executor};

use super::message::message;
use super::{Mail, Mailer};
use crate::{AuthError, AuthErrorKind, Clock, Email, SystemClock};

const TIMEOUT: Duration = Duration::from_secs(20);

/// Where mails are handed over.
#[derive(Clone)]
pub struct SmtpConfig {
    /// The name of the server, which its certificate must bear.
    pub host: String,
    /// Usually 465 with [`SmtpTls::Implicit`], 587 with [`SmtpTls::Upgrade`].
    pub port: u16,
    /// How the way there is protected.
    pub tls: SmtpTls,
    /// User and password, where the server asks for them.
    pub credentials: Option<(String, String)>,
    /// Who sends.
    pub from: Email,
}

/// How the way to the mail server is protected.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum SmtpTls {
    /// TLS from the first byte on (RFC 8314).
    #[default]
    Implicit,
    /// STARTTLS; a server that offers none is refused.
    Upgrade,
    /// Not at all: for a server on the same machine.
    Plain,
}

impl fmt::Debug for SmtpConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SmtpConfig")
            .field("host", &self.host)
            .field("port", &self.port)
            .field("tls", &self.tls)
            .finish_non_exhaustive()
    }
}

/// Hands mails over to a mail server, one connection a mail.
#[derive(Clone)]
pub struct SmtpMailer {
    transport: AsyncSmtpTransport<Tokio1Executor>,
    from: Email,
    clock: Arc<dyn Clock>,
}

impl SmtpMailer {
    /// A mailer that connects when there is something to send.
    ///
    /// # Errors
    /// `Invalid` for a name that no certificate can bear.
    pub fn new(config: SmtpConfig) -> Result<Self, AuthError> {
        let parameters = || TlsParameters::new(config.host.clone()).map_err(unusable);
        let tls = match config.tls {
            SmtpTls::Implicit => Tls::Wrapper(parameters()?),
            SmtpTls::Upgrade => Tls::Required(parameters()?),
            SmtpTls::Plain => Tls::None,
        };
        let mut builder = AsyncSmtpTransport::<Tokio1Executor>::builder_dangerous(&config.host)
            .port(config.port)
            .tls(tls)
            .timeout(Some(TIMEOUT));
        if let Some((user, password)) = config.credentials {
            builder = builder.credentials(Credentials::new(user, password));
        }
        Ok(Self {
            transport: builder.build(),
            from: config.from,
            clock: Arc::new(SystemClock),
        })
    }

    fn envelope(&self, mail: &Mail) -> Result<Envelope, AuthError> {
        let address = |email: &Email| email.as_str().parse::<Address>().map_err(unusable);
        Envelope::new(Some(address(&self.from)?), vec![address(&mail.to)?]).map_err(unusable)
    }
}

#[async_trait]
impl Mailer for SmtpMailer {
    async fn send(&self, mail: &Mail) -> Result<(), AuthError> {
        let envelope = self.envelope(mail)?;
        let message = message(mail, &self.from, self.clock.now_ms());
        // The end of the data brings its own line break.
        let message = message.strip_suffix("\r\n").unwrap_or(&message);
        let sent = self.transport.send_raw(&envelope, message.as_bytes()).await;
        sent.map(drop).map_err(|e| match e.is_permanent() {
            true => failure(AuthErrorKind::Invalid, "the mail server refuses it", e),
            false => failure(
                AuthErrorKind::Unavailable,
                "the mail server cannot be used",
                e,
            ),
        })
    }
}

fn unusable(source: impl std::error::Error + Send + Sync + 'static) -> AuthError {
    failure(
        AuthErrorKind::Invalid,
        "an address or a name cannot be used",
        source,
    )
}

fn failure(
    kind: AuthErrorKind,
    reason: &'static str,
    source: impl std::error::Error + Send + Sync + 'static,
) -> AuthError {
    AuthError::new(kind, "send mail", reason).caused_by(source)
}

#[cfg(test)]
mod tests;
