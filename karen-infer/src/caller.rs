//! For whom a model is asked.

/// For whom a model is asked. Both parts are opaque here.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Caller {
    /// Cached answers are shared within it, and never beyond.
    pub tenant: String,
    /// Stays on the same side of a split.
    pub user: String,
}

impl Caller {
    /// A user of a tenant.
    pub fn new(tenant: impl Into<String>, user: impl Into<String>) -> Self {
        Self {
            tenant: tenant.into(),
            user: user.into(),
        }
    }
}
