//! From the bytes of tokens to the text of an answer.

#[cfg(any(feature = "llama", feature = "candle"))]
mod answer;
mod stop;
#[cfg(any(feature = "llama", feature = "candle"))]
mod tool_calls;
#[cfg(any(feature = "llama", feature = "candle"))]
mod utf8;

#[cfg(any(feature = "llama", feature = "candle"))]
pub(crate) use answer::AnswerText;
pub(crate) use stop::StopFilter;
#[cfg(any(feature = "llama", feature = "candle"))]
pub(crate) use tool_calls::{CLOSE, OPEN, Parsed, ToolCallParser};
#[cfg(any(feature = "llama", feature = "candle"))]
pub(crate) use utf8::Utf8Buffer;
