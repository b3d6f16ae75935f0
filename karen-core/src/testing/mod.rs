//! Conformance suites: what every implementation of a port must pass.
//!
//! Each suite panics with what is not as the port's documentation promises.

mod conversation_store;
mod event_bus;
mod tool;
mod turn_log;
mod usage_ledger;

pub use conversation_store::conversation_store;
pub use event_bus::event_bus;
pub use tool::tool;
pub use turn_log::turn_log;
pub use usage_ledger::usage_ledger;

use crate::Scope;
use crate::conversation::{Conversation, Message, MessageState, Role};
use crate::id::{ConversationId, MessageId};

/// Three scopes that differ in user or in tenant alone.
fn scopes() -> [Scope; 3] {
    let scope = |tenant: &str, user: &str| Scope::stored(tenant.to_owned(), user.to_owned());
    [scope("t1", "u1"), scope("t1", "u2"), scope("t2", "u1")]
}

fn conversation(at: i64) -> Conversation {
    Conversation {
        id: ConversationId::fresh(),
        title: "a title".to_owned(),
        created_at: at,
        updated_at: at,
    }
}

fn message(content: &str, at: i64) -> Message {
    Message {
        id: MessageId::fresh(),
        turn: None,
        role: Role::User,
        content: content.to_owned(),
        state: MessageState::Complete,
        model: None,
        created_at: at,
    }
}

#[cfg(test)]
mod tests;
