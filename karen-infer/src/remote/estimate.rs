//! Tokens of what is asked of a provider, whose tokenizer is not known.

use crate::{Message, Prompt, ToolSpec};

/// A token has about four bytes in English, three in code, and three in Chinese, a character: three
/// errs on the side of too many.
const BYTES_A_TOKEN: usize = 3;
/// What a message's role and borders take.
const TOKENS_A_MESSAGE: usize = 4;
/// A picture of a megapixel, as OpenAI counts.
const TOKENS_AN_IMAGE: usize = 1_105;

pub(super) fn prompt(prompt: &Prompt) -> u32 {
    let tokens = match prompt {
        Prompt::Text(text) => tokens(text.len()),
        Prompt::Chat { messages, tools } => {
            let messages: usize = messages.iter().map(message).sum();
            messages + tools.iter().map(tool).sum::<usize>()
        }
    };
    u32::try_from(tokens).unwrap_or(u32::MAX)
}

/// Tokens of an answer of so many bytes.
pub(super) fn answer(bytes: usize) -> u32 {
    u32::try_from(tokens(bytes)).unwrap_or(u32::MAX)
}

fn message(message: &Message) -> usize {
    let calls = message.tool_calls.iter();
    let calls = calls.map(|call| call.name.len() + call.arguments.to_string().len());
    let bytes = message.content.len() + calls.sum::<usize>();
    TOKENS_A_MESSAGE + tokens(bytes) + message.images.len() * TOKENS_AN_IMAGE
}

fn tool(tool: &ToolSpec) -> usize {
    let schema = tool.parameters.to_string();
    TOKENS_A_MESSAGE + tokens(tool.name.len() + tool.description.len() + schema.len())
}

fn tokens(bytes: usize) -> usize {
    bytes.div_ceil(BYTES_A_TOKEN)
}
