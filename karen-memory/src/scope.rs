//! Whose memory a call is about.

use crate::{AgentId, SessionId, TenantId, UserId};

/// A tenant, then a user, then perhaps one session. No verb works without one.
///
/// With a session, reads and deletes see that session's records alone; a record written is of that
/// session. With an agent, a record written is of that agent; reads see everybody's.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Scope {
    tenant: TenantId,
    user: UserId,
    session: Option<SessionId>,
    agent: Option<AgentId>,
}

impl Scope {
    /// Everything of one user in one tenant.
    #[must_use]
    pub fn new(tenant: TenantId, user: UserId) -> Self {
        Self {
            tenant,
            user,
            session: None,
            agent: None,
        }
    }

    /// The part of it that belongs to one session.
    #[must_use]
    pub fn in_session(mut self, session: SessionId) -> Self {
        self.session = Some(session);
        self
    }

    /// Who writes in it.
    #[must_use]
    pub fn by_agent(mut self, agent: AgentId) -> Self {
        self.agent = Some(agent);
        self
    }

    /// The tenant.
    #[must_use]
    pub fn tenant(&self) -> &TenantId {
        &self.tenant
    }

    /// The user.
    #[must_use]
    pub fn user(&self) -> &UserId {
        &self.user
    }

    /// The session, if the scope is of one.
    #[must_use]
    pub fn session(&self) -> Option<&SessionId> {
        self.session.as_ref()
    }

    /// Who writes in it, if somebody is named.
    #[must_use]
    pub fn agent(&self) -> Option<&AgentId> {
        self.agent.as_ref()
    }

    /// Everything of the same user.
    pub(crate) fn whole(&self) -> Self {
        Self::new(self.tenant.clone(), self.user.clone())
    }

    /// Whose segment of an index holds it: sessions of a user share one.
    pub(crate) fn owner(&self) -> Owner {
        Owner(self.tenant.clone(), self.user.clone())
    }
}

/// A user of a tenant: the unit that projections are kept in.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Owner(TenantId, UserId);
