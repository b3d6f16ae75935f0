//! A response while it is given: each event of the model changes it, and is told as OpenAI tells it.

use karen_core::infer::{FinishReason, GenerateEvent, ToolCall};

use super::body::{ResponseBody, UsageBody};
use super::item::{Channel, Item, Status};
use super::stream::{Place, StreamEvent};

pub(super) struct Output {
    body: ResponseBody,
    /// The last item of the response, where text is still added to it.
    open: Option<Open>,
}

struct Open {
    channel: Channel,
    text: String,
}

impl Output {
    pub(super) fn of(body: ResponseBody) -> Self {
        Self { body, open: None }
    }

    pub(super) fn body(&self) -> &ResponseBody {
        &self.body
    }

    pub(super) fn into_body(self) -> ResponseBody {
        self.body
    }

    pub(super) fn body_mut(&mut self) -> &mut ResponseBody {
        &mut self.body
    }

    /// Takes what the model says.
    pub(super) fn take(&mut self, event: GenerateEvent) -> Vec<StreamEvent> {
        match event {
            GenerateEvent::TextDelta(text) => self.say(Channel::Message, text),
            GenerateEvent::ReasoningDelta(text) => self.say(Channel::Reasoning, text),
            GenerateEvent::ToolCall(call) => self.call(&call),
            GenerateEvent::Usage(used) => {
                self.body.usage = Some(UsageBody::counted(used));
                Vec::new()
            }
            GenerateEvent::Done(reason) => self.end(reason),
            _ => Vec::new(),
        }
    }

    fn say(&mut self, channel: Channel, delta: String) -> Vec<StreamEvent> {
        let mut events = Vec::new();
        if self
            .open
            .as_ref()
            .is_none_or(|open| open.channel != channel)
        {
            events.extend(self.close(Status::Completed));
            events.push(self.add(Item::begin(channel)));
            let text = String::new();
            let (at, part) = (self.place(), channel.part(text.clone()));
            events.push(StreamEvent::part_added(at, part));
            self.open = Some(Open { channel, text });
        }
        let open = self.open.as_mut().expect("one was just opened");
        open.text.push_str(&delta);
        events.push(StreamEvent::text_delta(channel, self.place(), delta));
        events
    }

    /// A call comes whole.
    fn call(&mut self, call: &ToolCall) -> Vec<StreamEvent> {
        let mut events = self.close(Status::Completed);
        events.push(self.add(Item::call(call)));
        let (at, arguments) = (self.place(), call.arguments.to_string());
        events.push(StreamEvent::ArgumentsDelta {
            at: at.clone(),
            delta: arguments.clone(),
        });
        events.push(StreamEvent::ArgumentsDone {
            at,
            name: call.name.clone(),
            arguments: arguments.clone(),
        });
        events.push(self.end_item(Status::Completed, arguments));
        events
    }

    fn end(&mut self, reason: FinishReason) -> Vec<StreamEvent> {
        self.body.end(reason);
        let mut events = self.close(self.body.status);
        let response = self.body.clone();
        events.push(match self.body.status {
            Status::Incomplete => StreamEvent::Incomplete { response },
            _ => StreamEvent::Completed { response },
        });
        events
    }

    fn close(&mut self, as_what: Status) -> Vec<StreamEvent> {
        let Some(Open { channel, text }) = self.open.take() else {
            return Vec::new();
        };
        let at = self.place();
        vec![
            StreamEvent::text_done(channel, at.clone(), text.clone()),
            StreamEvent::part_done(at, channel.part(text.clone())),
            self.end_item(as_what, text),
        ]
    }

    fn add(&mut self, item: Item) -> StreamEvent {
        let output_index = self.body.output.len();
        self.body.output.push(item.clone());
        StreamEvent::ItemAdded { output_index, item }
    }

    fn end_item(&mut self, as_what: Status, whole: String) -> StreamEvent {
        let output_index = self.body.output.len() - 1;
        let item = &mut self.body.output[output_index];
        item.end(as_what, whole);
        let item = item.clone();
        StreamEvent::ItemDone { output_index, item }
    }

    /// The place of the last item.
    fn place(&self) -> Place {
        let last = self.body.output.last().expect("an item was added");
        Place {
            item_id: last.id(),
            output_index: self.body.output.len() - 1,
        }
    }
}
