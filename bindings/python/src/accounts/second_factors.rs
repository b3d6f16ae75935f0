//! Second factors.

use pyo3::prelude::*;

use crate::pending::Pending;
use crate::session::Session;

/// Second factors of one Karen.
#[pyclass(frozen, module = "karen._native")]
pub(crate) struct SecondFactors {
    factors: karen_bindings::SecondFactors,
}

impl SecondFactors {
    pub(crate) fn new(factors: karen_bindings::SecondFactors) -> Self {
        Self { factors }
    }

    fn all(&self) -> karen_bindings::SecondFactors {
        self.factors.clone()
    }
}

#[pymethods]
impl SecondFactors {
    fn get(&self, session: &Session) -> Pending {
        let (factors, session) = (self.all(), session.get());
        Pending::data(async move { factors.get(&session).await })
    }

    fn begin(&self, session: &Session) -> Pending {
        let (factors, session) = (self.all(), session.get());
        Pending::data(async move { factors.begin(&session).await })
    }

    fn confirm(&self, session: &Session, code: String) -> Pending {
        let (factors, session) = (self.all(), session.get());
        Pending::data(async move { factors.confirm(&session, &code).await })
    }

    fn disable(&self, session: &Session, password: String, code: String) -> Pending {
        let (factors, session) = (self.all(), session.get());
        Pending::data(async move { factors.disable(&session, &password, &code).await })
    }

    fn renew_codes(&self, session: &Session) -> Pending {
        let (factors, session) = (self.all(), session.get());
        Pending::data(async move { factors.renew_codes(&session).await })
    }
}
