//! Mending what a crash left: turns without an end, messages that memory was not given.

use super::event::{Finish, TurnEvent};
use super::{NumberedEvent, Turn};
use crate::conversation::{Message, MessageState, Remember};
use crate::karen::Shared;
use crate::recollection::ingest;
use crate::usage::Usage;
use crate::{Result, Scope};

const PAGE: u32 = 1000;

/// Ends every turn that a process before this one left running, or an instance that has died since,
/// and gives memory what it missed.
pub(crate) async fn recover(karen: &Shared) -> Result<()> {
    let others = karen.instances.others().await?;
    for (scope, turn) in karen.turn_log.running().await? {
        let is_here = karen.live.get(&scope, &turn.id).is_some();
        if !is_here && !others.contains(&turn.instance) {
            interrupt(karen, &scope, &turn).await?;
        }
    }
    remember_missed(karen).await
}

async fn interrupt(karen: &Shared, scope: &Scope, turn: &Turn) -> Result<()> {
    let logged = all_events(karen, scope, turn).await?;
    let answer = answer(karen, scope, turn, &logged).await?;
    // What models took was entered as they answered; a turn that got no answer counts too.
    let usage = Usage::none(turn.id.clone(), turn.created_at, None);
    karen.ledger.add(scope, &usage).await?;
    let done = NumberedEvent {
        number: logged.last().map_or(1, |last| last.number + 1),
        event: done(turn, answer.as_ref()),
    };
    karen.turn_log.finish(scope, &turn.id, &[done]).await
}

/// The answer that was kept, else what was logged of it. `None` where there is no conversation:
/// then the message was never acknowledged.
async fn answer(
    karen: &Shared,
    scope: &Scope,
    turn: &Turn,
    logged: &[NumberedEvent],
) -> Result<Option<Message>> {
    let conversations = &karen.conversations;
    if conversations
        .get(scope, &turn.conversation)
        .await?
        .is_none()
    {
        return Ok(None);
    }
    let partial = turn.answer_message(&text_of(logged), MessageState::Interrupted, None);
    let both = [turn.user_message(), partial];
    // Those that are there already stay as they are.
    let remember = Remember::when(turn.remember);
    conversations
        .append(scope, &turn.conversation, &both, remember)
        .await?;
    let known = conversations
        .messages(scope, &turn.conversation, None, PAGE)
        .await?;
    Ok(known.into_iter().find(|message| message.id == turn.answer))
}

/// An answer that was kept whole is whole, although its `Done` was not logged in time.
fn done(turn: &Turn, answer: Option<&Message>) -> TurnEvent {
    let finish = match answer.map(|message| message.state) {
        Some(MessageState::Complete) => Finish::Stop,
        Some(MessageState::Cancelled) => Finish::Cancelled,
        Some(MessageState::Failed) => Finish::Failed,
        _ => Finish::Interrupted,
    };
    TurnEvent::Done {
        message_id: turn.answer.clone(),
        finish,
        model_asked: None,
        model_answered: answer.and_then(|message| message.model.clone()),
        model_why: None,
        error: None,
    }
}

async fn all_events(karen: &Shared, scope: &Scope, turn: &Turn) -> Result<Vec<NumberedEvent>> {
    let mut all: Vec<NumberedEvent> = Vec::new();
    loop {
        let after = all.last().map_or(0, |event| event.number);
        let page = karen.turn_log.events(scope, &turn.id, after, PAGE).await?;
        if page.is_empty() {
            return Ok(all);
        }
        all.extend(page);
    }
}

fn text_of(events: &[NumberedEvent]) -> String {
    let pieces = events.iter().filter_map(|numbered| match &numbered.event {
        TurnEvent::Delta { text } => Some(text.as_str()),
        _ => None,
    });
    pieces.collect()
}

async fn remember_missed(karen: &Shared) -> Result<()> {
    loop {
        let missed = karen.conversations.unremembered(PAGE).await?;
        if missed.is_empty() {
            return Ok(());
        }
        for (scope, conversation, message) in missed {
            ingest(karen, &scope, &conversation, std::slice::from_ref(&message)).await?;
            karen
                .conversations
                .mark_remembered(&scope, &[message.id])
                .await?;
        }
    }
}
