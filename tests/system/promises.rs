//! What clients were promised, and whether a server keeps it.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::client::{Client, Event, Events};

/// A message that was acknowledged, and what its client has seen of the turn.
pub(crate) struct Acknowledged {
    pub(crate) message: String,
    /// Whether memory may know of it.
    pub(crate) is_remembered: bool,
    pub(crate) turn: String,
    pub(crate) conversation: String,
    pub(crate) seen: Vec<Event>,
}

/// All that clients were promised, and who asks for it.
pub(crate) struct Promises {
    pub(crate) client: Client,
    pub(crate) turns: Vec<Acknowledged>,
}

/// Says something, as the body of a request; `None` if it was refused, and then nothing is promised.
pub(crate) async fn say(client: &Client, body: Value) -> Option<(Acknowledged, Events)> {
    let events = client.chat(&body).await.ok()?;
    let turn = Acknowledged {
        message: body["message"].as_str().unwrap().to_owned(),
        is_remembered: body["remember"].as_bool().unwrap_or(true),
        turn: events.turn.clone(),
        conversation: events.conversation.clone(),
        seen: Vec::new(),
    };
    Some((turn, events))
}

impl Promises {
    /// Checks the turns from number `first` on.
    pub(crate) async fn check_turns(&self, first: usize) {
        for turn in &self.turns[first..] {
            turn.check(&self.client).await;
        }
    }

    /// Checks that each message is remembered once, and none that is not to be.
    pub(crate) async fn check_memory(&self) {
        let remembered = self.remembered().await;
        for turn in &self.turns {
            let times = remembered.get(&turn.message).copied();
            let expected = turn.is_remembered.then_some(1);
            assert_eq!(times, expected, "{}", turn.message);
        }
        let is_private = !self.turns.iter().any(|turn| turn.is_remembered);
        if is_private && !self.turns.is_empty() {
            assert!(remembered.is_empty(), "{remembered:?}");
        }
    }

    /// How often each text is remembered.
    async fn remembered(&self) -> BTreeMap<String, u32> {
        let mut remembered: BTreeMap<String, u32> = BTreeMap::new();
        let mut path = "/api/v1/memory?limit=200".to_owned();
        loop {
            let page = self.client.get(&path).await;
            for memory in page["data"].as_array().unwrap() {
                let text = memory["text"].as_str().unwrap().to_owned();
                *remembered.entry(text).or_default() += 1;
            }
            let Some(cursor) = page["next_cursor"].as_str() else {
                return remembered;
            };
            path = format!("/api/v1/memory?limit=200&cursor={cursor}");
        }
    }

    /// Checks that no conversation is left without a message.
    pub(crate) async fn check_conversations(&self) {
        let all = self.client.get("/api/v1/conversations?limit=200").await;
        for conversation in all["data"].as_array().unwrap() {
            let id = conversation["id"].as_str().unwrap();
            let path = format!("/api/v1/conversations/{id}/messages");
            let messages = self.client.get(&path).await;
            assert_ne!(messages["data"], json!([]), "{conversation}");
        }
    }
}

impl Acknowledged {
    /// Whether the client has seen the end.
    pub(crate) fn is_done(&self) -> bool {
        self.seen.iter().any(|event| event.kind == "done")
    }

    async fn check(&self, client: &Client) {
        let message = &self.message;
        let path = format!(
            "/api/v1/conversations/{}/messages?limit=200",
            self.conversation
        );
        let messages = client.get(&path).await;
        let with = |field: &str, value: &str, role: &str| -> Vec<Value> {
            let all = messages["data"].as_array().unwrap().iter();
            all.filter(|m| m[field] == json!(value) && m["role"] == json!(role))
                .cloned()
                .collect()
        };
        let said = with("content", message, "user");
        let answers = with("turn", &self.turn, "assistant");
        assert_eq!(said.len(), 1, "{message}");
        assert_eq!(said[0]["turn"], json!(self.turn), "{message}");
        assert_eq!(answers.len(), 1, "{message}");
        let state = match self.check_log(client, &answers[0]).await.as_str() {
            "interrupted" => "interrupted",
            _ => "complete",
        };
        assert_eq!(answers[0]["state"], json!(state), "{message}");
    }

    /// Replays the turn, and gives how it ended.
    async fn check_log(&self, client: &Client, answer: &Value) -> String {
        let message = &self.message;
        let replayed = client.resume(&self.turn, 0).await;
        let numbered = |event: &&Event| event.number.is_some();
        let events: Vec<&Event> = replayed.iter().filter(numbered).collect();
        let numbers: Vec<u64> = events.iter().filter_map(|event| event.number).collect();
        let expected: Vec<u64> = (1..=events.len() as u64).collect();
        assert_eq!(numbers, expected, "{message}");
        let done = events.last().expect("a turn ends");
        assert_eq!(done.kind, "done", "{message}");
        let deltas = events.iter().filter(|event| event.kind == "delta");
        let pieces = deltas.map(|event| event.data["text"].as_str().unwrap());
        let text: String = pieces.collect();
        assert_eq!(answer["content"], json!(text), "{message}");
        if self.is_done() {
            let seen: Vec<&Event> = self.seen.iter().filter(numbered).collect();
            assert_eq!(seen, events, "what was said to be over is as it was");
        }
        let again = client.resume(&self.turn, u64::from(u32::MAX)).await;
        assert_eq!(again.last(), Some(*done), "a late reader learns of the end");
        let finish = done.data["finish"].as_str().unwrap();
        if finish != "interrupted" {
            self.check_resuming(client, &replayed).await;
        }
        finish.to_owned()
    }

    /// Whoever has seen any part of a whole answer is given the rest.
    async fn check_resuming(&self, client: &Client, replayed: &[Event]) {
        for seen in &self.seen {
            let after = seen.number.unwrap_or_default();
            let rest = client.resume(&self.turn, after).await;
            let rest: Vec<&Event> = rest.iter().filter(|e| e.number.is_some()).collect();
            let expected = replayed.iter().filter(|e| e.number > Some(after));
            let expected: Vec<&Event> = expected.collect();
            if !expected.is_empty() {
                assert_eq!(rest, expected, "{} after {after}", self.message);
            }
            let known = replayed.iter().find(|event| event.number == seen.number);
            assert_eq!(known, Some(seen), "what was seen is as it was");
        }
    }
}
