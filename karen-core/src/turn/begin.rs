//! Starting a turn: what must be right and durable before anything is answered.

use std::sync::Arc;

use karen_auth::{Permission, Principal};
use karen_infer::ModelName;
use karen_sql::now_ms;

use super::answer::run;
use super::live::LiveTurn;
use super::options::TurnOptions;
use super::replay::replay;
use super::{Turn, TurnState, TurnStream};
use crate::conversation::{Conversation, Remember};
use crate::id::{ConversationId, MessageId, TurnId};
use crate::karen::Shared;
use crate::{Code, Error, Result, Scope, TurnRef};

/// Characters of a title made from the first message.
const TITLE_CHARS_MAX: usize = 60;
/// Bytes of an idempotency key at most.
const KEY_BYTES_MAX: usize = 255;

/// Starts a turn and listens to it from the beginning. When this returns, the message is durable.
pub(crate) async fn begin(
    karen: Arc<Shared>,
    principal: Principal,
    message: String,
    options: TurnOptions,
) -> Result<TurnStream> {
    principal.require(Permission::ChatUse)?;
    check_message(&karen, &message)?;
    check_model(&karen, options.model.as_ref())?;
    let scope = Scope::of(&principal);
    let id = turn_id(&scope, options.idempotency_key.as_deref())?;
    if let Some(said) = said_before(&karen, &scope, &id, &message, &options).await? {
        return Ok(said);
    }
    karen.admit(&principal, &scope, now_ms()).await?;
    karen.admit_bytes(&principal, message.len()).await?;
    let conversation = match &options.conversation {
        Some(id) => Place::Known(known(&karen, &scope, id).await?),
        None => Place::Fresh(fresh(&message)),
    };
    let turn = Turn {
        id,
        conversation: conversation.id().clone(),
        message: MessageId::fresh(),
        answer: MessageId::fresh(),
        prompt: message,
        remember: options.remember.unwrap_or(karen.config.memory.remember),
        state: TurnState::Running,
        created_at: now_ms(),
        instance: karen.instances.own().to_owned(),
    };
    let live = karen.live.enter(scope, turn)?;
    if let Err(error) = keep_message(&karen, &live, conversation).await {
        karen.live.leave(&live.turn.id);
        return Err(error);
    }
    let stream = TurnStream::live(TurnRef::of(&live), Arc::clone(&live), 0);
    tokio::spawn(run(karen, live, principal, options));
    Ok(stream)
}

fn check_message(karen: &Shared, message: &str) -> Result<()> {
    let bytes_max = karen.config.chat.message_bytes_max as usize;
    if message.trim().is_empty() {
        return Err(Error::new(Code::InvalidArgument, "the message is empty"));
    }
    if message.len() > bytes_max {
        let text = format!(
            "the message has {} bytes, and may have {bytes_max}",
            message.len()
        );
        return Err(Error::new(Code::TooLarge, text));
    }
    Ok(())
}

fn check_model(karen: &Shared, asked: Option<&ModelName>) -> Result<()> {
    if let Some(name) = asked {
        karen.models.info(name)?;
    }
    Ok(())
}

fn turn_id(scope: &Scope, key: Option<&str>) -> Result<TurnId> {
    match key {
        None => Ok(TurnId::fresh()),
        Some(key) if (1..=KEY_BYTES_MAX).contains(&key.len()) => Ok(TurnId::of_key(scope, key)),
        Some(_) => {
            let message = format!("an idempotency key has 1 to {KEY_BYTES_MAX} bytes");
            Err(Error::new(Code::InvalidArgument, message))
        }
    }
}

/// The turn that was begun with the same idempotency key, from its beginning.
async fn said_before(
    karen: &Shared,
    scope: &Scope,
    id: &TurnId,
    message: &str,
    options: &TurnOptions,
) -> Result<Option<TurnStream>> {
    if options.idempotency_key.is_none() {
        return Ok(None);
    }
    let Some(turn) = karen.turn_log.get(scope, id).await? else {
        return Ok(None);
    };
    let elsewhere = |asked: &ConversationId| *asked != turn.conversation;
    if turn.prompt != message || options.conversation.as_ref().is_some_and(elsewhere) {
        let message = "the idempotency key was used for another message: use a fresh one";
        return Err(Error::new(Code::Conflict, message));
    }
    if let Some(live) = karen.live.get(scope, id) {
        return Ok(Some(TurnStream::live(TurnRef::of(&live), live, 0)));
    }
    // It may have ended between the two looks.
    let now = karen.turn_log.get(scope, id).await?;
    if now.is_none_or(|turn| turn.state == TurnState::Running) {
        let message = "the message was not kept when it was sent first: use a fresh key";
        return Err(Error::new(Code::Conflict, message));
    }
    replay(karen, scope, &turn, 0).await.map(Some)
}

/// Where a turn takes place.
enum Place {
    Known(ConversationId),
    /// It is made with the turn.
    Fresh(Conversation),
}

impl Place {
    fn id(&self) -> &ConversationId {
        match self {
            Self::Known(id) => id,
            Self::Fresh(conversation) => &conversation.id,
        }
    }
}

async fn known(karen: &Shared, scope: &Scope, id: &ConversationId) -> Result<ConversationId> {
    let found = karen.conversations.get(scope, id).await?;
    let missing = || Error::new(Code::NotFound, format!("there is no conversation {id}"));
    Ok(found.ok_or_else(missing)?.id)
}

fn fresh(message: &str) -> Conversation {
    let now = now_ms();
    Conversation {
        id: ConversationId::fresh(),
        title: title(message),
        created_at: now,
        updated_at: now,
    }
}

/// The first line, cut at a word.
pub(crate) fn title(message: &str) -> String {
    let line = message.trim().lines().next().unwrap_or_default();
    if line.chars().count() <= TITLE_CHARS_MAX {
        return line.to_owned();
    }
    let cut: String = line.chars().take(TITLE_CHARS_MAX).collect();
    let at_word = cut.rsplit_once(' ').map_or(cut.as_str(), |(head, _)| head);
    format!("{at_word}…")
}

/// The turn first, so that a crash in between is found and mended when Karen opens again.
async fn keep_message(karen: &Shared, live: &LiveTurn, place: Place) -> Result<()> {
    let (scope, turn) = (&live.scope, &live.turn);
    karen.turn_log.begin(scope, turn).await?;
    if let Place::Fresh(conversation) = place {
        karen.conversations.create(scope, &conversation).await?;
    }
    let said = [turn.user_message()];
    let remember = Remember::when(turn.remember);
    let conversations = &karen.conversations;
    conversations
        .append(scope, &turn.conversation, &said, remember)
        .await
}
