//! Random calls of random people of many tenants, with ids of anybody's things: nobody sees or changes
//! anything of another tenant.

use std::collections::BTreeMap;

use rand::rngs::StdRng;
use rand::seq::IndexedRandom;
use rand::{RngExt, SeedableRng};
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::grid::{Operation, from_anywhere, operations};
use crate::harness::{Reply, Site, in_memory, json_request, text};

const CALLS: usize = 2_000;
const CALLS_TO_PROVE: usize = 1_000_000;
/// Calls after which everybody begins anew: by then much has been deleted.
const ROUND: usize = 1_000;
/// The last of them only watches.
const TENANTS: usize = 4;
const ROLES: [&str; 4] = ["owner", "admin", "member", "viewer"];
/// Everything of anybody has it, and then the numbers of the tenant and of the person.
const MARK: &str = "quokka";
/// As the examples in the document have them, so that what asks for the password gets the right one.
const PASSWORDS: [&str; 2] = ["a handful of plain words", "a handful of other words"];
const SAID: &str = "What is my animal called?";
/// What would end the installation, or whoever asks.
const LEFT_OUT: [&str; 3] = [
    "/api/v1/setup",
    "/api/v1/auth/logout",
    "/api/v1/privacy/erase",
];
/// What answers with things of one person alone.
const PERSONAL: [&str; 5] = [
    "/api/v1/conversations",
    "/api/v1/memory",
    "/api/v1/turns",
    "/api/v1/chat",
    "/v1/",
];
/// But these may tell of the whole tenant, to who may ask.
const OF_ALL: [&str; 2] = ["/api/v1/memory/reports", "/api/v1/memory/query"];

struct Person {
    tenant: usize,
    number: usize,
    token: String,
    key: Option<String>,
}

/// A server with tenants, and ids of all their things by the beginning of the paths that lead there.
struct World {
    site: Site,
    people: Vec<Person>,
    things: BTreeMap<&'static str, Vec<String>>,
    _outbox: TempDir,
}

impl Person {
    fn tenant_mark(&self) -> String {
        format!("{MARK}{}t", self.tenant)
    }

    fn mark(&self) -> String {
        format!("{MARK}{}t{}u", self.tenant, self.number)
    }

    fn email(&self) -> String {
        format!("{}@example.net", self.mark())
    }

    fn account(&self) -> Value {
        json!({ "email": self.email(), "name": self.mark(), "password": PASSWORDS[0] })
    }

    /// Fails where an answer tells of somebody whom this person does not know.
    fn check(&self, operation: &Operation, reply: &Reply) {
        let is_in = |paths: &[&str]| paths.iter().any(|path| operation.path.starts_with(path));
        let own = match is_in(&PERSONAL) && !is_in(&OF_ALL) {
            true => self.mark(),
            false => self.tenant_mark(),
        };
        let answer = String::from_utf8_lossy(&reply.bytes);
        for (at, _) in answer.match_indices(MARK) {
            let Operation { method, path, .. } = operation;
            let is_own = answer[at..].starts_with(&own);
            assert!(is_own, "{method} {path} tells {own}: {answer}");
        }
    }
}

impl World {
    async fn new() -> Self {
        let outbox = TempDir::new().expect("folder");
        let mut config = in_memory();
        config.server.trusted_proxies = vec!["127.0.0.1".parse().expect("a network")];
        config.mail.folder = outbox.path().to_owned();
        config.limits.user_requests_per_minute = 0;
        (config.passwords.memory_kib, config.passwords.passes) = (12_288, 1);
        let mut world = Self {
            site: Site::with(config).await,
            people: Vec::new(),
            things: BTreeMap::new(),
            _outbox: outbox,
        };
        let operator = text(&world.site.set_up().await.json()["access_token"]);
        for tenant in 0..TENANTS {
            world.settle(&operator, tenant).await;
        }
        world
    }

    /// A tenant with a person of each role.
    async fn settle(&mut self, operator: &str, tenant: usize) {
        let mut founder = String::new();
        for (number, role) in ROLES.into_iter().enumerate() {
            let mut person = Person {
                tenant,
                number,
                token: String::new(),
                key: None,
            };
            let mut account = person.account();
            if number == 0 {
                let wanted = json!({ "name": person.tenant_mark(), "owner": account });
                let made = self.post("/api/v1/tenants", operator, &wanted).await.json();
                self.found("/api/v1/tenants/", &made["tenant"]["id"]);
                self.found("/api/v1/me/tenants/", &made["tenant"]["id"]);
            } else {
                account["role"] = json!(role);
                let made = self.post("/api/v1/users", &founder, &account).await.json();
                self.found("/api/v1/users/", &made["id"]);
                self.found("/scim/v2/Users/", &made["id"]);
            }
            person.token = self.log_in(&person).await.expect("it is new");
            if number == 0 {
                founder.clone_from(&person.token);
            }
            self.furnish(&mut person).await;
            self.people.push(person);
        }
    }

    /// Things of somebody, as far as they may have any.
    async fn furnish(&mut self, person: &mut Person) {
        let (token, mark) = (person.token.clone(), person.mark());
        let said = json!({ "message": format!("My animal is called {mark}.") });
        if self.post("/api/v1/chat", &token, &said).await.status == 200 {
            let listed = self.get("/api/v1/conversations", &token).await.json();
            let id = &listed["data"][0]["id"];
            self.found("/api/v1/conversations/", id);
            let path = format!("/api/v1/conversations/{}/messages", text(id));
            let messages = self.get(&path, &token).await.json();
            self.found("/api/v1/turns/", &messages["data"][0]["turn"]);
        }
        let note = json!({ "text": format!("The animal of {mark} is small.") });
        let note = self.post("/api/v1/memory", &token, &note).await;
        if note.status == 201 {
            self.found("/api/v1/memory/", &note.json()["id"]);
        }
        let named = json!({ "name": mark });
        let key = self.post("/api/v1/api-keys", &token, &named).await;
        if key.status == 201 {
            self.found("/api/v1/api-keys/", &key.json()["id"]);
            person.key = Some(text(&key.json()["key"]));
        }
        let sessions = self.get("/api/v1/me/sessions", &token).await.json();
        self.found("/api/v1/me/sessions/", &sessions["data"][0]["id"]);
    }

    fn found(&mut self, prefix: &'static str, id: &Value) {
        self.things.entry(prefix).or_default().push(text(id));
    }

    async fn get(&self, path: &str, token: &str) -> Reply {
        self.call("GET", path, token, &Value::Null).await
    }

    async fn post(&self, path: &str, token: &str, body: &Value) -> Reply {
        self.call("POST", path, token, body).await
    }

    async fn call(&self, method: &str, path: &str, token: &str, body: &Value) -> Reply {
        let request = from_anywhere(json_request(method, path, token, body));
        self.site.whole(request).await
    }

    async fn log_in(&self, person: &Person) -> Option<String> {
        for password in PASSWORDS {
            let login = json!({ "email": person.email(), "password": password });
            let reply = self.post("/api/v1/auth/login", "", &login).await;
            if reply.status == 200 {
                return Some(text(&reply.json()["access_token"]));
            }
        }
        None
    }

    /// One call of somebody; whether it did something.
    async fn step(&mut self, random: &mut StdRng, all: &[Operation]) -> bool {
        let actors = (TENANTS - 1) * ROLES.len();
        let at = random.random_range(0..actors);
        let operation = all.choose(random).expect("there are some");
        let path = self.place(random, &operation.path);
        let token = self.people[at].token.clone();
        let (method, body) = (&operation.method, body_of(operation));
        let reply = self.call(method, &path, &token, &body).await;
        assert!(reply.status != 500, "{method} {path}: {:?}", reply.bytes);
        self.people[at].check(operation, &reply);
        if reply.status == 401
            && let Some(token) = self.log_in(&self.people[at]).await
        {
            self.people[at].token = token;
        }
        (200..300).contains(&reply.status)
    }

    /// The path to a thing of anybody's.
    fn place(&self, random: &mut StdRng, path: &str) -> String {
        let mut led = self
            .things
            .iter()
            .filter(|(prefix, _)| path.starts_with(**prefix));
        let id = led.next().and_then(|(_, ids)| ids.choose(random));
        let id = id.map_or("none", String::as_str);
        path.replace("{id}", id).replace("{name}", "none")
    }

    /// Whoever only watched has everything that they had.
    async fn check_witnesses(&self) {
        for person in self
            .people
            .iter()
            .filter(|person| person.tenant == TENANTS - 1)
        {
            let (mark, token) = (person.mark(), &person.token);
            let me = self.get("/api/v1/me", token).await.expect(200).json();
            let me = &me["account"];
            assert_eq!(
                (&me["name"], &me["role"]),
                (&json!(mark), &json!(ROLES[person.number]))
            );
            let sessions = self.get("/api/v1/me/sessions", token).await.json();
            assert_eq!(
                sessions["data"].as_array().map(Vec::len),
                Some(1),
                "{sessions}"
            );
            if let Some(key) = &person.key {
                self.get("/api/v1/models", key).await.expect(200);
                self.check_words(&mark, token).await;
            }
            if person.number == 0 {
                let users = self.get("/api/v1/users", token).await.expect(200).json();
                let users = users["data"].as_array().expect("a list");
                assert!(
                    users.iter().all(|user| user["state"] == "active"),
                    "{users:?}"
                );
                assert_eq!(users.len(), ROLES.len());
            }
        }
    }

    /// What somebody said, and what is remembered of it.
    async fn check_words(&self, mark: &str, token: &str) {
        let memories = self.get("/api/v1/memory?limit=200", token).await;
        let memories = memories.expect(200).json();
        let memories = memories["data"].as_array().expect("a list");
        let texts = memories.iter().map(|memory| text(&memory["text"]));
        assert_eq!(
            texts.filter(|text| text.contains(mark)).count(),
            2,
            "{memories:?}"
        );
        let listed = self.get("/api/v1/conversations", token).await.expect(200);
        let listed = listed.json();
        assert_eq!(listed["data"].as_array().map(Vec::len), Some(1), "{listed}");
        let path = format!(
            "/api/v1/conversations/{}/messages",
            text(&listed["data"][0]["id"])
        );
        let messages = self.get(&path, token).await.expect(200);
        assert!(messages.text().contains(mark));
    }
}

/// As the document has it, but that what is searched for is there.
fn body_of(operation: &Operation) -> Value {
    match operation.path.as_str() {
        "/api/v1/memory/search" => json!({ "query": SAID }),
        "/api/v1/chat" => json!({ "message": SAID }),
        _ => operation.body.clone(),
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_asks_for_whatever_sees_and_changes_nothing_of_another_tenant() {
    let calls = match std::env::var_os("KAREN_PROVE") {
        Some(_) => CALLS_TO_PROVE,
        None => CALLS,
    };
    let document = serde_json::to_value(karen_server::openapi()).expect("json");
    let mut all = operations(&document);
    all.retain(|operation| !LEFT_OUT.iter().any(|path| operation.path.starts_with(path)));
    let mut done = 0;
    for begun in (0..calls).step_by(ROUND) {
        let mut random = StdRng::seed_from_u64(begun as u64);
        let mut world = World::new().await;
        for _ in 0..ROUND {
            done += usize::from(world.step(&mut random, &all).await);
        }
        world.check_witnesses().await;
        world.site.close().await;
    }
    assert!(done * 5 > calls, "{done} of {calls} calls did something");
}
