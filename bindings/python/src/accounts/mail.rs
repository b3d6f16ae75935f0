//! What takes a mail.

use pyo3::prelude::*;

use crate::error::raise;
use crate::pending::Pending;
use crate::session::Session;

/// Invitations, and links that are mailed.
#[pyclass(frozen, module = "karen._native")]
pub(crate) struct Mail {
    mail: karen_bindings::Mail,
}

impl Mail {
    pub(crate) fn new(mail: karen_bindings::Mail) -> Self {
        Self { mail }
    }

    fn get(&self) -> karen_bindings::Mail {
        self.mail.clone()
    }
}

#[pymethods]
impl Mail {
    fn is_set_up(&self, py: Python<'_>) -> PyResult<bool> {
        self.mail.is_set_up().map_err(|failure| raise(py, &failure))
    }

    fn invite(&self, session: &Session, email: String, role: String) -> Pending {
        let (mail, session) = (self.get(), session.get());
        Pending::data(async move { mail.invite(&session, &email, &role).await })
    }

    fn invitations(&self, session: &Session) -> Pending {
        let (mail, session) = (self.get(), session.get());
        Pending::data(async move { mail.invitations(&session).await })
    }

    fn revoke_invitation(&self, session: &Session, id: String) -> Pending {
        let (mail, session) = (self.get(), session.get());
        Pending::data(async move { mail.revoke_invitation(&session, &id).await })
    }

    fn accept_invitation(&self, token: String, name: String, password: String) -> Pending {
        let mail = self.get();
        Pending::data(async move { mail.accept_invitation(&token, &name, &password).await })
    }

    fn request_registration(&self, email: String) -> Pending {
        let mail = self.get();
        Pending::data(async move { mail.request_registration(&email).await })
    }

    fn request_email_verification(&self, session: &Session) -> Pending {
        let (mail, session) = (self.get(), session.get());
        Pending::data(async move { mail.request_email_verification(&session).await })
    }

    fn request_email_change(&self, session: &Session, email: String) -> Pending {
        let (mail, session) = (self.get(), session.get());
        Pending::data(async move { mail.request_email_change(&session, &email).await })
    }

    fn verify_email(&self, token: String) -> Pending {
        let mail = self.get();
        Pending::data(async move { mail.verify_email(&token).await })
    }

    fn request_password_reset(&self, email: String) -> Pending {
        let mail = self.get();
        Pending::data(async move { mail.request_password_reset(&email).await })
    }

    fn reset_password(&self, token: String, new: String) -> Pending {
        let mail = self.get();
        Pending::data(async move { mail.reset_password(&token, &new).await })
    }

    fn request_recovery(&self, email: String) -> Pending {
        let mail = self.get();
        Pending::data(async move { mail.request_recovery(&email).await })
    }

    fn recover(&self, token: String, password: String) -> Pending {
        let mail = self.get();
        Pending::data(async move { mail.recover(&token, &password).await })
    }
}
