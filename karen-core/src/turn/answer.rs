//! The turn itself: permission, recall, generation, tools, and keeping what was said.

use std::sync::Arc;
use std::time::Duration;

use futures::StreamExt;
use karen_auth::{Permission, Principal};
use karen_infer::{
    FinishReason, GenerateEvent, GenerateRequest, Message as ModelMessage, ModelErrorKind,
    ModelInfo, ModelName, Sampling, ToolCall,
};
use karen_memory::{Query, Recall};
use karen_sql::now_ms;

use super::event::{Finish, RecalledItem, TurnEvent};
use super::journal::Journal;
use super::live::LiveTurn;
use super::prompt::{Fitted, Prompt, Room};
use super::{Turn, TurnState, TurnStream};
use crate::conversation::{Conversation, Message, MessageState, Role};
use crate::event::EventKind;
use crate::id::{ConversationId, MessageId, TurnId};
use crate::karen::Shared;
use crate::recollection::{ingest, recalled_item};
use crate::tool::ToolInvocation;
use crate::usage::{Usage, admit};
use crate::{Code, Error, Result, Scope, TurnRef};

/// Bytes of a tool's result that a model is shown at most.
const TOOL_RESULT_BYTES_MAX: usize = 16 * 1024;
/// Characters of a title made from the first message.
const TITLE_CHARS_MAX: usize = 60;

/// How one turn differs from the configuration.
#[derive(Clone, Debug, Default)]
pub(crate) struct TurnOptions {
    pub(crate) conversation: Option<ConversationId>,
    pub(crate) model: Option<ModelName>,
    pub(crate) answer_tokens: Option<u32>,
    pub(crate) sampling: Option<Sampling>,
    pub(crate) stop: Vec<String>,
    pub(crate) remember: Option<bool>,
}

/// What has been said so far; it outlives a turn that is cut short.
#[derive(Debug, Default)]
struct Answer {
    text: String,
    model: Option<ModelName>,
    prompt_tokens: u64,
    completion_tokens: u64,
}

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
    admit(&*karen.ledger, &scope, &karen.config.limits, now_ms()).await?;
    let conversation = conversation(&karen, &scope, &options, &message).await?;
    let turn = Turn {
        id: TurnId::fresh(),
        conversation,
        message: MessageId::fresh(),
        answer: MessageId::fresh(),
        prompt: message,
        state: TurnState::Running,
        created_at: now_ms(),
    };
    let live = karen.live.enter(scope, turn)?;
    let remember = options.remember.unwrap_or(karen.config.memory.remember);
    if let Err(error) = keep_message(&karen, &live, remember).await {
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

async fn conversation(
    karen: &Shared,
    scope: &Scope,
    options: &TurnOptions,
    message: &str,
) -> Result<ConversationId> {
    let Some(id) = &options.conversation else {
        let now = now_ms();
        let conversation = Conversation {
            id: ConversationId::fresh(),
            title: title(message),
            created_at: now,
            updated_at: now,
        };
        karen.conversations.create(scope, &conversation).await?;
        return Ok(conversation.id);
    };
    let found = karen.conversations.get(scope, id).await?;
    let missing = || Error::new(Code::NotFound, format!("there is no conversation {id}"));
    Ok(found.ok_or_else(missing)?.id)
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
async fn keep_message(karen: &Shared, live: &LiveTurn, remember: bool) -> Result<()> {
    let (scope, turn) = (&live.scope, &live.turn);
    karen.turn_log.begin(scope, turn).await?;
    let message = turn.user_message();
    karen
        .conversations
        .append(scope, &turn.conversation, &[message])
        .await?;
    if !remember {
        let id = std::slice::from_ref(&turn.message);
        karen.conversations.mark_remembered(scope, id).await?;
    }
    Ok(())
}

async fn run(karen: Arc<Shared>, live: Arc<LiveTurn>, principal: Principal, options: TurnOptions) {
    let journal = Journal::start(Arc::clone(&live), Arc::clone(&karen.turn_log));
    let mut answer = Answer::default();
    let turn = TurnInProgress {
        karen: &karen,
        live: &live,
        journal: &journal,
        principal: &principal,
        options: &options,
    };
    let result = tokio::select! {
        biased;
        () = live.cancel.cancelled() => Ok(Finish::Cancelled),
        result = turn.respond(&mut answer) => result,
    };
    let done = turn.conclude(&answer, result).await;
    if let Err(error) = journal.finish(done).await {
        tracing::error!(turn = %live.turn.id, error = &error as &dyn std::error::Error, "a turn's end is not logged");
    }
    karen.live.leave(&live.turn.id);
    let kind = EventKind::TurnFinished {
        turn: live.turn.id.clone(),
    };
    karen.publish(&live.scope, kind).await;
}

/// What every step of a turn looks at.
struct TurnInProgress<'a> {
    karen: &'a Arc<Shared>,
    live: &'a LiveTurn,
    journal: &'a Journal,
    principal: &'a Principal,
    options: &'a TurnOptions,
}

impl TurnInProgress<'_> {
    async fn respond(&self, answer: &mut Answer) -> Result<Finish> {
        let recall = self.recall().await?;
        let model = match self.karen.models.resolve(self.options.model.as_ref()) {
            Ok(model) => model,
            Err(error) if *error.kind() == ModelErrorKind::Missing => {
                return self.quote_memory(&recall, answer).await;
            }
            Err(error) => return Err(error.into()),
        };
        let tools = self.karen.plugins.permitted(self.principal);
        let fitted = self.fit(&model, &recall, &tools).await?;
        let mut messages = fitted.messages;
        for _ in 0..=self.karen.config.chat.tool_rounds {
            let request = self.request(&model, &messages, &tools);
            let (finish, calls) = self.generate(request, answer).await?;
            if calls.is_empty() {
                return Ok(finish);
            }
            messages.push(ModelMessage::calls(&answer.text, calls.clone()));
            for call in calls {
                messages.push(self.call_tool(call).await?);
            }
        }
        Ok(Finish::ToolRounds)
    }

    async fn recall(&self) -> Result<Recall> {
        let items = self.karen.config.memory.recall_items;
        if items == 0 || self.principal.require(Permission::MemoryRead).is_err() {
            return Ok(Recall::default());
        }
        let query = Query::new(&self.live.turn.prompt).limit(items as usize);
        let scope = self.live.scope.memory();
        Ok(self.karen.memory.recall(&scope, query).await?)
    }

    async fn fit(
        &self,
        model: &ModelInfo,
        recall: &Recall,
        tools: &[karen_infer::ToolSpec],
    ) -> Result<Fitted> {
        let config = &self.karen.config;
        let wanted = self
            .options
            .answer_tokens
            .unwrap_or(config.chat.answer_tokens);
        let room = Room::new(model.context_tokens, wanted);
        let recalled_tokens = room.recalled_tokens(config.memory.recall_tokens);
        let pack = self.karen.memory.pack(recall, recalled_tokens);
        let prompt = Prompt {
            instructions: config.chat.instructions.clone(),
            recalled: pack.text.clone(),
            history: self.history().await?,
            message: self.live.turn.prompt.clone(),
        };
        let fitted = prompt
            .fit(&self.karen.models, &model.name, tools, room)
            .await?;
        let items = if fitted.has_recalled {
            pack.items
        } else {
            Vec::new()
        };
        self.say_recall(&items);
        Ok(fitted)
    }

    fn say_recall(&self, recalled: &[karen_memory::Recalled]) {
        let items: Vec<RecalledItem> = recalled.iter().map(recalled_item).collect();
        self.journal.say(TurnEvent::Recall { items });
    }

    async fn history(&self) -> Result<Vec<Message>> {
        let turn = &self.live.turn;
        let limit = self.karen.config.chat.history_messages;
        let conversations = &self.karen.conversations;
        let mut messages = conversations
            .messages(&self.live.scope, &turn.conversation, limit + 1)
            .await?;
        messages.retain(|message| message.id != turn.message && !message.content.is_empty());
        Ok(messages)
    }

    fn request(
        &self,
        model: &ModelInfo,
        messages: &[ModelMessage],
        tools: &[karen_infer::ToolSpec],
    ) -> GenerateRequest {
        let chat = &self.karen.config.chat;
        let wanted = self.options.answer_tokens.unwrap_or(chat.answer_tokens);
        let sampling = self.options.sampling.clone().unwrap_or_else(|| Sampling {
            temperature: chat.temperature,
            ..Sampling::default()
        });
        GenerateRequest {
            model: Some(model.name.clone()),
            messages: messages.to_vec(),
            tools: tools.to_vec(),
            sampling,
            stop: self.options.stop.clone(),
            max_tokens: Some(Room::new(model.context_tokens, wanted).answer_tokens),
        }
    }

    /// One round with the model: what it says is streamed, what it wants called is returned.
    async fn generate(
        &self,
        request: GenerateRequest,
        answer: &mut Answer,
    ) -> Result<(Finish, Vec<ToolCall>)> {
        let mut generation = self.karen.models.generate(request).await?;
        answer.model = Some(generation.model().clone());
        let mut calls = Vec::new();
        let mut finish = Finish::Stop;
        while let Some(event) = generation.next().await {
            match event? {
                GenerateEvent::TextDelta(text) => {
                    answer.text.push_str(&text);
                    self.journal.say(TurnEvent::Delta { text });
                }
                GenerateEvent::ToolCall(call) => calls.push(call),
                GenerateEvent::Usage(usage) => {
                    answer.prompt_tokens += u64::from(usage.prompt_tokens);
                    answer.completion_tokens += u64::from(usage.completion_tokens);
                    self.journal.say(TurnEvent::Usage {
                        prompt_tokens: usage.prompt_tokens,
                        completion_tokens: usage.completion_tokens,
                    });
                }
                GenerateEvent::Done(reason) => finish = finish_of(reason),
                // Token ids are not asked for.
                _ => {}
            }
        }
        Ok((finish, calls))
    }

    async fn call_tool(&self, call: ToolCall) -> Result<ModelMessage> {
        let logged = TurnEvent::ToolCall {
            id: call.id.clone(),
            name: call.name.clone(),
            arguments: call.arguments.clone(),
        };
        self.journal.say_durably(logged).await?;
        let result = self.run_tool(&call).await;
        let failed = result.is_err();
        let content = bounded(result.unwrap_or_else(|reason| reason));
        self.journal.say(TurnEvent::ToolResult {
            id: call.id.clone(),
            content: content.clone(),
            failed,
        });
        Ok(ModelMessage::tool_result(call.id, content))
    }

    /// What the tool says, or in `Err` why it says nothing: both are for the model to read.
    async fn run_tool(&self, call: &ToolCall) -> Result<String, String> {
        let Some(tool) = self.karen.plugins.get(&call.name) else {
            return Err(format!("there is no tool named {}", call.name));
        };
        if self.principal.require(tool.permission()).is_err() {
            return Err(format!("{} is not permitted", call.name));
        }
        let invocation = ToolInvocation {
            principal: self.principal,
            arguments: &call.arguments,
        };
        let seconds = self.karen.config.chat.tool_seconds;
        let limit = Duration::from_secs(u64::from(seconds));
        match tokio::time::timeout(limit, tool.call(invocation)).await {
            Ok(Ok(value)) => Ok(value
                .as_str()
                .map_or_else(|| value.to_string(), str::to_owned)),
            Ok(Err(error)) => Err(error.to_string()),
            Err(_) => Err(format!("{} took longer than {seconds} s", call.name)),
        }
    }

    /// With no model there is no answer of Karen's own: what is known is quoted, and said to be.
    async fn quote_memory(&self, recall: &Recall, answer: &mut Answer) -> Result<Finish> {
        let budget = self.karen.config.memory.recall_tokens;
        let pack = self.karen.memory.pack(recall, budget);
        self.say_recall(&pack.items);
        answer.text = if pack.items.is_empty() {
            "No model is loaded, and I remember nothing about that. \
             Add a model to get answers; what you tell me is remembered meanwhile."
                .to_owned()
        } else {
            format!(
                "No model is loaded, so I can only quote what I remember:\n\n{}",
                pack.text
            )
        };
        self.journal.say(TurnEvent::Delta {
            text: answer.text.clone(),
        });
        Ok(Finish::NoModel)
    }

    /// Keeps the answer, remembers the turn, counts what it used; gives the turn's last event.
    async fn conclude(&self, answer: &Answer, result: Result<Finish>) -> TurnEvent {
        let (mut finish, mut error) = match result {
            Ok(finish) => (finish, None),
            Err(error) => (Finish::Failed, Some(error)),
        };
        if let Err(lost) = self.keep(answer, finish).await {
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
            model_answered: answer.model.as_ref().map(ToString::to_string),
            error: error.as_ref().map(Into::into),
        }
    }

    async fn keep(&self, answer: &Answer, finish: Finish) -> Result<()> {
        let turn = &self.live.turn;
        let reply = turn.answer_message(&answer.text, message_state(finish), answer.model.as_ref());
        let conversations = &self.karen.conversations;
        conversations
            .append(
                &self.live.scope,
                &turn.conversation,
                std::slice::from_ref(&reply),
            )
            .await?;
        let remember = self
            .options
            .remember
            .unwrap_or(self.karen.config.memory.remember);
        if remember {
            let said = [turn.user_message(), reply.clone()];
            ingest(self.karen, &self.live.scope, &turn.conversation, &said).await?;
        }
        let ids = [turn.message.clone(), reply.id];
        conversations
            .mark_remembered(&self.live.scope, &ids)
            .await?;
        let usage = Usage {
            turn: turn.id.clone(),
            at: turn.created_at,
            model: answer.model.as_ref().map(ToString::to_string),
            prompt_tokens: answer.prompt_tokens,
            completion_tokens: answer.completion_tokens,
        };
        self.karen.ledger.record(&self.live.scope, &usage).await
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

fn finish_of(reason: FinishReason) -> Finish {
    match reason {
        FinishReason::Length => Finish::Length,
        FinishReason::Cancelled => Finish::Cancelled,
        _ => Finish::Stop,
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

/// Cuts a tool's result, and says so, before it crowds the prompt.
fn bounded(mut content: String) -> String {
    if content.len() > TOOL_RESULT_BYTES_MAX {
        let whole = content.floor_char_boundary(TOOL_RESULT_BYTES_MAX);
        let cut = content.len() - whole;
        content.truncate(whole);
        content.push_str(&format!("\n[{cut} more bytes left out]"));
    }
    content
}
