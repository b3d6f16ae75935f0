//! Accounts and sign-ins.

mod mail;
mod roles;
mod second_factors;
mod tenants;

use karen_bindings::Credentials;
use pyo3::prelude::*;

pub(crate) use mail::Mail;
pub(crate) use roles::Roles;
pub(crate) use second_factors::SecondFactors;
pub(crate) use tenants::Tenants;

use crate::pending::Pending;
use crate::session::Session;

/// Accounts, sign-ins and keys of one Karen.
#[pyclass(frozen, module = "karen._native")]
pub(crate) struct Accounts {
    accounts: karen_bindings::Accounts,
}

impl Accounts {
    pub(crate) fn new(accounts: karen_bindings::Accounts) -> Self {
        Self { accounts }
    }

    fn get(&self) -> karen_bindings::Accounts {
        self.accounts.clone()
    }
}

#[pymethods]
impl Accounts {
    fn setup_needed(&self) -> Pending {
        let accounts = self.get();
        Pending::data(async move { accounts.setup_needed().await })
    }

    fn setup_token(&self) -> Pending {
        let accounts = self.get();
        Pending::data(async move { accounts.setup_token().await })
    }

    fn set_up(&self, token: String, email: String, name: String, password: String) -> Pending {
        let (accounts, who) = (self.get(), credentials(email, name, password));
        Pending::data(async move { accounts.set_up(&token, who).await })
    }

    fn register(
        &self,
        email: String,
        name: String,
        password: String,
        device: Option<String>,
    ) -> Pending {
        let (accounts, who) = (self.get(), credentials(email, name, password));
        Pending::data(async move { accounts.register(who, device).await })
    }

    fn log_in(&self, email: String, password: String, device: Option<String>) -> Pending {
        let accounts = self.get();
        Pending::data(async move { accounts.log_in(&email, &password, device).await })
    }

    fn begin_log_in(&self, email: String, password: String, device: Option<String>) -> Pending {
        let accounts = self.get();
        Pending::data(async move { accounts.begin_log_in(&email, &password, device).await })
    }

    fn finish_log_in(&self, challenge: String, code: String) -> Pending {
        let accounts = self.get();
        Pending::data(async move { accounts.finish_log_in(&challenge, &code).await })
    }

    fn require_recent(&self, session: &Session) -> Pending {
        let (accounts, session) = (self.get(), session.get());
        Pending::data(async move { accounts.require_recent(&session).await })
    }

    fn reauthenticate(&self, session: &Session, password: String, code: Option<String>) -> Pending {
        let (accounts, session) = (self.get(), session.get());
        Pending::data(async move {
            accounts
                .reauthenticate(&session, &password, code.as_deref())
                .await
        })
    }

    fn refresh(&self, token: String) -> Pending {
        let accounts = self.get();
        Pending::data(async move { accounts.refresh(&token).await })
    }

    fn log_out(&self, session: &Session) -> Pending {
        let (accounts, session) = (self.get(), session.get());
        Pending::data(async move { accounts.log_out(&session).await })
    }

    fn log_out_everywhere(&self, session: &Session) -> Pending {
        let (accounts, session) = (self.get(), session.get());
        Pending::data(async move { accounts.log_out_everywhere(&session).await })
    }

    fn sessions(&self, session: &Session) -> Pending {
        let (accounts, session) = (self.get(), session.get());
        Pending::data(async move { accounts.sessions(&session).await })
    }

    fn name_session(&self, session: &Session, id: String, name: String) -> Pending {
        let (accounts, session) = (self.get(), session.get());
        Pending::data(async move { accounts.name_session(&session, &id, &name).await })
    }

    fn revoke_session(&self, session: &Session, id: String) -> Pending {
        let (accounts, session) = (self.get(), session.get());
        Pending::data(async move { accounts.revoke_session(&session, &id).await })
    }

    fn change_password(&self, session: &Session, current: String, new: String) -> Pending {
        let (accounts, session) = (self.get(), session.get());
        Pending::data(async move { accounts.change_password(&session, &current, &new).await })
    }

    fn own(&self, session: &Session) -> Pending {
        let (accounts, session) = (self.get(), session.get());
        Pending::data(async move { accounts.own_account(&session).await })
    }

    fn one(&self, session: &Session, account: String) -> Pending {
        let (accounts, session) = (self.get(), session.get());
        Pending::data(async move { accounts.get(&session, &account).await })
    }

    fn list(&self, session: &Session, after: Option<String>, limit: u32) -> Pending {
        let (accounts, session) = (self.get(), session.get());
        Pending::data(async move { accounts.list(&session, after.as_deref(), limit).await })
    }

    fn create(
        &self,
        session: &Session,
        email: String,
        name: String,
        password: String,
        role: String,
    ) -> Pending {
        let (accounts, session) = (self.get(), session.get());
        let who = credentials(email, name, password);
        Pending::data(async move { accounts.create(&session, who, &role).await })
    }

    fn import_hashed(
        &self,
        session: &Session,
        email: String,
        name: String,
        password_hash: String,
        role: String,
    ) -> Pending {
        let (accounts, session) = (self.get(), session.get());
        Pending::data(async move {
            accounts
                .import(&session, email, name, password_hash, &role)
                .await
        })
    }

    fn remove(&self, session: &Session, account: String) -> Pending {
        let (accounts, session) = (self.get(), session.get());
        Pending::data(async move { accounts.remove(&session, &account).await })
    }

    fn disable(&self, session: &Session, account: String) -> Pending {
        let (accounts, session) = (self.get(), session.get());
        Pending::data(async move { accounts.disable(&session, &account).await })
    }

    fn enable(&self, session: &Session, account: String) -> Pending {
        let (accounts, session) = (self.get(), session.get());
        Pending::data(async move { accounts.enable(&session, &account).await })
    }

    fn create_api_key(
        &self,
        session: &Session,
        name: String,
        permissions: Option<Vec<String>>,
        lifetime: Option<f64>,
    ) -> Pending {
        let (accounts, session) = (self.get(), session.get());
        Pending::data(async move {
            accounts
                .create_api_key(&session, name, permissions, lifetime)
                .await
        })
    }

    fn api_keys(&self, session: &Session) -> Pending {
        let (accounts, session) = (self.get(), session.get());
        Pending::data(async move { accounts.api_keys(&session).await })
    }

    fn revoke_api_key(&self, session: &Session, id: String) -> Pending {
        let (accounts, session) = (self.get(), session.get());
        Pending::data(async move { accounts.revoke_api_key(&session, &id).await })
    }

    fn audit_log(&self, session: &Session, after: u64, limit: u32) -> Pending {
        let (accounts, session) = (self.get(), session.get());
        Pending::data(async move { accounts.audit_log(&session, after, limit).await })
    }

    fn verify_audit_log(&self, session: &Session, checkpoints: Vec<String>) -> Pending {
        let (accounts, session) = (self.get(), session.get());
        Pending::data(async move { accounts.verify_audit_log(&session, &checkpoints).await })
    }

    fn audit_checkpoint(&self, session: &Session) -> Pending {
        let (accounts, session) = (self.get(), session.get());
        Pending::data(async move { accounts.audit_checkpoint(&session).await })
    }
}

fn credentials(email: String, name: String, password: String) -> Credentials {
    Credentials {
        email,
        name,
        password,
    }
}
