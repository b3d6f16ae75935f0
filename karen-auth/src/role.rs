//! The built-in roles, as data.

use std::fmt;
use std::str::FromStr;

use crate::Permission::{
    AuditRead, ChatUse, ConversationsRead, ConversationsWrite, KeysWrite, MemoryRead, MemoryWrite,
    ModelsRead, ModelsUse, ModelsWrite, SystemRead, SystemWrite, TenantsRead, TenantsWrite,
    UsersRead,
};
use crate::{AuthError, AuthErrorKind, Permission, Permissions, TenantId};

/// What an account is within its tenant.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Role {
    /// Everything; who sets Karen up.
    Owner,
    /// Everything but settings and tenants.
    Admin,
    /// Runs the installation: models, settings, health, audit. Does not read what people say.
    Operator,
    /// A member who also adds models.
    Developer,
    /// Chats, remembers, makes keys for itself.
    Member,
    /// Reads its own conversations and memories.
    Viewer,
    /// A program: chats and remembers, makes no keys.
    Service,
    /// One that the tenant made: [`Account::custom_role`](crate::Account::custom_role) says which,
    /// and what it allows.
    Custom,
}

const VIEWER: Permissions = Permissions::of(&[ConversationsRead, MemoryRead, ModelsRead]);
const SERVICE: Permissions = VIEWER.with(&[ChatUse, MemoryWrite, ConversationsWrite, ModelsUse]);
const MEMBER: Permissions = SERVICE.with(&[KeysWrite]);
const DEVELOPER: Permissions = MEMBER.with(&[ModelsWrite, SystemRead]);
const OPERATOR: Permissions = Permissions::of(&[
    ModelsRead,
    ModelsWrite,
    UsersRead,
    AuditRead,
    SystemRead,
    SystemWrite,
]);
/// What concerns the installation as a whole. Models are everybody's, and adding one names files and
/// variables of the machine.
const INSTALLATION: &[Permission] = &[
    ModelsWrite,
    SystemRead,
    SystemWrite,
    TenantsRead,
    TenantsWrite,
];
const OWNER: Permissions = Permissions::all();
const ADMIN: Permissions = OWNER.without(&[SystemWrite, TenantsWrite]);

/// Each role, its stable name and what it may do.
const ROLES: &[(Role, &str, Permissions)] = &[
    (Role::Owner, "owner", OWNER),
    (Role::Admin, "admin", ADMIN),
    (Role::Operator, "operator", OPERATOR),
    (Role::Developer, "developer", DEVELOPER),
    (Role::Member, "member", MEMBER),
    (Role::Viewer, "viewer", VIEWER),
    (Role::Service, "service", SERVICE),
    (Role::Custom, "custom", Permissions::of(&[])),
];

impl Role {
    /// Every built-in role.
    pub const ALL: &'static [Role] = &[
        Role::Owner,
        Role::Admin,
        Role::Operator,
        Role::Developer,
        Role::Member,
        Role::Viewer,
        Role::Service,
    ];

    /// The stable name.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        self.row().1
    }

    /// What the role may do in the tenant `default`.
    #[must_use]
    pub fn permissions(self) -> Permissions {
        self.row().2
    }

    /// What the role may do in `tenant`: what concerns the installation as a whole is for members
    /// of the tenant `default`, whatever somebody is elsewhere.
    #[must_use]
    pub fn permissions_in(self, tenant: &TenantId) -> Permissions {
        within(tenant, self.permissions())
    }

    fn row(self) -> &'static (Role, &'static str, Permissions) {
        let row = ROLES.iter().find(|(role, ..)| *role == self);
        row.expect("every role has its row")
    }
}

/// What of `permissions` anybody can have in `tenant`.
pub(crate) fn within(tenant: &TenantId, permissions: Permissions) -> Permissions {
    match *tenant == TenantId::default() {
        true => permissions,
        false => permissions.and(OWNER.without(INSTALLATION)),
    }
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for Role {
    type Err = AuthError;

    fn from_str(text: &str) -> Result<Self, AuthError> {
        let named = Self::ALL.iter().find(|role| role.as_str() == text);
        named.copied().ok_or_else(|| {
            let reason = "no role has this name; there are owner, admin, operator, developer, \
                          member, viewer and service";
            AuthError::new(AuthErrorKind::Invalid, "read a role", reason)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// One letter a permission, in the order of `Permission::ALL`.
    fn grid(role: Role) -> String {
        let has = |p: &Permission| {
            if role.permissions().contains(*p) {
                'x'
            } else {
                '.'
            }
        };
        Permission::ALL.iter().map(has).collect()
    }

    #[test]
    fn roles_hold_exactly_what_the_grid_says() {
        // chat, memory rw, conversations rw, models ruw, keys, users rwp, audit, system rw, tenants rw
        for (role, expect) in [
            (Role::Owner, "xxxxxxxxxxxxxxxxx"),
            (Role::Admin, "xxxxxxxxxxxxxx.x."),
            (Role::Operator, ".....x.x.x..xxx.."),
            (Role::Developer, "xxxxxxxxx....x..."),
            (Role::Member, "xxxxxxx.x........"),
            (Role::Viewer, ".x.x.x..........."),
            (Role::Service, "xxxxxxx.........."),
        ] {
            assert_eq!(grid(role), expect, "{role}");
        }
    }

    #[test]
    fn names_read_back() {
        for role in Role::ALL {
            assert_eq!(role.as_str().parse::<Role>().expect("own name"), *role);
            let text = role.permissions().to_string();
            let read: Permissions = text.parse().expect("own names");
            assert_eq!(read, role.permissions());
        }
        let refused = "superuser".parse::<Role>().expect_err("unknown");
        assert_eq!(refused.kind(), AuthErrorKind::Invalid);
        let refused = "chat:use chat:all"
            .parse::<Permissions>()
            .expect_err("unknown");
        assert_eq!(refused.kind(), AuthErrorKind::Invalid);
    }
}
