//! A server on a free port, and a client that shows everything of an answer.

use std::net::SocketAddr;

use axum::body::{Body, Bytes};
use axum::http::header::{AUTHORIZATION, CONTENT_TYPE, HOST};
use axum::http::{HeaderMap, Request, Response};
use http_body_util::BodyExt;
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use karen_core::Karen;
use karen_core::config::Config;
use karen_server::Server;
use serde_json::{Value, json};
use tokio::net::TcpStream;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

pub(crate) const EMAIL: &str = "ada@example.org";
pub(crate) const PASSWORD: &str = "correct horse battery staple";

/// A running server that keeps everything in memory.
pub(crate) struct Site {
    pub(crate) karen: Karen,
    pub(crate) address: SocketAddr,
    stop: oneshot::Sender<()>,
    served: JoinHandle<karen_core::Result<()>>,
}

/// An answer, whole.
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    pub(crate) bytes: Bytes,
}

pub(crate) fn in_memory() -> Config {
    let mut config = Config::default();
    config.data.folder = ":memory:".into();
    config.server.listen = SocketAddr::from(([127, 0, 0, 1], 0));
    config
}

impl Site {
    pub(crate) async fn open() -> Self {
        Self::with(in_memory()).await
    }

    pub(crate) async fn with(config: Config) -> Self {
        let karen = Karen::builder().config(config).open().await.expect("open");
        let server = Server::bind(karen.clone()).await.expect("bind");
        let address = server.address();
        let (stop, stopped) = oneshot::channel();
        let served = tokio::spawn(server.run(async move { stopped.await.unwrap_or(()) }));
        Self {
            karen,
            address,
            stop,
            served,
        }
    }

    pub(crate) async fn close(self) {
        self.stop.send(()).expect("the server runs");
        self.served.await.expect("no panic").expect("closed");
    }

    /// The access token of the first account.
    pub(crate) async fn owner(&self) -> String {
        text(&self.set_up().await.json()["access_token"])
    }

    pub(crate) async fn set_up(&self) -> Reply {
        self.set_up_as(EMAIL, PASSWORD).await
    }

    pub(crate) async fn set_up_as(&self, email: &str, password: &str) -> Reply {
        let token = self
            .karen
            .auth()
            .setup_token()
            .await
            .expect("asked")
            .expect("first run");
        let account = json!({
            "setup_token": token.expose(), "email": email, "name": "Ada", "password": password,
        });
        self.post("/api/v1/setup", "", &account).await
    }

    pub(crate) async fn get(&self, path: &str, token: &str) -> Reply {
        self.whole(request("GET", path, token, Body::empty())).await
    }

    pub(crate) async fn delete(&self, path: &str, token: &str) -> Reply {
        self.whole(request("DELETE", path, token, Body::empty()))
            .await
    }

    pub(crate) async fn post(&self, path: &str, token: &str, body: &Value) -> Reply {
        self.whole(json_request("POST", path, token, body)).await
    }

    pub(crate) async fn put(&self, path: &str, token: &str, body: &Value) -> Reply {
        self.whole(json_request("PUT", path, token, body)).await
    }

    /// Makes an account with a role, and gives its access token.
    pub(crate) async fn joined(&self, owner: &str, email: &str, role: &str) -> String {
        let account = json!({ "email": email, "name": "Eve", "password": PASSWORD, "role": role });
        self.post("/api/v1/users", owner, &account)
            .await
            .expect(201);
        self.log_in(email, PASSWORD).await
    }

    /// The access token of a login that takes no code.
    pub(crate) async fn log_in(&self, email: &str, password: &str) -> String {
        let login = json!({ "email": email, "password": password });
        let signed = self.post("/api/v1/auth/login", "", &login).await;
        text(&signed.expect(200).json()["access_token"])
    }

    pub(crate) async fn whole(&self, request: Request<Body>) -> Reply {
        Reply::of(self.send(request).await).await
    }

    /// Sends a request; the body of the answer is still to be read.
    pub(crate) async fn send(&self, request: Request<Body>) -> Response<Body> {
        let stream = TcpStream::connect(self.address).await.expect("connect");
        let (mut sender, connection) = http1::handshake(TokioIo::new(stream))
            .await
            .expect("handshake");
        tokio::spawn(connection);
        sender
            .send_request(request)
            .await
            .expect("answer")
            .map(Body::new)
    }
}

impl Reply {
    pub(crate) async fn of(response: Response<Body>) -> Self {
        let (parts, body) = response.into_parts();
        let bytes = body.collect().await.expect("body").to_bytes();
        Self {
            status: parts.status.as_u16(),
            headers: parts.headers,
            bytes,
        }
    }

    pub(crate) fn text(&self) -> &str {
        std::str::from_utf8(&self.bytes).expect("text")
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.bytes).unwrap_or_else(|e| panic!("{e}: {:?}", self.bytes))
    }

    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers
            .get(name)
            .map_or("", |value| value.to_str().expect("text"))
    }

    /// The status, asserted on with the body at hand.
    #[track_caller]
    pub(crate) fn expect(self, status: u16) -> Self {
        assert_eq!(self.status, status, "{:?}", self.bytes);
        self
    }
}

pub(crate) fn request(method: &str, path: &str, token: &str, body: Body) -> Request<Body> {
    let mut request = Request::builder()
        .method(method)
        .uri(path)
        .header(HOST, "karen.test");
    if !token.is_empty() {
        request = request.header(AUTHORIZATION, format!("Bearer {token}"));
    }
    request.body(body).expect("request")
}

pub(crate) fn json_request(method: &str, path: &str, token: &str, body: &Value) -> Request<Body> {
    let mut request = request(method, path, token, Body::from(body.to_string()));
    request
        .headers_mut()
        .insert(CONTENT_TYPE, "application/json".parse().expect("type"));
    request
}

pub(crate) fn text(value: &Value) -> String {
    value
        .as_str()
        .unwrap_or_else(|| panic!("no text: {value}"))
        .to_owned()
}

/// The events of a stream: type, id, data.
pub(crate) fn events(text: &str) -> Vec<(String, String, Value)> {
    let field = |block: &str, name: &str| {
        let lines = block.lines().filter_map(|line| line.split_once(": "));
        lines
            .filter(|(key, _)| *key == name)
            .map(|(_, value)| value.to_owned())
            .collect::<String>()
    };
    text.split("\n\n")
        .filter(|block| block.contains("data: "))
        .map(|block| {
            let data = serde_json::from_str(&field(block, "data")).expect("json");
            (field(block, "event"), field(block, "id"), data)
        })
        .collect()
}
