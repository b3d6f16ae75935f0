//! Between core's words and memory's: what is remembered of a turn, what is shown of a recall.

use karen_memory::{Recalled, SessionId, Turn as MemoryTurn};

use crate::conversation::{Message, Role};
use crate::id::ConversationId;
use crate::karen::Shared;
use crate::turn::RecalledItem;
use crate::{Result, Scope};

/// Gives memory what was said. Doing it again changes nothing: a message is remembered once.
pub(crate) async fn ingest(
    karen: &Shared,
    scope: &Scope,
    conversation: &ConversationId,
    messages: &[Message],
) -> Result<()> {
    let turns: Vec<MemoryTurn> = messages
        .iter()
        .filter(|message| is_memorable(message))
        .map(|message| memory_turn(conversation, message))
        .collect();
    karen.memory.ingest(&scope.memory(), turns).await?;
    Ok(())
}

/// An answer of a turn without a model is a quotation of memory, and no new memory.
fn is_memorable(message: &Message) -> bool {
    let quotation =
        message.role == Role::Assistant && message.turn.is_some() && message.model.is_none();
    !quotation && !message.content.trim().is_empty()
}

fn memory_turn(conversation: &ConversationId, message: &Message) -> MemoryTurn {
    MemoryTurn {
        source_id: message.id.to_string(),
        session: SessionId::new(conversation.as_str()),
        speaker: message.role.as_str().to_owned(),
        text: message.content.clone(),
        caption: None,
        at: message.created_at,
    }
}

/// A recalled record as a turn shows it.
pub(crate) fn recalled_item(recalled: &Recalled) -> RecalledItem {
    let record = &recalled.record;
    let channels = recalled.why.channels.iter();
    RecalledItem {
        id: record.id.to_string(),
        speaker: record.speaker.clone(),
        text: record.text.clone(),
        at: record.at,
        score: recalled.score,
        terms: recalled.why.terms.clone(),
        channels: channels
            .map(|(channel, score)| (channel.to_string(), *score))
            .collect(),
    }
}
