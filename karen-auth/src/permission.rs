//! What somebody may do, as a set that fits a word.

use std::fmt;
use std::str::FromStr;

use crate::{AuthError, AuthErrorKind};

macro_rules! permissions {
    ($($(#[$doc:meta])* $name:ident => $text:literal,)*) => {
        /// One thing that a principal may be allowed to do.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        #[non_exhaustive]
        pub enum Permission {
            $($(#[$doc])* $name,)*
        }

        impl Permission {
            /// Every permission, in the order of the documentation.
            pub const ALL: &'static [Permission] = &[$(Permission::$name,)*];

            /// The stable name, as keys and tables keep it.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self {
                    $(Permission::$name => $text,)*
                }
            }
        }
    };
}

permissions! {
    /// Send a message and read the answer.
    ChatUse => "chat:use",
    /// Recall, and list what is remembered.
    MemoryRead => "memory:read",
    /// Remember and forget.
    MemoryWrite => "memory:write",
    /// Read one's conversations.
    ConversationsRead => "conversations:read",
    /// Begin, rename and delete conversations.
    ConversationsWrite => "conversations:write",
    /// See which models there are.
    ModelsRead => "models:read",
    /// Let a model work: completions and embeddings.
    ModelsUse => "models:use",
    /// Add and remove models.
    ModelsWrite => "models:write",
    /// Make API keys for oneself.
    KeysWrite => "keys:write",
    /// See the accounts of the tenant.
    UsersRead => "users:read",
    /// Create, disable and enable accounts of the tenant.
    UsersWrite => "users:write",
    /// Let a directory keep the accounts of the tenant: make, change, disable and delete them.
    UsersProvision => "users:provision",
    /// Read and verify the audit log of the tenant.
    AuditRead => "audit:read",
    /// See settings, health in detail and metrics.
    SystemRead => "system:read",
    /// Change settings.
    SystemWrite => "system:write",
    /// See tenants.
    TenantsRead => "tenants:read",
    /// Create, suspend and delete tenants.
    TenantsWrite => "tenants:write",
}

impl fmt::Display for Permission {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for Permission {
    type Err = AuthError;

    fn from_str(text: &str) -> Result<Self, AuthError> {
        let named = Self::ALL.iter().find(|p| p.as_str() == text);
        named.copied().ok_or_else(|| {
            let reason = "no permission has this name; they read like chat:use";
            AuthError::new(AuthErrorKind::Invalid, "read a permission", reason)
        })
    }
}

/// A set of permissions. Its text is the names, separated by spaces.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct Permissions(u32);

impl Permissions {
    /// The set of `permissions`.
    #[must_use]
    pub const fn of(permissions: &[Permission]) -> Self {
        let (mut bits, mut i) = (0, 0);
        while i < permissions.len() {
            bits |= 1 << permissions[i] as u32;
            i += 1;
        }
        Self(bits)
    }

    /// Every permission there is.
    #[must_use]
    pub const fn all() -> Self {
        Self::of(Permission::ALL)
    }

    /// This set without `permissions`.
    #[must_use]
    pub const fn without(self, permissions: &[Permission]) -> Self {
        Self(self.0 & !Self::of(permissions).0)
    }

    /// This set and `permissions`.
    #[must_use]
    pub const fn with(self, permissions: &[Permission]) -> Self {
        Self(self.0 | Self::of(permissions).0)
    }

    /// What both sets hold.
    #[must_use]
    pub const fn and(self, other: Self) -> Self {
        Self(self.0 & other.0)
    }

    /// Whether `permission` is in the set.
    #[must_use]
    pub const fn contains(self, permission: Permission) -> bool {
        self.0 & (1 << permission as u32) != 0
    }

    /// Whether every permission of this set is in `other`.
    #[must_use]
    pub const fn is_subset_of(self, other: Self) -> bool {
        self.0 & !other.0 == 0
    }

    /// The permissions in the order of [`Permission::ALL`].
    pub fn iter(self) -> impl Iterator<Item = Permission> {
        let all = Permission::ALL.iter().copied();
        all.filter(move |permission| self.contains(*permission))
    }
}

impl fmt::Display for Permissions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (i, permission) in self.iter().enumerate() {
            let gap = if i == 0 { "" } else { " " };
            write!(f, "{gap}{permission}")?;
        }
        Ok(())
    }
}

impl fmt::Debug for Permissions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Permissions({self})")
    }
}

impl FromStr for Permissions {
    type Err = AuthError;

    fn from_str(text: &str) -> Result<Self, AuthError> {
        let names = text.split_ascii_whitespace();
        names.map(str::parse::<Permission>).collect()
    }
}

impl FromIterator<Permission> for Permissions {
    fn from_iter<I: IntoIterator<Item = Permission>>(permissions: I) -> Self {
        let set = |set: Self, permission| set.with(&[permission]);
        permissions.into_iter().fold(Self::default(), set)
    }
}
