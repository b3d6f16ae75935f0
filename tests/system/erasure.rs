//! `kill -9` at any sync of the erasure of a tenant: it goes on when Karen opens again.

use serde_json::{Value, json};
use tempfile::TempDir;

use crate::faults;
use crate::server::{RunningServer, Start};

/// An erasure that syncs more often than this is at fault itself.
const SYNCS_MAX: usize = 100;
/// Looks at a tenant after which it counts as one that nobody began to erase.
const LOOKS: usize = 50;
const PASSWORD: &str = "a long enough password";

/// Whoever may delete tenants.
struct Operator {
    http: reqwest::Client,
    token: String,
}

impl Operator {
    async fn of(server: &RunningServer) -> Self {
        let mut operator = Self {
            http: reqwest::Client::new(),
            token: String::new(),
        };
        let token = server.setup_token.as_ref().expect("there is no account");
        let account = json!({
            "setup_token": token, "email": "ada@example.com", "name": "Ada", "password": PASSWORD,
        });
        let signed_in = operator.post(server, "/api/v1/setup", &account).await;
        operator.token = text(&signed_in["access_token"]);
        operator
    }

    async fn post(&self, server: &RunningServer, path: &str, body: &Value) -> Value {
        let request = self.http.post(format!("{}{path}", server.url)).json(body);
        json_of(request.bearer_auth(&self.token)).await
    }

    async fn get(&self, server: &RunningServer, path: &str) -> Value {
        let request = self.http.get(format!("{}{path}", server.url));
        json_of(request.bearer_auth(&self.token)).await
    }

    /// A tenant whose owner has said something; its id.
    async fn tenant(&self, server: &RunningServer, number: usize) -> String {
        let email = format!("eve{number}@example.com");
        let owner = json!({ "email": email, "name": "Eve", "password": PASSWORD });
        let wanted = json!({ "name": "Engines", "owner": owner });
        let made = self.post(server, "/api/v1/tenants", &wanted).await;
        let login = json!({ "email": email, "password": PASSWORD });
        let eve = self.post(server, "/api/v1/auth/login", &login).await;
        let message = json!({ "message": said(number) });
        let chat = self.http.post(format!("{}/api/v1/chat", server.url));
        let chat = chat.json(&message).bearer_auth(text(&eve["access_token"]));
        let answer = chat.send().await.unwrap().error_for_status().unwrap();
        answer.text().await.unwrap();
        text(&made["tenant"]["id"])
    }

    /// The receipt, if the server lives to give it.
    async fn erase(&self, server: &RunningServer, tenant: &str) -> Option<Value> {
        let path = format!("{}/api/v1/tenants/{tenant}", server.url);
        let request = self.http.delete(path).bearer_auth(&self.token);
        let answer = request.send().await.ok()?;
        assert!(answer.status().is_success(), "{}", answer.status());
        answer.json().await.ok()
    }

    /// Whether the tenant was erased, or else nobody began to.
    async fn is_erased(&self, server: &RunningServer, tenant: &str) -> bool {
        let mut untouched = 0;
        while untouched < LOOKS {
            let receipts = self.get(server, "/api/v1/privacy/receipts?limit=200").await;
            let receipts = receipts["data"].as_array().unwrap().iter();
            if receipts.clone().any(|receipt| receipt["tenant"] == tenant) {
                return true;
            }
            let tenants = self.get(server, "/api/v1/tenants?limit=200").await;
            let mut tenants = tenants["data"].as_array().unwrap().iter();
            let is_active = |one: &Value| one["id"] == tenant && one["state"] == "active";
            untouched += usize::from(tenants.any(is_active));
        }
        false
    }
}

fn said(number: usize) -> String {
    format!("Wombat {number} is called Quagmire{number}.")
}

fn text(value: &Value) -> String {
    value.as_str().unwrap().to_owned()
}

async fn json_of(request: reqwest::RequestBuilder) -> Value {
    let answer = request.send().await.unwrap();
    let status = answer.status();
    let body = answer.text().await.unwrap();
    assert!(status.is_success(), "{status}: {body}");
    serde_json::from_str(&body).unwrap()
}

async fn serve(folder: &TempDir) -> RunningServer {
    Start::on(folder.path()).demo_model().serve().await
}

#[tokio::test]
async fn killed_at_any_sync_of_an_erasure_karen_carries_it_out() {
    let (folder, faults) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let server = serve(&folder).await;
    let operator = Operator::of(&server).await;
    server.kill().await;
    let library = faults::library("killed", faults.path()).await;
    let told = [("KILLED_AT", faults.path().join("sync"))];
    let (mut sync, mut resumed, mut outlived) = (0, 0, false);
    while !outlived {
        sync += 1;
        assert!(sync <= SYNCS_MAX, "the erasure never ends");
        let start = Start::on(folder.path()).demo_model();
        let server = start.preload(&library, &told).serve().await;
        let tenant = operator.tenant(&server, sync).await;
        std::fs::write(&told[0].1, sync.to_string()).unwrap();
        outlived = operator.erase(&server, &tenant).await.is_some();
        server.kill().await;
        std::fs::remove_file(&told[0].1).unwrap();
        let server = serve(&folder).await;
        let is_erased = operator.is_erased(&server, &tenant).await;
        assert!(is_erased || !outlived, "what was acknowledged is done");
        resumed += usize::from(is_erased && !outlived);
        server.stop().await;
        let database = std::fs::read(folder.path().join("karen.db")).unwrap();
        let word = format!("Quagmire{sync}.").into_bytes();
        let is_kept = database.windows(word.len()).any(|part| part == word);
        assert_ne!(is_kept, is_erased, "sync {sync}");
    }
    println!(
        "{} syncs, {resumed} erasures went on after a kill",
        sync - 1
    );
    assert!(resumed > 0);
}
