//! Chat in the terminal.

use std::io::IsTerminal;

use axum::http::Method;
use karen_core::{Result, TurnEvent, TurnFailure};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use tokio::io::{AsyncBufReadExt, BufReader, Lines, Stdin};
use tokio::signal::ctrl_c;

use super::door::{Door, error_of, json_request};
use super::events::{Event, Events};
use super::say::say_piece;

/// Characters of a memory that are shown below an answer.
const QUOTE_CHARS: usize = 60;

#[derive(Serialize)]
struct Said<'a> {
    message: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    conversation: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    model: Option<&'a str>,
}

#[derive(Deserialize)]
struct Opening {
    turn: String,
    conversation: String,
}

/// A conversation in the terminal.
struct Talk<'a> {
    door: &'a Door,
    model: Option<String>,
    conversation: Option<String>,
    /// What memory brought to the answer that is being given.
    recalled: Vec<String>,
}

pub(super) async fn run(
    door: &Door,
    model: Option<String>,
    conversation: Option<String>,
) -> Result<()> {
    let mut lines = BufReader::new(tokio::io::stdin()).lines();
    let mut talk = Talk {
        door,
        model,
        conversation,
        recalled: Vec::new(),
    };
    while let Some(line) = read_line(&mut lines).await {
        if !line.trim().is_empty() {
            talk.say(line.trim()).await?;
        }
    }
    if let Some(id) = talk.conversation.filter(|_| std::io::stdin().is_terminal()) {
        say!("Go on with: karen-server chat --conversation {id}");
    }
    Ok(())
}

/// `None` at the end of the input, or when Ctrl-C is pressed.
async fn read_line(lines: &mut Lines<BufReader<Stdin>>) -> Option<String> {
    if std::io::stdin().is_terminal() {
        say_piece("> ");
    }
    tokio::select! {
        line = lines.next_line() => line.ok().flatten(),
        _ = ctrl_c() => {
            say!();
            None
        }
    }
}

impl Talk<'_> {
    async fn say(&mut self, message: &str) -> Result<()> {
        let said = Said {
            message,
            conversation: self.conversation.as_deref(),
            model: self.model.as_deref(),
        };
        let response = self
            .door
            .send(json_request(Method::POST, "/api/v1/chat", &said))
            .await?;
        self.listen(Events::of(response)).await
    }

    /// Shows the answer; Ctrl-C stops it, and what it said stays.
    async fn listen(&mut self, mut events: Events) -> Result<()> {
        let mut turn = None;
        loop {
            tokio::select! {
                event = events.next() => match event? {
                    Some(event) if event.kind == "turn" => turn = self.begin(&event),
                    Some(event) => self.show(&event)?,
                    None => return Ok(()),
                },
                _ = ctrl_c() => self.stop(turn.as_deref()).await?,
            }
        }
    }

    fn begin(&mut self, event: &Event) -> Option<String> {
        let opening: Opening = serde_json::from_str(&event.data).ok()?;
        self.conversation = Some(opening.conversation);
        Some(opening.turn)
    }

    async fn stop(&self, turn: Option<&str>) -> Result<()> {
        let Some(turn) = turn else {
            return Ok(());
        };
        let path = format!("/api/v1/turns/{turn}/cancel");
        self.door.post::<Value>(&path, &()).await.map(drop)
    }

    fn show(&mut self, event: &Event) -> Result<()> {
        match serde_json::from_str(&event.data) {
            Ok(TurnEvent::Recall { items }) => {
                self.recalled = items.into_iter().map(|item| quote(&item.text)).collect();
            }
            Ok(TurnEvent::Delta { text }) => {
                say_piece(&text);
            }
            Ok(TurnEvent::ToolCall { name, .. }) => say!("[calls {name}]"),
            Ok(TurnEvent::Done {
                model_answered,
                error,
                ..
            }) => {
                say!();
                return self.end(model_answered, error);
            }
            // Newer servers may say more than this program knows.
            _ => {}
        }
        Ok(())
    }

    fn end(&mut self, model: Option<String>, error: Option<TurnFailure>) -> Result<()> {
        if let Some(failure) = error {
            return Err(error_of(&failure.code, failure.message));
        }
        let model = model.as_deref().unwrap_or("no model");
        let recalled = std::mem::take(&mut self.recalled);
        let because = if recalled.is_empty() {
            "nothing".to_owned()
        } else {
            recalled.join(", ")
        };
        eprintln!("[{model}; recalled: {because}]");
        Ok(())
    }
}

fn quote(text: &str) -> String {
    let short: String = text.chars().take(QUOTE_CHARS).collect();
    let more = if short.len() < text.len() { "..." } else { "" };
    format!("\"{short}{more}\"")
}
