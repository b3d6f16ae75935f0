//! From the bytes of tokens to the text of an answer.

mod answer;
mod stop;
mod tool_calls;
mod utf8;

pub(crate) use answer::AnswerText;
pub(crate) use stop::StopFilter;
pub(crate) use tool_calls::{CLOSE, OPEN, Parsed, ToolCallParser};
pub(crate) use utf8::Utf8Buffer;
