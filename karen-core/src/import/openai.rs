//! OpenAI's `conversations.json`: each conversation is a tree of messages, and the branch that was
//! on screen last is the one that counts.

use std::collections::HashMap;

use serde::Deserialize;

use super::{Exported, ExportedMessage, refuse};
use crate::Result;
use crate::conversation::Role;

#[derive(Deserialize)]
struct Tree {
    #[serde(alias = "conversation_id")]
    id: Option<String>,
    title: Option<String>,
    create_time: Option<f64>,
    mapping: HashMap<String, Node>,
    current_node: Option<String>,
}

#[derive(Deserialize)]
struct Node {
    message: Option<NodeMessage>,
    parent: Option<String>,
    #[serde(default)]
    children: Vec<String>,
}

#[derive(Deserialize)]
struct NodeMessage {
    author: Author,
    content: Content,
    create_time: Option<f64>,
}

#[derive(Deserialize)]
struct Author {
    role: String,
}

/// Pictures and files are parts that are no text: the text around them is taken.
#[derive(Deserialize)]
struct Content {
    #[serde(default)]
    parts: Vec<serde_json::Value>,
}

pub(super) fn parse(text: &str) -> Result<Vec<Exported>> {
    let trees: Vec<serde_json::Value> = serde_json::from_str(text)
        .map_err(|e| refuse(format!("the file is no JSON array of conversations: {e}")))?;
    trees
        .into_iter()
        .enumerate()
        .map(|(index, tree)| exported(index, tree))
        .collect()
}

fn exported(index: usize, tree: serde_json::Value) -> Result<Exported> {
    let tree: Tree = serde_json::from_value(tree)
        .map_err(|e| refuse(format!("conversation {} cannot be read: {e}", index + 1)))?;
    let messages = branch(&tree)
        .ok_or_else(|| refuse(format!("conversation {} goes in a circle", index + 1)))?;
    let key = tree.id.clone().unwrap_or_else(|| {
        format!(
            "{}@{}",
            tree.title.as_deref().unwrap_or_default(),
            tree.create_time.unwrap_or_default()
        )
    });
    Ok(Exported {
        key,
        title: tree.title,
        messages,
    })
}

/// From the leaf up to the root; `None` if the parents never end.
fn branch(tree: &Tree) -> Option<Vec<ExportedMessage>> {
    let mut next = tree.current_node.clone().or_else(|| newest_leaf(tree));
    let mut messages = Vec::new();
    let mut steps = 0;
    while let Some(node) = next.as_ref().and_then(|id| tree.mapping.get(id)) {
        messages.extend(node.message.as_ref().and_then(message));
        next = node.parent.clone();
        steps += 1;
        if steps > tree.mapping.len() {
            return None;
        }
    }
    messages.reverse();
    Some(messages)
}

fn newest_leaf(tree: &Tree) -> Option<String> {
    let time = |node: &Node| {
        node.message
            .as_ref()
            .and_then(|m| m.create_time)
            .unwrap_or_default()
    };
    let leaves = tree
        .mapping
        .iter()
        .filter(|(_, node)| node.children.is_empty());
    let newest = leaves.max_by(|a, b| time(a.1).total_cmp(&time(b.1)).then_with(|| a.0.cmp(b.0)));
    newest.map(|(id, _)| id.clone())
}

/// System prompts, tools and empty messages are no part of what was said.
fn message(node: &NodeMessage) -> Option<ExportedMessage> {
    let role = Role::parse(&node.author.role)?;
    let parts: Vec<&str> = node
        .content
        .parts
        .iter()
        .filter_map(|part| part.as_str())
        .collect();
    let content = parts.join("\n");
    let at = node.create_time.map(|seconds| (seconds * 1000.0) as i64);
    (!content.trim().is_empty()).then_some(ExportedMessage { role, content, at })
}
