//! Tenants.

use pyo3::prelude::*;

use super::credentials;
use crate::pending::Pending;
use crate::session::Session;
use crate::value::read;

/// Tenants of one Karen.
#[pyclass(frozen, module = "karen._native")]
pub(crate) struct Tenants {
    tenants: karen_bindings::Tenants,
}

impl Tenants {
    pub(crate) fn new(tenants: karen_bindings::Tenants) -> Self {
        Self { tenants }
    }

    fn get(&self) -> karen_bindings::Tenants {
        self.tenants.clone()
    }
}

#[pymethods]
impl Tenants {
    fn list(&self, session: &Session, after: Option<String>, limit: u32) -> Pending {
        let (tenants, session) = (self.get(), session.get());
        Pending::data(async move { tenants.list(&session, after.as_deref(), limit).await })
    }

    fn create(
        &self,
        session: &Session,
        name: String,
        owner_email: String,
        owner_name: String,
        owner_password: String,
    ) -> Pending {
        let (tenants, session) = (self.get(), session.get());
        let owner = credentials(owner_email, owner_name, owner_password);
        Pending::data(async move { tenants.create(&session, &name, owner).await })
    }

    fn suspend(&self, session: &Session, tenant: String) -> Pending {
        let (tenants, session) = (self.get(), session.get());
        Pending::data(async move { tenants.suspend(&session, &tenant).await })
    }

    fn resume(&self, session: &Session, tenant: String) -> Pending {
        let (tenants, session) = (self.get(), session.get());
        Pending::data(async move { tenants.resume(&session, &tenant).await })
    }

    fn limit(
        &self,
        session: &Session,
        tenant: String,
        limits: &Bound<'_, PyAny>,
    ) -> PyResult<Pending> {
        let (tenants, session, limits) = (self.get(), session.get(), read(limits)?);
        Ok(Pending::data(async move {
            tenants.limit(&session, &tenant, limits).await
        }))
    }

    fn usage(&self, session: &Session) -> Pending {
        let (tenants, session) = (self.get(), session.get());
        Pending::data(async move { tenants.usage(&session).await })
    }

    fn delete(&self, session: &Session, tenant: String) -> Pending {
        let (tenants, session) = (self.get(), session.get());
        Pending::data(async move { tenants.delete(&session, &tenant).await })
    }

    fn own(&self, session: &Session) -> Pending {
        let (tenants, session) = (self.get(), session.get());
        Pending::data(async move { tenants.own(&session).await })
    }

    fn switch_to(&self, session: &Session, tenant: String, device: Option<String>) -> Pending {
        let (tenants, session) = (self.get(), session.get());
        Pending::data(async move { tenants.switch(&session, &tenant, device).await })
    }
}
