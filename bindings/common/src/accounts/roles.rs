//! Roles, as a host calls them.

use karen_core::auth::{AccountId, Auth, CustomRole, RoleChoice, RoleName};

use super::{Role, named_permissions, who};
use crate::{Failure, Karen, Session};

/// The roles that a tenant makes for itself, and who holds which.
#[derive(Clone)]
pub struct Roles {
    karen: Karen,
}

impl Roles {
    pub(crate) fn new(karen: Karen) -> Self {
        Self { karen }
    }

    /// The roles that the session's tenant made, ordered by name.
    ///
    /// # Errors
    /// `FORBIDDEN`.
    pub async fn list(&self, session: &Session) -> Result<Vec<Role>, Failure> {
        let roles = self.auth()?.custom_roles(who(session)?).await?;
        Ok(roles.into_iter().map(Into::into).collect())
    }

    /// Makes a role, or changes one: who holds it may do what it says from the next call on.
    ///
    /// # Errors
    /// `FORBIDDEN` for a role that may do more than the session, `INVALID_ARGUMENT`, `CONFLICT`
    /// beyond 100 roles.
    pub async fn put(
        &self,
        session: &Session,
        name: &str,
        permissions: &[String],
    ) -> Result<(), Failure> {
        let role = CustomRole {
            name: RoleName::parse(name)?,
            permissions: named_permissions(permissions)?,
        };
        Ok(self.auth()?.put_custom_role(who(session)?, &role).await?)
    }

    /// Deletes a role.
    ///
    /// # Errors
    /// `NOT_FOUND`, `CONFLICT` while somebody holds it, `FORBIDDEN`, `INVALID_ARGUMENT`.
    pub async fn delete(&self, session: &Session, name: &str) -> Result<(), Failure> {
        let (auth, name) = (self.auth()?, RoleName::parse(name)?);
        Ok(auth.delete_custom_role(who(session)?, &name).await?)
    }

    /// Gives an account a role, a built-in one or one of the tenant's own.
    ///
    /// # Errors
    /// `NOT_FOUND`, `FORBIDDEN`, `CONFLICT` for the last owner, `INVALID_ARGUMENT`.
    pub async fn give(&self, session: &Session, account: &str, role: &str) -> Result<(), Failure> {
        let (account, role) = (AccountId::parse(account)?, choice(role)?);
        let auth = self.auth()?;
        Ok(auth.set_role(who(session)?, &account, &role).await?)
    }

    fn auth(&self) -> Result<&Auth, Failure> {
        self.karen.auth()
    }
}

fn choice(role: &str) -> Result<RoleChoice, Failure> {
    Ok(match role.parse() {
        Ok(built_in) => RoleChoice::BuiltIn(built_in),
        Err(_) => RoleChoice::Custom(RoleName::parse(role)?),
    })
}
