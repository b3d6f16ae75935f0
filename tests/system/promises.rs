//! What clients were promised, and whether a server keeps it.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::client::{Client, Event, Events};

/// A message that was acknowledged, and what its client has seen of the turn.
pub(crate) struct Acknowledged {
    pub(crate) message: String,
    pub(crate) turn: String,
    pub(crate) conversation: String,
    pub(crate) seen: Vec<Event>,
}

/// All that clients were promised, and who asks for it.
pub(crate) struct Promises {
    pub(crate) client: Client,
    pub(crate) turns: Vec<Acknowledged>,
}

/// Says something; `None` if it was refused, and then nothing is promised.
pub(crate) async fn say(
    client: &Client,
    message: String,
    conversation: Option<&str>,
) -> Option<(Acknowledged, Events)> {
    let mut body = json!({ "message": message });
    if let Some(conversation) = conversation {
        body["conversation"] = json!(conversation);
    }
    let mut events = client.chat(&body).await.ok()?;
    let opening = events.next().await.expect("the turn is named first").data;
    let name = |field: &str| opening[field].as_str().unwrap().to_owned();
    let turn = Acknowledged {
        message,
        turn: name("turn"),
        conversation: name("conversation"),
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

    /// Checks that each message is remembered, and once.
    pub(crate) async fn check_memory(&self) {
        let mut remembered: BTreeMap<String, u32> = BTreeMap::new();
        let mut path = "/api/v1/memories?limit=200".to_owned();
        loop {
            let page = self.client.get(&path).await;
            for memory in page["data"].as_array().unwrap() {
                let text = memory["text"].as_str().unwrap().to_owned();
                *remembered.entry(text).or_default() += 1;
            }
            let Some(cursor) = page["next_cursor"].as_str() else {
                break;
            };
            path = format!("/api/v1/memories?limit=200&cursor={cursor}");
        }
        for turn in &self.turns {
            let times = remembered.get(&turn.message);
            assert_eq!(times, Some(&1), "{}", turn.message);
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
        let of_turn = |role: &str| -> Vec<Value> {
            let all = messages["data"].as_array().unwrap().iter();
            all.filter(|m| m["turn"] == json!(self.turn) && m["role"] == json!(role))
                .cloned()
                .collect()
        };
        let (said, answers) = (of_turn("user"), of_turn("assistant"));
        assert_eq!(said.len(), 1, "{message}");
        assert_eq!(said[0]["content"], json!(message));
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
        if let Some(seen) = self.seen.iter().find(|event| event.kind == "done") {
            assert_eq!(&seen, done, "what was said to be over is as it was");
        }
        let again = client.resume(&self.turn, u64::from(u32::MAX)).await;
        assert_eq!(again.last(), Some(*done), "a late reader learns of the end");
        done.data["finish"].as_str().unwrap().to_owned()
    }
}
