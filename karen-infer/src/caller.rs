//! For whom a model is asked.

/// For whom a model is asked. All parts are opaque here.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Caller {
    /// Cached answers are shared within it, and never beyond.
    pub tenant: String,
    /// Stays on the same side of a split.
    pub user: String,
    /// What the user showed, where it has a budget of its own.
    pub key: Option<String>,
    /// What several answers are parts of: a [`Budget`](crate::Budget) may let it be finished.
    pub work: Option<String>,
}

impl Caller {
    /// A user of a tenant.
    pub fn new(tenant: impl Into<String>, user: impl Into<String>) -> Self {
        Self {
            tenant: tenant.into(),
            user: user.into(),
            key: None,
            work: None,
        }
    }

    /// With what the user showed.
    #[must_use]
    pub fn with_key(self, key: Option<impl Into<String>>) -> Self {
        let key = key.map(Into::into);
        Self { key, ..self }
    }

    /// As a part of a larger work.
    #[must_use]
    pub fn for_work(self, work: impl Into<String>) -> Self {
        let work = Some(work.into());
        Self { work, ..self }
    }
}
