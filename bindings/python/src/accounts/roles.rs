//! Roles.

use pyo3::prelude::*;

use crate::pending::Pending;
use crate::session::Session;

/// Roles that tenants make for themselves.
#[pyclass(frozen, module = "karen._native")]
pub(crate) struct Roles {
    roles: karen_bindings::Roles,
}

impl Roles {
    pub(crate) fn new(roles: karen_bindings::Roles) -> Self {
        Self { roles }
    }

    fn get(&self) -> karen_bindings::Roles {
        self.roles.clone()
    }
}

#[pymethods]
impl Roles {
    fn list(&self, session: &Session) -> Pending {
        let (roles, session) = (self.get(), session.get());
        Pending::data(async move { roles.list(&session).await })
    }

    fn put(&self, session: &Session, name: String, permissions: Vec<String>) -> Pending {
        let (roles, session) = (self.get(), session.get());
        Pending::data(async move { roles.put(&session, &name, &permissions).await })
    }

    fn delete(&self, session: &Session, name: String) -> Pending {
        let (roles, session) = (self.get(), session.get());
        Pending::data(async move { roles.delete(&session, &name).await })
    }

    fn give(&self, session: &Session, account: String, role: String) -> Pending {
        let (roles, session) = (self.get(), session.get());
        Pending::data(async move { roles.give(&session, &account, &role).await })
    }
}
