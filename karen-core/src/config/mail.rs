//! `[mail]`: how mails leave.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use super::Secret;
use crate::{Code, Error, Result};

/// `[mail]`
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct MailSettings {
    /// What carries mails.
    pub transport: MailTransport,
    /// Who sends them.
    pub from: String,
    /// Where `files` puts them. Empty: `outbox` in the data folder.
    pub folder: PathBuf,
    /// The mail server, by the name that its certificate bears.
    pub host: String,
    /// Its port. 0: what `tls` usually has, 465, 587 or 25.
    pub port: u16,
    /// How the way there is protected.
    pub tls: MailTls,
    /// The user that the mail server knows Karen as. Empty: it does not ask.
    pub user: String,
    /// That user's password.
    pub password: Secret,
    /// A file to read the password from, instead of `password`.
    pub password_file: PathBuf,
}

/// What carries mails.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum MailTransport {
    /// Nothing: there are no invitations and no links.
    None,
    /// Each mail becomes a file, for a first try or for a program of the operator's.
    #[default]
    Files,
    /// A mail server.
    Smtp,
}

/// How the way to the mail server is protected.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum MailTls {
    /// TLS from the first byte on (RFC 8314).
    #[default]
    Implicit,
    /// STARTTLS; a server that offers none is refused.
    Upgrade,
    /// Not at all: for a server on the same machine.
    Plain,
}

impl Default for MailSettings {
    fn default() -> Self {
        Self {
            transport: MailTransport::default(),
            from: "karen@localhost".to_owned(),
            folder: PathBuf::new(),
            host: String::new(),
            port: 0,
            tls: MailTls::default(),
            user: String::new(),
            password: Secret::default(),
            password_file: PathBuf::new(),
        }
    }
}

impl MailSettings {
    pub(super) fn validate(&self) -> Result<()> {
        let refuse = |message: &str| Err(Error::new(Code::InvalidArgument, message));
        if self.transport == MailTransport::Smtp && self.host.is_empty() {
            return refuse("mail.host is empty: name the mail server");
        }
        if !self.password.is_empty() && !self.password_file.as_os_str().is_empty() {
            return refuse("set mail.password or mail.password_file, not both");
        }
        Ok(())
    }
}
