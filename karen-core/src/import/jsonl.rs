//! One message a line: `{"role": "user", "content": "...", "conversation": "...", "at": ...}`.

use std::collections::HashMap;

use serde::Deserialize;

use super::{Exported, ExportedMessage, refuse};
use crate::Result;
use crate::conversation::Role;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Line {
    role: Role,
    content: String,
    /// Lines without one belong together.
    conversation: Option<String>,
    /// Unix milliseconds, or RFC 3339.
    at: Option<Time>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Time {
    Milliseconds(i64),
    Text(jiff::Timestamp),
}

pub(super) fn parse(text: &str) -> Result<Vec<Exported>> {
    let mut conversations: Vec<Exported> = Vec::new();
    let mut places: HashMap<Option<String>, usize> = HashMap::new();
    let lines = text
        .lines()
        .enumerate()
        .filter(|(_, line)| !line.trim().is_empty());
    for (index, line) in lines {
        let line: Line = serde_json::from_str(line)
            .map_err(|e| refuse(format!("line {} cannot be read: {e}", index + 1)))?;
        let place = *places.entry(line.conversation.clone()).or_insert_with(|| {
            conversations.push(Exported {
                key: line
                    .conversation
                    .clone()
                    .unwrap_or_else(|| beginning(&line)),
                title: None,
                messages: Vec::new(),
            });
            conversations.len() - 1
        });
        conversations[place].messages.push(ExportedMessage {
            role: line.role,
            content: line.content,
            at: line.at.map(milliseconds),
        });
    }
    Ok(conversations)
}

/// What tells a conversation without a name from others: how it begins, which stays as it grows.
fn beginning(line: &Line) -> String {
    format!("begins with {:?}: {}", line.role, line.content)
}

fn milliseconds(time: Time) -> i64 {
    match time {
        Time::Milliseconds(at) => at,
        Time::Text(timestamp) => timestamp.as_millisecond(),
    }
}
