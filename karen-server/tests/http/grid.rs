//! The golden grid: what each operation answers to each kind of caller.
//!
//! Every operation of the document is called by everybody, with a body made from its own schema and
//! with ids of things that the owner of the default tenant has. `grid.txt` holds the answers; a
//! route that is missing there, or a permission that changed, fails the test. With
//! `KAREN_WRITE_GRID=1` the table is written anew, for a person to read its difference.

mod body;

use std::collections::BTreeMap;
use std::path::Path;

use axum::http::HeaderValue;
use futures::{StreamExt, stream};
use karen_core::auth::Role;
use serde_json::{Value, json};
use tempfile::TempDir;

use self::body::body_of;
use crate::harness::{Reply, Site, in_memory, json_request, text};

const TABLE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/http/grid.txt");
/// As the examples in the document have it, so that what asks for the password gets the right one.
const PASSWORD: &str = "a handful of plain words";
/// What `PUT /api/v1/me/password` changes it to.
const LATER_PASSWORD: &str = "a handful of other words";
const ACTOR: &str = "actor@example.org";

/// Somebody who calls every operation.
#[derive(Clone, Copy)]
enum Actor {
    Nobody,
    Member(Role),
    /// Owns a tenant of their own, and nothing of the default one.
    Stranger,
    /// A key of the owner's that allows one thing.
    Key,
}

impl Actor {
    fn all() -> Vec<Self> {
        let members = Role::ALL.iter().map(|role| Self::Member(*role));
        let others = [Self::Stranger, Self::Key];
        [Self::Nobody]
            .into_iter()
            .chain(members)
            .chain(others)
            .collect()
    }

    fn name(self) -> &'static str {
        match self {
            Self::Nobody => "nobody",
            Self::Member(role) => role.as_str(),
            Self::Stranger => "stranger",
            Self::Key => "key",
        }
    }
}

/// A server of one actor's own: what one does, no other meets.
struct Stage {
    site: Site,
    actor: Actor,
    token: String,
    things: BTreeMap<&'static str, String>,
    _outbox: TempDir,
}

impl Stage {
    async fn of(actor: Actor) -> Self {
        let mut config = in_memory();
        // Each login comes from an address of its own.
        config.server.trusted_proxies = vec!["127.0.0.1".parse().expect("a network")];
        let outbox = TempDir::new().expect("folder");
        config.mail.folder = outbox.path().to_owned();
        // Browsers make passkeys for a name only.
        config.server.public_url = "http://localhost:8000".to_owned();
        let site = Site::with(config).await;
        let owner = set_up(&site).await;
        let things = things(&site, &owner).await;
        let mut stage = Self {
            site,
            actor,
            token: String::new(),
            things,
            _outbox: outbox,
        };
        stage.token = stage.enter(&owner).await;
        stage
    }

    /// Makes the actor, and answers what they show.
    async fn enter(&self, owner: &str) -> String {
        let account = json!({ "email": ACTOR, "name": "Actor", "password": PASSWORD });
        match self.actor {
            Actor::Nobody => String::new(),
            Actor::Member(Role::Owner) => owner.to_owned(),
            Actor::Member(role) => {
                let mut account = account;
                account["role"] = json!(role.as_str());
                self.site
                    .post("/api/v1/users", owner, &account)
                    .await
                    .expect(201);
                self.log_in(PASSWORD).await.expect("it is new")
            }
            Actor::Stranger => {
                let tenant = json!({ "name": "Elsewhere", "owner": account });
                self.site
                    .post("/api/v1/tenants", owner, &tenant)
                    .await
                    .expect(201);
                self.log_in(PASSWORD).await.expect("it is new")
            }
            Actor::Key => {
                let key = json!({ "name": "key", "permissions": ["models:read"] });
                let made = self.site.post("/api/v1/api-keys", owner, &key).await;
                text(&made.expect(201).json()["key"])
            }
        }
    }

    async fn log_in(&self, password: &str) -> Option<String> {
        let email = match self.actor {
            Actor::Member(Role::Owner) => "ada@example.com",
            _ => ACTOR,
        };
        let login = json!({ "email": email, "password": password });
        let request = json_request("POST", "/api/v1/auth/login", "", &login);
        let reply = self.site.whole(from_anywhere(request)).await;
        (reply.status == 200).then(|| text(&reply.json()["access_token"]))
    }

    /// A token that is alive, whatever the last call ended.
    async fn fresh(&mut self) {
        if matches!(self.actor, Actor::Nobody | Actor::Key) {
            return;
        }
        if self.site.get("/api/v1/me", &self.token).await.status == 401 {
            let token = match self.log_in(PASSWORD).await {
                Some(token) => Some(token),
                None => self.log_in(LATER_PASSWORD).await,
            };
            self.token = token.expect("one of the passwords is right");
        }
    }

    async fn call(&mut self, operation: &Operation) -> u16 {
        self.fresh().await;
        let path = self.place(&operation.path);
        let (method, body) = (operation.method.as_str(), &operation.body);
        let request = json_request(method, &path, &self.token, body);
        let reply: Reply = self.site.whole(from_anywhere(request)).await;
        assert!(
            reply.status < 500 || reply.status == 503,
            "{method} {path}: {:?}",
            reply.bytes
        );
        reply.status
    }

    /// The path with ids of the owner's things.
    fn place(&self, path: &str) -> String {
        let found = self
            .things
            .iter()
            .find(|(prefix, _)| path.starts_with(**prefix));
        let id = found.map_or("none", |(_, id)| id.as_str());
        path.replace("{id}", id).replace("{name}", "none")
    }
}

/// Each from an address of its own, where the proxy is believed.
pub(crate) fn from_anywhere(
    mut request: axum::http::Request<axum::body::Body>,
) -> axum::http::Request<axum::body::Body> {
    let [a, b, c, _] = rand::random::<[u8; 4]>();
    let address = format!("198.{a}.{b}.{c}");
    let address = HeaderValue::from_str(&address).expect("digits and dots");
    request.headers_mut().insert("x-forwarded-for", address);
    request
}

async fn set_up(site: &Site) -> String {
    let made = site.set_up_as("ada@example.com", PASSWORD).await;
    text(&made.expect(201).json()["access_token"])
}

/// What the owner has, by the beginning of the paths that lead to it.
async fn things(site: &Site, owner: &str) -> BTreeMap<&'static str, String> {
    let said = json!({ "message": "My dog is called Biscuit." });
    site.post("/api/v1/chat", owner, &said).await.expect(200);
    let listed = site.get("/api/v1/conversations", owner).await.json();
    let conversation = text(&listed["data"][0]["id"]);
    let path = format!("/api/v1/conversations/{conversation}/messages");
    let messages = site.get(&path, owner).await.json();
    let note = json!({ "text": "The cat is called Crumb." });
    let note = site
        .post("/api/v1/memory", owner, &note)
        .await
        .expect(201)
        .json();
    let eve = json!({ "email": "victim@example.org", "name": "Victim", "password": PASSWORD });
    let eve = site
        .post("/api/v1/users", owner, &eve)
        .await
        .expect(201)
        .json();
    let gwen = json!({ "userName": "gwen@example.org" });
    let gwen = site.post("/scim/v2/Users", owner, &gwen).await;
    let key = site
        .post("/api/v1/api-keys", owner, &json!({ "name": "k" }))
        .await
        .json();
    let sessions = site.get("/api/v1/me/sessions", owner).await.json();
    BTreeMap::from([
        ("/api/v1/conversations/", conversation),
        ("/api/v1/turns/", text(&messages["data"][0]["turn"])),
        ("/api/v1/memory/", text(&note["id"])),
        ("/api/v1/users/", text(&eve["id"])),
        ("/scim/v2/Users/", text(&gwen.expect(201).json()["id"])),
        ("/api/v1/auth/passkeys/", format!("pas_{:032}", 0)),
        ("/api/v1/api-keys/", text(&key["id"])),
        ("/api/v1/me/sessions/", text(&sessions["data"][0]["id"])),
        ("/api/v1/me/tenants/", "default".to_owned()),
        ("/api/v1/tenants/", format!("ten_{:032}", 0)),
        ("/api/v1/invitations/", format!("one_{:032}", 0)),
    ])
}

/// What the document offers, with a body that it takes.
pub(crate) struct Operation {
    pub(crate) method: String,
    pub(crate) path: String,
    pub(crate) body: Value,
}

/// Every operation of the document, what deletes last.
pub(crate) fn operations(document: &Value) -> Vec<Operation> {
    let mut all = Vec::new();
    for (path, item) in document["paths"].as_object().expect("paths") {
        for (method, operation) in item.as_object().expect("operations") {
            all.push(Operation {
                method: method.to_uppercase(),
                path: path.clone(),
                body: body_of(document, operation),
            });
        }
    }
    all.sort_by_key(|o| (turn(o), o.path.clone(), o.method.clone()));
    all
}

/// What deletes comes last, so that the others find what they ask for, and what deletes the actor
/// after that.
fn turn(operation: &Operation) -> u8 {
    match operation.path.as_str() {
        "/api/v1/privacy/erase" => 2,
        _ => u8::from(operation.method == "DELETE"),
    }
}

async fn column(actor: Actor, operations: &[Operation]) -> Vec<u16> {
    let mut stage = Stage::of(actor).await;
    let mut statuses = Vec::with_capacity(operations.len());
    for operation in operations {
        statuses.push(stage.call(operation).await);
    }
    statuses
}

fn table(operations: &[Operation], columns: &[Vec<u16>]) -> String {
    let names: String = Actor::all()
        .iter()
        .map(|a| format!("{:>10}", a.name()))
        .collect();
    let mut lines = vec![format!("{:<58}{names}", "")];
    for (row, Operation { method, path, .. }) in operations.iter().enumerate() {
        let cells: String = columns.iter().map(|c| format!("{:>10}", c[row])).collect();
        lines.push(format!("{method:<7}{path:<51}{cells}"));
    }
    lines.join("\n") + "\n"
}

#[tokio::test(flavor = "multi_thread")]
async fn every_operation_answers_every_caller_as_the_table_says() {
    let document = serde_json::to_value(karen_server::openapi()).expect("json");
    let operations = operations(&document);
    let columns: Vec<Vec<u16>> = stream::iter(Actor::all())
        .map(|actor| column(actor, &operations))
        .buffered(2)
        .collect()
        .await;
    let found = table(&operations, &columns);
    if std::env::var_os("KAREN_WRITE_GRID").is_some() {
        std::fs::write(Path::new(TABLE), &found).expect("written");
    }
    let kept = std::fs::read_to_string(TABLE).unwrap_or_default();
    for (found, kept) in found.lines().zip(kept.lines()) {
        assert_eq!(found, kept, "if it is meant: KAREN_WRITE_GRID=1");
    }
    assert_eq!(found, kept, "if it is meant: KAREN_WRITE_GRID=1");
}
