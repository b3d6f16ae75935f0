//! Keeping what a turn said: the answer, the memory of it, and what it used.

use karen_infer::ModelName;
use karen_sql::now_ms;

use super::Turn;
use super::answer::{Answer, TurnInProgress};
use super::event::{Finish, TurnEvent};
use crate::Result;
use crate::conversation::{Message, MessageState, Remember, Role};
use crate::recollection::ingest;
use crate::usage::Usage;

impl TurnInProgress<'_> {
    /// Keeps the answer, remembers the turn, counts what it used; gives the turn's last event.
    pub(super) async fn conclude(&self, answer: &Answer, result: Result<Finish>) -> TurnEvent {
        let (mut finish, mut error) = match result {
            Ok(finish) => (finish, None),
            Err(error) => (Finish::Failed, Some(error)),
        };
        if let Err(lost) = self.keep_logged(answer, finish).await {
            finish = Finish::Failed;
            error.get_or_insert(lost);
        }
        if let Some(error) = &error {
            tracing::warn!(turn = %self.live.turn.id, code = %error.code(), error = error as &dyn std::error::Error, "a turn failed");
        }
        TurnEvent::Done {
            message_id: self.live.turn.answer.clone(),
            finish,
            model_asked: self.options.model.as_ref().map(ToString::to_string),
            model_answered: answer.model().map(ToString::to_string),
            model_why: answer
                .served
                .as_ref()
                .map(|served| served.why.as_str().to_owned()),
            error: error.as_ref().map(Into::into),
        }
    }

    /// The log first: an answer that is kept can be replayed as it was given.
    async fn keep_logged(&self, answer: &Answer, finish: Finish) -> Result<()> {
        self.journal.sync().await?;
        self.keep(answer, finish).await
    }

    async fn keep(&self, answer: &Answer, finish: Finish) -> Result<()> {
        let turn = &self.live.turn;
        let reply = turn.answer_message(&answer.text, message_state(finish), answer.model());
        let conversations = &self.karen.conversations;
        let (scope, remember) = (&self.live.scope, Remember::when(turn.remember));
        let answers = std::slice::from_ref(&reply);
        conversations
            .append(scope, &turn.conversation, answers, remember)
            .await?;
        if turn.remember {
            let said = [turn.user_message(), reply.clone()];
            ingest(self.karen, scope, &turn.conversation, &said).await?;
            let ids = [turn.message.clone(), reply.id];
            conversations.mark_remembered(scope, &ids).await?;
        }
        // What models took was entered as they answered; a turn without one counts too.
        let key = self.principal.api_key().map(ToString::to_string);
        let usage = Usage::none(turn.id.clone(), turn.created_at, key.as_deref());
        self.karen.ledger.add(scope, &usage).await
    }
}

impl Turn {
    pub(super) fn user_message(&self) -> Message {
        Message {
            id: self.message.clone(),
            turn: Some(self.id.clone()),
            role: Role::User,
            content: self.prompt.clone(),
            state: MessageState::Complete,
            model: None,
            created_at: self.created_at,
        }
    }

    pub(super) fn answer_message(
        &self,
        text: &str,
        state: MessageState,
        model: Option<&ModelName>,
    ) -> Message {
        Message {
            id: self.answer.clone(),
            turn: Some(self.id.clone()),
            role: Role::Assistant,
            content: text.to_owned(),
            state,
            model: model.map(ToString::to_string),
            created_at: now_ms(),
        }
    }
}

fn message_state(finish: Finish) -> MessageState {
    match finish {
        Finish::Stop | Finish::Length | Finish::ToolRounds | Finish::NoModel => {
            MessageState::Complete
        }
        Finish::Cancelled => MessageState::Cancelled,
        Finish::Interrupted => MessageState::Interrupted,
        Finish::Failed => MessageState::Failed,
    }
}
