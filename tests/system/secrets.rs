//! Whatever people do, and however wrongly: what a server logs tells nobody's secrets, and neither do its
//! refusals.

use reqwest::{Method, Response, StatusCode};
use serde_json::{Value, json};

use crate::server::{RunningServer, Start};

const EMAIL: &str = "ada@example.com";
const PASSWORD: &str = "a long enough password";
const WRONG: &str = "quite another long enough password";
const SAID: &str = "My wombat is called Quagmire";
/// Fields of answers that hold what nobody else may know.
const SECRET_FIELDS: [&str; 5] = ["access_token", "refresh_token", "key", "secret", "uri"];

/// Somebody who does everything, and remembers what must not be told.
struct Person {
    http: reqwest::Client,
    url: String,
    token: String,
    secrets: Vec<String>,
    /// What was refused, word for word.
    refusals: Vec<String>,
}

impl Person {
    fn of(server: &RunningServer) -> Self {
        let setup = server.setup_token.clone().expect("there is no account");
        Self {
            http: reqwest::Client::new(),
            url: server.url.clone(),
            token: String::new(),
            secrets: vec![
                PASSWORD.to_owned(),
                WRONG.to_owned(),
                SAID.to_owned(),
                setup,
            ],
            refusals: Vec::new(),
        }
    }

    async fn send(&self, method: Method, path: &str, body: &Value) -> Response {
        let request = self.http.request(method, format!("{}{path}", self.url));
        let request = request.bearer_auth(&self.token).json(body);
        request.send().await.unwrap()
    }

    /// What is answered; its secrets are remembered.
    async fn call(&mut self, method: Method, path: &str, body: &Value) -> Value {
        let answer = self.send(method, path, body).await;
        let (status, text) = (answer.status(), answer.text().await.unwrap());
        assert!(status.is_success(), "{path}: {status}: {text}");
        let answer = serde_json::from_str(&text).unwrap_or(Value::Null);
        for field in SECRET_FIELDS {
            self.secrets
                .extend(answer[field].as_str().map(str::to_owned));
        }
        let codes = answer["recovery_codes"].as_array().into_iter().flatten();
        self.secrets
            .extend(codes.filter_map(|code| code.as_str().map(str::to_owned)));
        answer
    }

    async fn post(&mut self, path: &str, body: &Value) -> Value {
        self.call(Method::POST, path, body).await
    }

    /// What is refused must not say again what it was given.
    async fn refused(&mut self, method: Method, path: &str, body: &Value) {
        let answer = self.send(method, path, body).await;
        let status = answer.status();
        assert!(status.is_client_error(), "{path}: {status}");
        self.refusals.push(answer.text().await.unwrap());
    }

    /// The first account, a login, a refresh, a key and an authenticator.
    async fn come_in(&mut self) {
        let setup = self.secrets.last().unwrap().clone();
        let account = json!({
            "setup_token": setup, "email": EMAIL, "name": "Ada", "password": PASSWORD,
        });
        self.post("/api/v1/setup", &account).await;
        let login = json!({ "email": EMAIL, "password": PASSWORD });
        let signed_in = self.post("/api/v1/auth/login", &login).await;
        let refresh = json!({ "refresh_token": signed_in["refresh_token"] });
        let refreshed = self.post("/api/v1/auth/refresh", &refresh).await;
        self.token = refreshed["access_token"].as_str().unwrap().to_owned();
        self.post("/api/v1/api-keys", &json!({ "name": "script" }))
            .await;
        self.post("/api/v1/me/second-factor", &json!({})).await;
    }

    /// Speaks, and is remembered.
    async fn speak(&mut self) {
        self.post("/api/v1/chat", &json!({ "message": SAID })).await;
        self.post("/api/v1/memory", &json!({ "text": format!("{SAID}.") }))
            .await;
        let query = json!({ "query": format!("{SAID}?") });
        self.post("/api/v1/memory/search", &query).await;
        let said = [json!({ "role": "user", "content": SAID })];
        let asked = json!({ "model": "karen-demo", "messages": said });
        self.post("/v1/chat/completions", &asked).await;
    }

    /// Puts secrets where they do not belong.
    async fn err(&mut self) {
        let (post, get) = (Method::POST, Method::GET);
        let token = self.token.clone();
        let cases = [
            (
                post.clone(),
                "/api/v1/auth/login",
                json!({ "email": EMAIL, "password": WRONG }),
            ),
            (
                post.clone(),
                "/api/v1/auth/login",
                json!({ "email": PASSWORD, "pasword": PASSWORD }),
            ),
            (
                post.clone(),
                "/api/v1/auth/login",
                json!({ "email": EMAIL, "password": [PASSWORD] }),
            ),
            (
                post.clone(),
                "/api/v1/auth/refresh",
                json!({ "refresh_token": format!("{token}x") }),
            ),
            (
                post.clone(),
                "/api/v1/chat",
                json!({ "message": { "text": SAID } }),
            ),
            (
                post.clone(),
                "/api/v1/chat",
                json!({ "message": SAID, "model": SAID }),
            ),
            (
                post.clone(),
                "/api/v1/memory/search",
                json!({ "query": SAID, "limit": SAID }),
            ),
            (
                post.clone(),
                "/v1/chat/completions",
                json!({ "messages": SAID }),
            ),
            (
                post,
                "/api/v1/users",
                json!({ "email": PASSWORD, "name": "x", "password": PASSWORD }),
            ),
            (get, "/api/v1/conversations/no-such-thing", json!({})),
        ];
        for (method, path, body) in cases {
            self.refused(method, path, &body).await;
        }
        self.token = String::new();
        let path = format!("/api/v1/me?access_token={token}");
        self.refused(Method::GET, &path, &json!({})).await;
        self.token = format!("{token}x");
        self.refused(Method::GET, "/api/v1/me", &json!({})).await;
        self.token = token;
    }
}

/// At the level that tells most, libraries too.
#[tokio::test]
async fn no_secret_and_no_word_of_anybody_is_ever_logged_or_said_again() {
    let folder = tempfile::tempdir().unwrap();
    let start = Start::on(folder.path()).demo_model();
    let server = start.set("log.level", "trace").set("log.format", "json");
    let server = server.serve().await;
    let mut person = Person::of(&server);
    person.come_in().await;
    person.speak().await;
    person.err().await;
    let log = server.log.text();
    assert!(log.lines().count() > 100, "it logs");
    server.log.require_none_of(&person.secrets);
    for path in ["/metrics", "/health", "/openapi.json"] {
        let answer = person.send(Method::GET, path, &json!({})).await;
        assert_eq!(answer.status(), StatusCode::OK);
        let text = answer.text().await.unwrap();
        person
            .refusals
            .push(text.replace(PASSWORD, "an example of the document's"));
    }
    for secret in &person.secrets {
        let told = person.refusals.iter().find(|text| text.contains(secret));
        assert_eq!(told, None, "an answer tells {secret:?}");
    }
    server.stop().await;
}
