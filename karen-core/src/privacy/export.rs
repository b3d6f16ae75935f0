//! Everything that is kept of somebody, as lines of JSON.

use std::collections::BTreeSet;

use futures::StreamExt;
use futures::stream::BoxStream;
use karen_auth::{
    Account, AccountId, ApiKey, AuditEntry, CustomRole, Link, Passkey, PersonalData, SessionInfo,
    Tenant, TenantId,
};
use karen_memory::{Page, Retention};
use serde::Serialize;
use serde_json::Value;
use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;

use super::receipt::hex;
use crate::conversation::{Conversation, ConversationCursor, Message};
use crate::id::{ConversationId, MessageId};
use crate::memory::Consent;
use crate::{Code, Error, Result, Scope, Session};

/// Rows that are read at once.
const PAGE: u32 = 200;
/// Lines that are made before somebody takes them.
const LINES_AHEAD: usize = 64;

/// One thing that is kept, and of whom.
#[derive(Serialize)]
struct Line<'a> {
    user: &'a str,
    #[serde(flatten)]
    what: Kept<'a>,
}

#[derive(Serialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
enum Kept<'a> {
    Tenant {
        id: &'a str,
        name: &'a str,
        state: &'a str,
        created_at: i64,
    },
    Role {
        name: &'a str,
        permissions: String,
    },
    Account {
        id: &'a str,
        tenant: &'a str,
        email: &'a str,
        email_verified_at: Option<i64>,
        name: &'a str,
        role: &'a str,
        state: &'a str,
        created_at: i64,
        second_factor_at: Option<i64>,
    },
    Link {
        issuer: &'a str,
        since: i64,
    },
    Passkey {
        id: &'a str,
        name: &'a str,
        backed_up: bool,
        created_at: i64,
        last_used_at: Option<i64>,
    },
    Session {
        id: &'a str,
        device: Option<&'a str>,
        address: Option<String>,
        created_at: i64,
        refreshed_at: i64,
        expires_at: i64,
    },
    ApiKey {
        id: &'a str,
        name: &'a str,
        prefix: &'a str,
        permissions: String,
        created_at: i64,
        last_used_at: Option<i64>,
        expires_at: Option<i64>,
    },
    Wishes {
        consent: Consent,
        retention: Retention,
    },
    Usage {
        turns: u64,
        tokens: u64,
        cost_micros: u64,
    },
    Conversation(&'a Conversation),
    Message {
        conversation: &'a ConversationId,
        #[serde(flatten)]
        message: &'a Message,
    },
    Memory {
        memory: Value,
    },
    Audit {
        seq: u64,
        at: i64,
        action: &'a str,
        outcome: &'a str,
        actor: Option<&'a str>,
        subject: Option<&'a str>,
        address: Option<String>,
        hash: String,
    },
}

pub(super) fn of_user(session: Session) -> BoxStream<'static, Result<String>> {
    lines(session, |export| async move {
        let principal = export.session.principal().clone();
        export.user(principal.tenant(), principal.account()).await
    })
}

pub(super) fn of_tenant(session: Session, tenant: TenantId) -> BoxStream<'static, Result<String>> {
    lines(
        session,
        |export| async move { export.tenant(&tenant).await },
    )
}

/// Reads on while somebody takes the lines, and no further.
fn lines<Fut>(
    session: Session,
    write: impl FnOnce(Export) -> Fut,
) -> BoxStream<'static, Result<String>>
where
    Fut: Future<Output = Result<()>> + Send + 'static,
{
    let (sender, lines) = mpsc::channel(LINES_AHEAD);
    let written = write(Export {
        session,
        lines: sender.clone(),
    });
    tokio::spawn(async move {
        if let Err(error) = written.await {
            // Whoever went away needs no reason.
            let _ = sender.send(Err(error)).await;
        }
    });
    ReceiverStream::new(lines).boxed()
}

struct Export {
    session: Session,
    lines: mpsc::Sender<Result<String>>,
}

impl Export {
    async fn tenant(&self, tenant: &TenantId) -> Result<()> {
        let (karen, principal) = (self.session.shared(), self.session.principal());
        let data = karen.auth.tenant_data(principal, tenant).await?;
        let nobody = Scope::stored(tenant.to_string(), String::new());
        self.put(&nobody, kept_tenant(&data.tenant)).await?;
        for role in &data.roles {
            self.put(&nobody, kept_role(role)).await?;
        }
        let members = data.members.iter().map(|member| member.id.to_string());
        let mut users: BTreeSet<String> = members.collect();
        users.extend(karen.conversations.users(tenant.as_str()).await?);
        for user in users {
            self.stores(tenant, &AccountId::parse(&user)?).await?;
        }
        self.log(&nobody, tenant, None).await
    }

    async fn user(&self, tenant: &TenantId, account: &AccountId) -> Result<()> {
        let scope = self.stores(tenant, account).await?;
        self.log(&scope, tenant, Some(account)).await
    }

    /// What every store has of a user.
    async fn stores(&self, tenant: &TenantId, account: &AccountId) -> Result<Scope> {
        let (karen, principal) = (self.session.shared(), self.session.principal());
        let data = karen.auth.personal_data(principal, tenant, account).await?;
        let scope = Scope::stored(tenant.to_string(), account.to_string());
        self.account(&scope, &data).await?;
        self.wishes(&scope).await?;
        self.conversations(&scope).await?;
        self.memories(&scope).await?;
        Ok(scope)
    }

    async fn account(&self, scope: &Scope, data: &PersonalData) -> Result<()> {
        let second_factor_at = data.second_factor_at_ms;
        if let Some(account) = &data.account {
            self.put(scope, kept_account(account, second_factor_at))
                .await?;
        }
        for link in &data.links {
            self.put(scope, kept_link(link)).await?;
        }
        for passkey in &data.passkeys {
            self.put(scope, kept_passkey(passkey)).await?;
        }
        for session in &data.sessions {
            self.put(scope, kept_session(session)).await?;
        }
        for key in &data.api_keys {
            self.put(scope, kept_key(key)).await?;
        }
        Ok(())
    }

    async fn wishes(&self, scope: &Scope) -> Result<()> {
        let karen = self.session.shared();
        let wishes = Kept::Wishes {
            consent: karen.memory.consent(&scope.memory()).await?,
            retention: karen.memory.retention(&scope.memory()).await?,
        };
        self.put(scope, wishes).await?;
        let total = karen.ledger.total(scope, 0).await?;
        let usage = Kept::Usage {
            turns: total.turns,
            tokens: total.tokens,
            cost_micros: total.cost_micros,
        };
        self.put(scope, usage).await
    }

    async fn conversations(&self, scope: &Scope) -> Result<()> {
        let store = &self.session.shared().conversations;
        let mut after: Option<ConversationCursor> = None;
        loop {
            let page = store.list(scope, after.as_ref(), PAGE).await?;
            for conversation in &page {
                self.put(scope, Kept::Conversation(conversation)).await?;
                self.messages(scope, &conversation.id).await?;
            }
            match page.last() {
                Some(last) => after = Some(ConversationCursor::after(last)),
                None => return Ok(()),
            }
        }
    }

    /// The newest page first, as the store gives them; within a page the oldest first.
    async fn messages(&self, scope: &Scope, conversation: &ConversationId) -> Result<()> {
        let store = &self.session.shared().conversations;
        let mut before: Option<MessageId> = None;
        loop {
            let page = store.messages(scope, conversation, before.as_ref(), PAGE);
            let page = page.await?;
            for message in &page {
                let said = Kept::Message {
                    conversation,
                    message,
                };
                self.put(scope, said).await?;
            }
            match page.first() {
                Some(first) => before = Some(first.id.clone()),
                None => return Ok(()),
            }
        }
    }

    async fn memories(&self, scope: &Scope) -> Result<()> {
        let memory = &self.session.shared().memory;
        let mut after = None;
        loop {
            let page = Page {
                limit: PAGE,
                after,
                ..Page::default()
            };
            let page = memory.export(&scope.memory(), page).await?;
            for line in &page.lines {
                let memory = serde_json::from_str(line).expect("exports are JSON");
                self.put(scope, Kept::Memory { memory }).await?;
            }
            match page.next {
                Some(next) => after = Some(next),
                None => return Ok(()),
            }
        }
    }

    /// What the audit log says of an account, or of everything.
    async fn log(&self, scope: &Scope, tenant: &TenantId, about: Option<&AccountId>) -> Result<()> {
        let (auth, principal) = (&self.session.shared().auth, self.session.principal());
        let mut after = 0;
        loop {
            let page = match about {
                Some(account) => {
                    auth.audit_about(principal, tenant, account, after, PAGE)
                        .await?
                }
                None => auth.audit_log_of(principal, tenant, after, PAGE).await?,
            };
            for entry in &page {
                self.put(scope, kept_entry(entry)).await?;
            }
            match page.last() {
                Some(last) => after = last.seq,
                None => return Ok(()),
            }
        }
    }

    async fn put(&self, scope: &Scope, what: Kept<'_>) -> Result<()> {
        let user = scope.user();
        let line = serde_json::to_string(&Line { user, what }).expect("plain data");
        let taken = self.lines.send(Ok(line)).await;
        taken.map_err(|_| Error::new(Code::Cancelled, "nobody takes the export any more"))
    }
}

fn kept_tenant(tenant: &Tenant) -> Kept<'_> {
    Kept::Tenant {
        id: tenant.id.as_str(),
        name: &tenant.name,
        state: tenant.state.as_str(),
        created_at: tenant.created_at_ms,
    }
}

fn kept_role(role: &CustomRole) -> Kept<'_> {
    Kept::Role {
        name: role.name.as_str(),
        permissions: role.permissions.to_string(),
    }
}

fn kept_account(account: &Account, second_factor_at: Option<i64>) -> Kept<'_> {
    let own_role = account.custom_role.as_ref();
    Kept::Account {
        id: account.id.as_str(),
        tenant: account.tenant.as_str(),
        email: account.email.as_str(),
        email_verified_at: account.email_verified_at_ms,
        name: &account.name,
        role: own_role.map_or(account.role.as_str(), |role| role.name.as_str()),
        state: account.state.as_str(),
        created_at: account.created_at_ms,
        second_factor_at,
    }
}

fn kept_link(link: &Link) -> Kept<'_> {
    Kept::Link {
        issuer: &link.issuer,
        since: link.since_ms,
    }
}

fn kept_passkey(passkey: &Passkey) -> Kept<'_> {
    Kept::Passkey {
        id: passkey.id.as_str(),
        name: &passkey.name,
        backed_up: passkey.backed_up,
        created_at: passkey.created_at_ms,
        last_used_at: passkey.used_at_ms,
    }
}

fn kept_session(session: &SessionInfo) -> Kept<'_> {
    Kept::Session {
        id: session.id.as_str(),
        device: session.device.name.as_deref(),
        address: session.device.address.map(|address| address.to_string()),
        created_at: session.created_at_ms,
        refreshed_at: session.refreshed_at_ms,
        expires_at: session.expires_at_ms,
    }
}

fn kept_key(key: &ApiKey) -> Kept<'_> {
    Kept::ApiKey {
        id: key.id.as_str(),
        name: &key.name,
        prefix: &key.prefix,
        permissions: key.permissions.to_string(),
        created_at: key.created_at_ms,
        last_used_at: key.last_used_at_ms,
        expires_at: key.expires_at_ms,
    }
}

fn kept_entry(entry: &AuditEntry) -> Kept<'_> {
    let event = &entry.event;
    Kept::Audit {
        seq: entry.seq,
        at: event.at_ms,
        action: event.action.as_str(),
        outcome: event.outcome.as_str(),
        actor: event.actor.as_ref().map(AccountId::as_str),
        subject: event.subject.as_deref(),
        address: event.address.map(|address| address.to_string()),
        hash: hex(&entry.hash),
    }
}
