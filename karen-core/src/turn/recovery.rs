//! Mending what a crash left: turns without an end, messages that memory was not given.

use super::event::{Finish, TurnEvent};
use super::{NumberedEvent, Turn};
use crate::conversation::{Message, MessageState};
use crate::karen::Shared;
use crate::recollection::ingest;
use crate::{Result, Scope};

const PAGE: u32 = 1000;

/// Ends every turn that a process before this one left running, and gives memory what it missed.
/// Runs before the first turn, while nobody else uses the data folder.
pub(crate) async fn recover(karen: &Shared) -> Result<()> {
    for (scope, turn) in karen.turn_log.running().await? {
        interrupt(karen, &scope, &turn).await?;
    }
    remember_missed(karen).await
}

async fn interrupt(karen: &Shared, scope: &Scope, turn: &Turn) -> Result<()> {
    let logged = all_events(karen, scope, turn).await?;
    let mut known = messages(karen, scope, turn).await?;
    let conversation = &turn.conversation;
    let answered = known.iter().any(|message| message.id == turn.answer);
    if !answered {
        let partial = turn.answer_message(&text_of(&logged), MessageState::Interrupted, None);
        let both = [turn.user_message(), partial];
        karen
            .conversations
            .append(scope, conversation, &both)
            .await?;
        known = messages(karen, scope, turn).await?;
    }
    let answer = known.iter().find(|message| message.id == turn.answer);
    let next = logged.last().map_or(1, |last| last.number + 1);
    let missing = answer.and_then(|answer| unlogged(&answer.content, &logged));
    let events = missing.into_iter().chain([done(turn, answer)]);
    let numbered: Vec<NumberedEvent> = (next..)
        .zip(events)
        .map(|(number, event)| NumberedEvent { number, event })
        .collect();
    karen.turn_log.finish(scope, &turn.id, &numbered).await
}

/// What was kept of the answer and had not been logged: whoever replays the turn reads the same.
fn unlogged(answer: &str, logged: &[NumberedEvent]) -> Option<TurnEvent> {
    let rest = answer.strip_prefix(&text_of(logged))?;
    let text = Some(rest.to_owned()).filter(|rest| !rest.is_empty());
    text.map(|text| TurnEvent::Delta { text })
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
        error: None,
    }
}

async fn messages(karen: &Shared, scope: &Scope, turn: &Turn) -> Result<Vec<Message>> {
    karen
        .conversations
        .messages(scope, &turn.conversation, PAGE)
        .await
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
            if karen.config.memory.remember {
                ingest(karen, &scope, &conversation, std::slice::from_ref(&message)).await?;
            }
            karen
                .conversations
                .mark_remembered(&scope, &[message.id])
                .await?;
        }
    }
}
