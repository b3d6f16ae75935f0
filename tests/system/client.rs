//! A client of Karen's own routes.

use futures::StreamExt;
use futures::stream::BoxStream;
use serde_json::{Value, json};

use crate::server::RunningServer;

/// Whoever holds an API key.
#[derive(Clone)]
pub(crate) struct Client {
    http: reqwest::Client,
    url: String,
    key: String,
}

/// An event of a turn, as a frame of server-sent events.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Event {
    /// Its number; `None` before the first.
    pub(crate) number: Option<u64>,
    pub(crate) kind: String,
    pub(crate) data: Value,
}

/// The events of a turn as they arrive; ends when the connection does.
pub(crate) struct Events {
    /// The turn, as the headers name it: there before any event.
    pub(crate) turn: String,
    pub(crate) conversation: String,
    bytes: BoxStream<'static, reqwest::Result<Vec<u8>>>,
    unread: String,
}

impl Client {
    /// Makes the first account of a fresh server, and a key of it.
    pub(crate) async fn of_first_account(server: &RunningServer) -> Self {
        let token = server.setup_token.as_ref().expect("there is no account");
        let mut client = Self {
            http: reqwest::Client::new(),
            url: server.url.clone(),
            key: String::new(),
        };
        let account = json!({
            "setup_token": token, "email": "ada@example.com", "name": "Ada",
            "password": "a long enough password",
        });
        let signed_in = client.post("/api/v1/setup", &account).await;
        client.key = signed_in["access_token"].as_str().unwrap().to_owned();
        let key = client
            .post("/api/v1/api-keys", &json!({ "name": "test" }))
            .await;
        client.key = key["key"].as_str().unwrap().to_owned();
        client
    }

    /// The same account on a server that was started again.
    pub(crate) fn on(&self, server: &RunningServer) -> Self {
        Self {
            // Connections of the server before are of no use.
            http: reqwest::Client::new(),
            url: server.url.clone(),
            key: self.key.clone(),
        }
    }

    /// Somebody else of the tenant, with a role and an access token.
    pub(crate) async fn joined(&self, email: &str, role: &str) -> Self {
        let password = "another long enough password";
        let account = json!({ "email": email, "name": role, "password": password, "role": role });
        self.post("/api/v1/users", &account).await;
        let login = json!({ "email": email, "password": password });
        let signed_in = self.post("/api/v1/auth/login", &login).await;
        let mut joined = self.clone();
        joined.key = signed_in["access_token"].as_str().unwrap().to_owned();
        joined
    }

    pub(crate) fn key(&self) -> &str {
        &self.key
    }

    pub(crate) async fn get(&self, path: &str) -> Value {
        let request = self.http.get(format!("{}{path}", self.url));
        answer(request.bearer_auth(&self.key)).await
    }

    pub(crate) async fn post(&self, path: &str, body: &Value) -> Value {
        let request = self.http.post(format!("{}{path}", self.url)).json(body);
        answer(request.bearer_auth(&self.key)).await
    }

    /// Says something; the message is acknowledged when this is `Ok`.
    pub(crate) async fn chat(&self, body: &Value) -> reqwest::Result<Events> {
        let request = self
            .http
            .post(format!("{}/api/v1/chat", self.url))
            .json(body);
        Events::of(request.bearer_auth(&self.key)).await
    }

    /// Listens to a turn again, from the event after number `after`.
    pub(crate) async fn resume(&self, turn: &str, after: u64) -> Vec<Event> {
        let path = format!("{}/api/v1/turns/{turn}/events?after={after}", self.url);
        let events = Events::of(self.http.get(path).bearer_auth(&self.key)).await;
        events.unwrap().rest().await
    }
}

impl Events {
    async fn of(request: reqwest::RequestBuilder) -> reqwest::Result<Self> {
        let response = request.send().await?.error_for_status()?;
        let header = |name: &str| response.headers()[name].to_str().unwrap().to_owned();
        let (turn, conversation) = (header("karen-turn"), header("karen-conversation"));
        let bytes = response.bytes_stream().map(|piece| Ok(piece?.to_vec()));
        Ok(Self {
            turn,
            conversation,
            bytes: bytes.boxed(),
            unread: String::new(),
        })
    }

    /// `None` when the stream or the connection has ended.
    pub(crate) async fn next(&mut self) -> Option<Event> {
        loop {
            if let Some((frame, rest)) = self.unread.split_once("\n\n") {
                let event = event(frame);
                self.unread = rest.to_owned();
                if let Some(event) = event {
                    return Some(event);
                }
                continue;
            }
            let piece = self.bytes.next().await?.ok()?;
            self.unread.push_str(std::str::from_utf8(&piece).ok()?);
        }
    }

    pub(crate) async fn rest(mut self) -> Vec<Event> {
        let mut events = Vec::new();
        while let Some(event) = self.next().await {
            events.push(event);
        }
        events
    }
}

async fn answer(request: reqwest::RequestBuilder) -> Value {
    let response = request.send().await.unwrap();
    let status = response.status();
    let text = response.text().await.unwrap();
    assert!(status.is_success(), "{status}: {text}");
    serde_json::from_str(&text).unwrap()
}

/// `None` for a comment.
fn event(frame: &str) -> Option<Event> {
    let field = |name: &str| frame.lines().find_map(|line| line.strip_prefix(name));
    Some(Event {
        number: field("id: ").map(|number| number.parse().unwrap()),
        kind: field("event: ")?.to_owned(),
        data: serde_json::from_str(field("data: ")?).unwrap(),
    })
}
