//! Whose data a store call is about.

use karen_auth::Principal;

/// A tenant and a user. Made from a [`Principal`] only, so that no code reaches a store without one.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Scope {
    tenant: String,
    user: String,
}

impl Scope {
    /// The scope of everything that belongs to `principal`.
    #[must_use]
    pub fn of(principal: &Principal) -> Self {
        Self {
            tenant: principal.tenant().as_str().to_owned(),
            user: principal.account().as_str().to_owned(),
        }
    }

    /// The tenant's id.
    #[must_use]
    pub fn tenant(&self) -> &str {
        &self.tenant
    }

    /// The user's id.
    #[must_use]
    pub fn user(&self) -> &str {
        &self.user
    }

    /// For rows that this crate wrote itself, and for conformance suites.
    pub(crate) fn stored(tenant: String, user: String) -> Self {
        Self { tenant, user }
    }

    /// For whom a model is asked, and with which key.
    pub(crate) fn caller(&self, by: &Principal) -> karen_infer::Caller {
        let key = by.api_key().map(ToString::to_string);
        karen_infer::Caller::new(&self.tenant, &self.user).with_key(key)
    }

    pub(crate) fn memory(&self) -> karen_memory::Scope {
        karen_memory::Scope::new(
            karen_memory::TenantId::new(&self.tenant),
            karen_memory::UserId::new(&self.user),
        )
    }
}
