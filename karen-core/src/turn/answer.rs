//! The turn itself: recall, the prompt, and rounds with the model.

use std::sync::Arc;

use futures::StreamExt;
use karen_auth::{Permission, Principal};
use karen_infer::{
    Caller, FinishReason, GenerateEvent, GenerateRequest, Message as ModelMessage, ModelErrorKind,
    ModelInfo, ModelName, Sampling, Served, ToolCall, ToolSpec, Usage,
};
use karen_memory::{Query, Recall};

use super::event::{Finish, RecalledItem, TurnEvent};
use super::journal::Journal;
use super::live::LiveTurn;
use super::options::TurnOptions;
use super::prompt::{Fitted, Prompt, Room};
use crate::Result;
use crate::conversation::Message;
use crate::event::EventKind;
use crate::karen::Shared;
use crate::recollection::recalled_item;

/// What has been said so far; it outlives a turn that is cut short.
#[derive(Debug, Default)]
pub(super) struct Answer {
    pub(super) text: String,
    /// Which model answers, once one does.
    pub(super) served: Option<Served>,
}

impl Answer {
    /// The model that answers.
    pub(super) fn model(&self) -> Option<&ModelName> {
        self.served.as_ref().map(|served| &served.answered)
    }
}

/// Answers a turn that has begun, and keeps what was said.
pub(super) async fn run(
    karen: Arc<Shared>,
    live: Arc<LiveTurn>,
    principal: Principal,
    options: TurnOptions,
) {
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
pub(super) struct TurnInProgress<'a> {
    pub(super) karen: &'a Arc<Shared>,
    pub(super) live: &'a LiveTurn,
    pub(super) journal: &'a Journal,
    pub(super) principal: &'a Principal,
    pub(super) options: &'a TurnOptions,
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
        let tools = self.tools(&model);
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

    /// The tools that the model is shown: those that the principal may use, if it can use any.
    fn tools(&self, model: &ModelInfo) -> Vec<ToolSpec> {
        if model.capabilities.tools {
            self.karen.plugins.permitted(self.principal)
        } else {
            Vec::new()
        }
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

    async fn fit(&self, model: &ModelInfo, recall: &Recall, tools: &[ToolSpec]) -> Result<Fitted> {
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
            .messages(&self.live.scope, &turn.conversation, None, limit + 1)
            .await?;
        messages.retain(|message| message.id != turn.message && !message.content.is_empty());
        Ok(messages)
    }

    fn request(
        &self,
        model: &ModelInfo,
        messages: &[ModelMessage],
        tools: &[ToolSpec],
    ) -> GenerateRequest {
        let chat = &self.karen.config.chat;
        let wanted = self.options.answer_tokens.unwrap_or(chat.answer_tokens);
        let sampling = self.options.sampling.clone().unwrap_or_else(|| Sampling {
            temperature: chat.temperature,
            ..Sampling::default()
        });
        GenerateRequest {
            model: self.options.model.clone(),
            messages: messages.to_vec(),
            tools: tools.to_vec(),
            sampling,
            stop: self.options.stop.clone(),
            max_tokens: Some(Room::new(model.context_tokens, wanted).answer_tokens),
            caller: Some(self.caller()),
            ..GenerateRequest::default()
        }
    }

    fn caller(&self) -> Caller {
        let caller = self.live.scope.caller(self.principal);
        caller.for_work(self.live.turn.id.as_str())
    }

    /// One round with the model: what it says is streamed, what it wants called is returned.
    async fn generate(
        &self,
        request: GenerateRequest,
        answer: &mut Answer,
    ) -> Result<(Finish, Vec<ToolCall>)> {
        let mut generation = self.karen.models.generate(request).await?;
        let is_free = generation.served().from_cache;
        answer.served = Some(generation.served().clone());
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
                    let usage = if is_free { Usage::default() } else { usage };
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
}

fn finish_of(reason: FinishReason) -> Finish {
    match reason {
        FinishReason::Length => Finish::Length,
        FinishReason::Cancelled => Finish::Cancelled,
        _ => Finish::Stop,
    }
}
