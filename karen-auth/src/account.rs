//! Accounts: who they are and how they come to be.

use std::fmt;
use std::net::IpAddr;

use crate::role::within;
use crate::{AccountId, AuthError, AuthErrorKind, CustomRole, Email, Permissions, Role, TenantId};

const NAME_CHARS_MAX: usize = 100;
const DEVICE_CHARS_MAX: usize = 200;

/// An account as others may see it.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Account {
    /// The id, which is also the user's id in every scope.
    pub id: AccountId,
    /// The tenant that this account is seen from.
    pub tenant: TenantId,
    /// What it logs in with.
    pub email: Email,
    /// When its owner has shown that they read that address, unix milliseconds.
    pub email_verified_at_ms: Option<i64>,
    /// What the person wants to be called; 1 to 100 characters.
    pub name: String,
    /// The role within the tenant.
    pub role: Role,
    /// Which of the tenant's own roles it is, for [`Role::Custom`].
    pub custom_role: Option<CustomRole>,
    /// Whether it may log in.
    pub state: AccountState,
    /// Unix milliseconds.
    pub created_at_ms: i64,
}

impl Account {
    /// What the account may do in its tenant at this moment.
    #[must_use]
    pub fn permissions(&self) -> Permissions {
        let custom = self.custom_role.as_ref().map(|role| role.permissions);
        within(&self.tenant, custom.unwrap_or(self.role.permissions()))
    }
}

/// Whether an account may log in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum AccountState {
    /// It may.
    Active,
    /// It may not, and neither may its sessions and keys.
    Disabled,
}

impl AccountState {
    /// The stable name.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Disabled => "disabled",
        }
    }
}

/// What somebody gives to get an account.
#[derive(Clone)]
pub struct NewAccount {
    /// What it logs in with; unique among all accounts.
    pub email: String,
    /// What the person wants to be called; 1 to 100 characters.
    pub name: String,
    /// 15 to 128 characters.
    pub password: String,
}

impl fmt::Debug for NewAccount {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("NewAccount(***)")
    }
}

/// Where somebody logs in from.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Device {
    /// What it calls itself, such as a `User-Agent`; cut to 200 characters.
    pub name: Option<String>,
    /// Its network address, as far as it is known.
    pub address: Option<IpAddr>,
    /// The text of the [`DeviceToken`](crate::DeviceToken) of its last login. Whoever shows one waits
    /// for their own wrong tries and for nobody else's.
    pub known: Option<KnownDevice>,
}

/// What a device shows of its last login; it need not be true.
#[derive(Clone, PartialEq, Eq)]
pub struct KnownDevice(String);

impl KnownDevice {
    /// What the device shows.
    #[must_use]
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }
}

impl std::fmt::Debug for KnownDevice {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("KnownDevice(***)")
    }
}

impl Device {
    pub(crate) fn cut(mut self) -> Self {
        let cut = |name: String| {
            let plain = name.chars().filter(|c| !c.is_control());
            plain.take(DEVICE_CHARS_MAX).collect()
        };
        self.name = self.name.map(cut);
        self.known = None;
        self
    }
}

/// A part of a list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Page<'a, Id> {
    /// How many at most, 1 to 200; others are moved into the range.
    pub limit: u32,
    /// The last id of the page before; `None` begins.
    pub after: Option<&'a Id>,
}

const PAGE_MAX: u32 = 200;

impl<Id> Page<'_, Id> {
    pub(crate) fn rows(&self) -> i64 {
        i64::from(self.limit.clamp(1, PAGE_MAX))
    }
}

/// The first 200.
impl<Id> Default for Page<'_, Id> {
    fn default() -> Self {
        Self {
            limit: PAGE_MAX,
            after: None,
        }
    }
}

/// A name as it is kept: without blanks around it, 1 to 100 characters, none of them a control.
pub(crate) fn checked_name(text: &str) -> Result<String, AuthError> {
    let name = text.trim();
    let fits = (1..=NAME_CHARS_MAX).contains(&name.chars().count());
    if fits && !name.contains(char::is_control) {
        return Ok(name.to_owned());
    }
    let reason = "a name has 1 to 100 characters on one line";
    Err(AuthError::new(
        AuthErrorKind::Invalid,
        "use this name",
        reason,
    ))
}

#[cfg(test)]
impl Account {
    /// Somebody of the tenant `default`.
    pub(crate) fn example(role: Role) -> Self {
        Self {
            id: AccountId::random(),
            tenant: TenantId::default(),
            email: Email::stored("ada@example.com".to_owned()),
            email_verified_at_ms: None,
            name: "Ada".to_owned(),
            role,
            custom_role: None,
            state: AccountState::Active,
            created_at_ms: 0,
        }
    }
}
